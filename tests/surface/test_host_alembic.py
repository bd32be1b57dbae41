"""A host's own Alembic beside ours, on both databases, by the example's files."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, Uuid, create_engine, event, inspect, text
from sqlalchemy.exc import IntegrityError

import gatepost.alembic
from examples.alembic_host.models import Base
from gatepost.tables import user_fk

HOST = Path(__file__).parents[2] / "examples" / "alembic_host"


@pytest.fixture
def is_migrated() -> bool:
    """These tests make the tables."""
    return False


@pytest.fixture
def engine(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    url = database_url.replace("+aiosqlite", "")
    monkeypatch.setenv("DATABASE_URL", url)
    found = create_engine(url)
    if found.dialect.name == "sqlite":
        event.listen(found, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys = ON"))
    yield found
    found.dispose()


def config() -> Config:
    return Config(str(HOST / "alembic.ini"), config_args={"here": str(HOST)}, stdout=io.StringIO())


def add_user(connection: Connection) -> None:
    columns = "id, email, email_verified, epoch, created_at"
    connection.execute(
        text(f"INSERT INTO gatepost_user ({columns}) VALUES (:id, 'a@example.com', :no, 0, 0)"),
        {"id": "0" * 32, "no": False},
    )


def test_upgrade_makes_our_tables_before_the_host_s_own_and_twice_changes_nothing(engine: Engine) -> None:
    command.upgrade(config(), "head")
    command.upgrade(config(), "head")
    tables = set(inspect(engine).get_table_names())
    assert {"gatepost_user", "gatepost_session", "gatepost_alembic_version", "note", "alembic_version"} <= tables
    foreign = inspect(engine).get_foreign_keys("note")[0]
    assert (foreign["referred_table"], foreign["referred_columns"]) == ("gatepost_user", ["id"])


def test_autogenerate_proposes_nothing_about_our_tables(engine: Engine) -> None:
    command.upgrade(config(), "head")
    command.check(config())
    with engine.connect() as connection:
        options = {"include_name": gatepost.alembic.include_name}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata) == []
        blind = compare_metadata(MigrationContext.configure(connection), Base.metadata)
        assert "gatepost_user" in str(blind)  # without `include_name` it would drop them


def test_autogenerate_still_sees_what_is_the_host_s(engine: Engine) -> None:
    command.upgrade(config(), "head")
    changed = MetaData()
    Table("other", changed, Column("id", Integer, primary_key=True), Column("owner", Uuid, user_fk()))
    with engine.connect() as connection:
        options = {"include_name": gatepost.alembic.include_name}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), changed)
    named = {(step[0], getattr(step[1], "name", "")) for step in found if isinstance(step, tuple)}
    assert {("add_table", "other"), ("remove_table", "note")} <= named
    assert "gatepost_user" not in {name for _, name in named}


def test_a_row_needs_its_user_and_goes_with_it(engine: Engine) -> None:
    command.upgrade(config(), "head")
    with engine.begin() as connection:
        add_user(connection)
        connection.execute(text("INSERT INTO note (author_id, text) VALUES (:id, 'x')"), {"id": "0" * 32})
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text("INSERT INTO note (author_id, text) VALUES (:id, 'x')"), {"id": "1" * 32})
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM note")) == 1
        connection.execute(text("DELETE FROM gatepost_user"))
        assert connection.scalar(text("SELECT count(*) FROM note")) == 0


def test_our_upgrade_is_part_of_the_host_s_transaction_on_postgresql(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        gatepost.alembic.upgrade(connection)
        assert "gatepost_user" in inspect(connection).get_table_names()
        connection.rollback()
    assert inspect(engine).get_table_names() == []
    engine.dispose()
