"""The history of our tables leads to the tables that the code speaks of."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from gatepost.kernel.clock import Clock
from gatepost.storage.database import Database
from gatepost.storage.migrate import _scripts, is_current, migrate
from gatepost.storage.migrations import HEAD
from gatepost.storage.schema import metadata

pytestmark = pytest.mark.anyio


@pytest.fixture
def is_migrated() -> bool:
    """These tests make the tables."""
    return False


def _differences(connection: Connection) -> list[object]:
    options = {"include_name": lambda name, kind, _: kind != "table" or name in metadata.tables}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


async def test_the_history_makes_the_tables_of_the_schema(database_url: str) -> None:
    database = Database(database_url, Clock())
    await database.start()
    await migrate(database)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await database.stop()


async def test_migrating_again_changes_nothing(database_url: str) -> None:
    database = Database(database_url, Clock())
    await database.start()
    for _ in range(2):
        await migrate(database)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(is_current)
    await database.stop()


def test_the_newest_revision_is_the_one_that_a_start_asks_for() -> None:
    assert list(_scripts().get_heads()) == [HEAD]


async def test_the_trail_refuses_to_be_changed(database_url: str) -> None:
    database = Database(database_url, Clock())
    await database.start()
    await migrate(database)
    row = "INSERT INTO gatepost_audit (id, at, event) VALUES ('00000000000070008000000000000001', 1, 'x')"
    async with database.transaction() as connection:
        await connection.execute(text(row))
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.transaction() as connection:
            await connection.execute(text("UPDATE gatepost_audit SET event = 'y'"))
    await database.stop()
