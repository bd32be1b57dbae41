"""`gatepost import`: old passwords sign in, a second run makes nobody twice, and it is all or nothing."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.harness import query
from tests.imports.people import HASH, WORDS, arranged, old_database, signed_in, write_csv, write_lines
from tests.server.terminal import Terminal

ADA = {"id": 1, "email": "ada@example.com", "hashed_password": HASH, "is_active": 1}
BOB = {"id": 2, "email": "bob@example.com", "hashed_password": HASH, "is_active": 0}


def test_old_passwords_sign_in_and_the_disabled_stay_out(terminal: Terminal, folder: Path) -> None:
    said = terminal.says("import", write_csv(folder / "people.csv", [ADA, BOB]))
    assert "2 imported" in said.splitlines()
    assert HASH not in said
    assert signed_in(terminal, "ada@example.com", "bob@example.com") == [200, 400]


def test_a_hash_of_theirs_is_replaced_by_one_of_ours_at_the_first_sign_in(here: Terminal, folder: Path) -> None:
    here.says("import", write_lines(folder / "people.jsonl", [ADA]))
    url = str(here.settings["database_url"])
    assert query(url, "SELECT hash FROM gatepost_password") == [(HASH,)]
    assert signed_in(here, "ada@example.com") == [200]
    assert str(query(url, "SELECT hash FROM gatepost_password")[0][0]).startswith("$argon2id$")


def test_nobody_is_mailed_and_everybody_is_recorded(terminal: Terminal, folder: Path) -> None:
    terminal.says("import", write_csv(folder / "people.csv", [ADA]))
    url = str(terminal.settings["database_url"])
    assert query(url, "SELECT count(*) FROM gatepost_outbox") == [(0,)]
    assert query(url, "SELECT event FROM gatepost_audit") == [("user.imported",)]


def test_a_second_run_makes_nobody_twice_and_takes_in_who_is_new(terminal: Terminal, folder: Path) -> None:
    terminal.says("import", write_csv(folder / "people.csv", [ADA]))
    said = terminal.says("import", write_csv(folder / "people.csv", [ADA, BOB]))
    assert {"1 imported", "1 imported before"} <= set(said.splitlines())
    assert query(str(terminal.settings["database_url"]), "SELECT count(*) FROM gatepost_user") == [(2,)]


def test_somebody_who_is_here_already_is_left_alone(terminal: Terminal, folder: Path) -> None:
    arranged(terminal, lambda house: house.register("ada@example.com", "another person's own words"))
    said = terminal.says("import", write_csv(folder / "people.csv", [ADA, BOB]))
    assert {"1 imported", "1 identifier taken"} <= set(said.splitlines())
    assert "record 1: somebody here" in said
    assert signed_in(terminal, "ada@example.com") == [400]
    assert signed_in(terminal, "ada@example.com", password="another person's own words") == [200]


@pytest.mark.parametrize(
    "bad", [{"hashed_password": WORDS}, {"hashed_password": "$2b$31$" + "a" * 53}, {"email": "nobody"}]
)
def test_nothing_is_written_where_one_record_cannot_be_used(
    bad: dict[str, object], here: Terminal, folder: Path
) -> None:
    name = write_csv(folder / "people.csv", [ADA, {**BOB, **bad}])
    result = here("import", name)
    assert result.exit_code == 1
    assert "nothing was written, 1 records cannot be used" in result.stderr
    assert "record 2: " in result.stderr
    assert WORDS not in result.output
    url = str(here.settings["database_url"])
    assert query(url, "SELECT count(*) FROM gatepost_user") == [(0,)]
    assert "1 refused" in here.says("import", name, "--skip-invalid")
    assert query(url, "SELECT email FROM gatepost_user") == [("ada@example.com",)]


def test_a_rehearsal_writes_nothing(here: Terminal, folder: Path) -> None:
    said = here.says("import", write_csv(folder / "people.csv", [ADA, {**BOB, "is_admin": 1}]), "--dry-run")
    assert "1 of the source have the role admin" in said
    assert query(str(here.settings["database_url"]), "SELECT count(*) FROM gatepost_user") == [(0,)]


def test_any_query_of_any_database_is_a_source(terminal: Terminal, folder: Path) -> None:
    engine = old_database(f"sqlite:///{folder / 'old.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE members (nr INTEGER, mail TEXT, pw TEXT)"))
        connection.execute(text("INSERT INTO members VALUES (5, 'ada@example.com', :hash)"), {"hash": HASH})
    address = f"sqlite:///{folder / 'old.db'}"
    maps = [word for pair in ("id=nr", "email=mail", "password_hash=pw") for word in ("--map", pair)]
    assert "1 imported" in terminal.says("import", address, "--query", "SELECT * FROM members", *maps)
    assert signed_in(terminal, "ada@example.com") == [200]


def test_ids_that_are_uuids_can_be_kept(terminal: Terminal, folder: Path) -> None:
    kept = "3f0e8b7a-97a1-4f37-9c1d-1f6f2f0b8a11"
    terminal.says("import", write_csv(folder / "people.csv", [{**ADA, "id": kept}, BOB]), "--keep-ids")
    found = arranged(terminal, lambda house: house.gate.users.find("ada@example.com"))
    assert found is not None
    assert str(found.id) == kept


@pytest.mark.parametrize(
    ("words", "sentence", "code"),
    [
        (("nowhere.csv",), "there is no file nowhere.csv", 1),
        (("people.txt",), "say what the file is", 2),
        (("people.csv", "--map", "email"), "write FIELD=COLUMN", 2),
        (("people.csv", "--map", "mail=email"), "there is no field mail", 2),
        (("people.csv", "--map", "email=mail"), "the source has no column mail", 2),
        (("empty.csv",), "no column of the source is an e-mail address", 1),
        (("broken.jsonl",), "line 2 is no JSON object", 2),
        (("ragged.csv",), "line 2 has more cells than names", 2),
        (("people.csv", "--move", "todos.user_id"), "--references", 2),
        (("sqlite:///old.db",), "a database needs --query", 2),
        (("sqlite:///old.db", "--query", "SELECT * FROM absent"), "the database said: no such table: absent", 1),
        (("sqlite:///missing.db", "--query", "SELECT 1"), "there is no database missing.db", 1),
        (("oracle2://host/name", "--query", "SELECT 1"), "cannot be used", 1),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(
    words: tuple[str, ...], sentence: str, code: int, here: Terminal, folder: Path
) -> None:
    write_csv(folder / "people.csv", [ADA])
    (folder / "people.txt").write_text("x")
    (folder / "empty.csv").write_text("first,second\n1,2\n")
    (folder / "broken.jsonl").write_text('{"email": "ada@example.com"}\n[[[\n')
    (folder / "ragged.csv").write_text("email\nada@example.com,more\n")
    sqlite3.connect(folder / "old.db").execute("CREATE TABLE something (x)").connection.close()
    result = here("import", *words)
    assert (result.exit_code, "Traceback" in result.output) == (code, False)
    assert sentence in result.stderr


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("people.csv", b"email\n\xff\xfe@example.com\n", "people.csv is not UTF-8"),
        ("people.jsonl", b'{"email": "\xff@example.com"}\n', "people.jsonl is not UTF-8"),
        ("people.csv", b"email,name\na@example.com," + b"x" * 200_000, "people.csv is no CSV"),
        ("people.csv", b'email,name\na@example.com,"' + b"x\n" * 200_000, "people.csv is no CSV"),
        ("people.jsonl", b'{"email": "' + b"x" * 10_000_000 + b'"}', "line 1 is no JSON object"),
        ("people.jsonl", b"[" * 100_000, "line 1 is no JSON object"),
        ("people.csv", b"id,email,id\n1,a@example.com,2\n", "two columns id"),
    ],
)
def test_a_file_that_somebody_spoiled_is_said_in_one_sentence(
    here: Terminal, folder: Path, name: str, content: bytes, words: str
) -> None:
    (folder / name).write_bytes(content)
    ended = here("import", name)
    assert (ended.exit_code, ended.output.count("\n")) == (2, 1)
    assert words in ended.output
    assert query(str(here.settings["database_url"]), "SELECT count(*) FROM gatepost_user") == [(0,)]


def test_whoever_was_imported_with_a_strange_date_spoils_no_list(terminal: Terminal, folder: Path) -> None:
    strange = [{**BOB, "created_at": value} for value in ("253402300800000", "0001-01-01T00:00:00+10:00")]
    said = terminal.says("import", "--skip-invalid", write_lines(folder / "people.jsonl", [ADA, *strange]))
    assert "2 refused" in said.splitlines()
    assert "ada@example.com" in terminal.says("users", "list")


def test_an_imported_administrator_has_the_role_of_here_is_counted_and_closes_the_set_up(
    terminal: Terminal, folder: Path
) -> None:
    here = terminal.with_settings(admin_role="boss")
    said = here.says("import", write_csv(folder / "people.csv", [{**ADA, "is_superuser": 1}, {**BOB, "roles": "boss"}]))
    assert "2 of the source have the role boss" in said.splitlines()
    url = str(here.settings["database_url"])
    assert query(url, "SELECT DISTINCT role FROM gatepost_user_role") == [("boss",)]
    assert query(url, "SELECT count(*) FROM gatepost_meta WHERE name = 'first_admin'") == [(1,)]
