"""What refers to the old ids is moved: the table of the tutorials, whose ids are strings, and its todos."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.harness import query
from tests.imports.people import HASH, arranged, old_database, signed_in
from tests.server.terminal import Terminal

READ = ("--query", "SELECT * FROM users")
TUTORIAL = (
    "CREATE TABLE users (id VARCHAR(36) PRIMARY KEY, email VARCHAR(320), hashed_password VARCHAR(200))",
    "CREATE TABLE todos (id INTEGER PRIMARY KEY, title VARCHAR(200), user_id VARCHAR(36))",
    f"INSERT INTO users VALUES ('u-1', 'ada@example.com', '{HASH}'), ('u-2', 'bob@example.com', '{HASH}')",
    "INSERT INTO todos VALUES (1, 'of ada', 'u-1'), (2, 'of bob', 'u-2'), (3, 'third', 'u-1'), (4, 'nobody', 'u-9')",
)


@pytest.fixture
def address(folder: Path) -> str:
    made = f"sqlite:///{folder / 'app.db'}"
    _run(old_database(made), *TUTORIAL)
    return made


def _run(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def _owners(address: str, column: str = "user_id") -> list[Any]:
    with old_database(address).connect() as connection:
        return list(connection.execute(text(f"SELECT {column} FROM todos ORDER BY id")).scalars())


def _ids(terminal: Terminal) -> dict[str, uuid.UUID]:
    people = arranged(terminal, lambda house: house.gate.users.page())
    return {str(user.email): user.id for user in people}


def test_todos_follow_their_owners_and_the_old_passwords_sign_in(terminal: Terminal, address: str) -> None:
    said = terminal.says("import", address, *READ, "--move", "todos.user_id")
    assert "3 rows of todos moved" in said
    ids = _ids(terminal)
    ada, bob = ids["ada@example.com"].hex, ids["bob@example.com"].hex
    assert _owners(address) == [ada, bob, ada, "u-9"]
    assert signed_in(terminal, "ada@example.com", "bob@example.com") == [200, 200]


def test_moving_again_changes_nothing(here: Terminal, address: str) -> None:
    here.says("import", address, *READ, "--move", "todos.user_id")
    before = _owners(address)
    assert "0 rows of todos moved" in here.says("import", address, *READ, "--move", "todos.user_id")
    assert _owners(address) == before


def test_an_import_without_moves_can_be_moved_later(here: Terminal, address: str) -> None:
    here.says("import", address, *READ)
    assert "3 rows of todos moved" in here.says("import", address, *READ, "--move", "todos.user_id")


def test_a_users_table_of_the_app_keeps_its_ids_and_learns_ours(here: Terminal, folder: Path) -> None:
    address = f"sqlite:///{folder / 'own.db'}"
    engine = old_database(address)
    _run(
        engine,
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, hashed_password TEXT, gatepost_id CHAR(32))",
        f"INSERT INTO users VALUES (1, 'ada@example.com', '{HASH}', NULL), (2, 'bob@example.com', '{HASH}', NULL)",
    )
    assert "2 rows of users filled" in here.says("import", address, *READ, "--fill", "users.gatepost_id")
    ids = _ids(here)
    with engine.connect() as connection:
        rows = list(connection.execute(text("SELECT id, gatepost_id FROM users ORDER BY id")))
    assert rows == [(1, ids["ada@example.com"].hex), (2, ids["bob@example.com"].hex)]


@pytest.mark.postgres
def test_a_column_of_uuids_gets_uuids(postgres_url: str) -> None:
    terminal = Terminal(postgres_url)
    terminal.says("db", "upgrade")
    address = postgres_url.replace("postgresql+psycopg", "postgresql")
    old = uuid.uuid4()
    _run(
        old_database(address),
        "CREATE TABLE users (id UUID PRIMARY KEY, email TEXT, hashed_password TEXT)",
        "CREATE TABLE todos (id INTEGER, user_id UUID)",
        f"INSERT INTO users VALUES ('{old}', 'ada@example.com', '{HASH}')",
        f"INSERT INTO todos VALUES (1, '{old}')",
    )
    assert "1 rows of todos moved" in terminal.says("import", address, *READ, "--move", "todos.user_id")
    ids = _ids(terminal)
    assert query(postgres_url, "SELECT user_id FROM todos") == [(ids["ada@example.com"],)]


@pytest.mark.postgres
def test_a_constraint_that_forbids_it_is_named_and_nothing_is_moved(postgres_url: str) -> None:
    terminal = Terminal(postgres_url)
    terminal.says("db", "upgrade")
    address = postgres_url.replace("postgresql+psycopg", "postgresql")
    bound = TUTORIAL[1].replace("user_id VARCHAR(36)", "user_id VARCHAR(36) REFERENCES users (id)")
    engine = old_database(address)
    _run(engine, TUTORIAL[0], bound, TUTORIAL[2], TUTORIAL[3].replace(", (4, 'nobody', 'u-9')", ""))
    result = terminal("import", address, *READ, "--move", "todos.user_id")
    assert result.exit_code == 1
    assert "todos.user_id is held by a constraint, drop that first" in result.stderr
    assert query(postgres_url, "SELECT user_id FROM todos ORDER BY id") == [("u-1",), ("u-2",), ("u-1",)]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--move", "todos"), "write table.column"),
        (("--move", "nothing.user_id"), "there is no table nothing"),
        (("--move", "todos.owner"), "has no column owner"),
        (("--move", "todos.id"), "holds integers"),
        (("--fill", "users.email", "--old-id", "nr"), "has no column nr"),
    ],
)
def test_what_cannot_be_moved_is_said(words: tuple[str, ...], sentence: str, here: Terminal, address: str) -> None:
    result = here("import", address, *READ, *words)
    assert result.exit_code in {1, 2}
    assert sentence in result.stderr
    assert _owners(address) == ["u-1", "u-2", "u-1", "u-9"]
