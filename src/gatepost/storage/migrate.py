"""Bringing our tables up to date, with a history of our own (`gatepost_alembic_version`).

Two processes that start at once do not migrate at once: the second waits for the first.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, inspect, text

from gatepost.kernel.errors import ConfigurationError
from gatepost.storage.database import Database
from gatepost.storage.errors import unavailable_when_unreachable
from gatepost.storage.migrations import HEAD

if TYPE_CHECKING:  # Alembic costs a fifth of a second and many megabytes: it is imported where something is migrated
    from alembic.script import ScriptDirectory

VERSION_TABLE = "gatepost_alembic_version"
_LOCK = 0x6761_7465


def _scripts() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - as above

    return ScriptDirectory(str(Path(__file__).parent / "migrations"))


def upgrade(connection: Connection) -> None:
    """Bring our tables up to date inside the connection's transaction.

    It leaves Alembic's global context alone, so that a host's `env.py` may call it from within its own run.
    """
    from alembic.migration import MigrationContext  # noqa: PLC0415 - as above
    from alembic.operations import Operations  # noqa: PLC0415 - as above

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    scripts = _scripts()

    def to_head(revision: Any, _: object) -> Any:  # noqa: ANN401 - Alembic's own
        return scripts._upgrade_revs("head", revision)  # noqa: SLF001 - what its `upgrade` command does

    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "fn": to_head})
    with context.begin_transaction(), Operations.context(context):
        context.run_migrations()


def is_current(connection: Connection) -> bool:
    """Whether the database is at this package's newest revision; does not need Alembic."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return False
    return list(connection.scalars(text(f"SELECT version_num FROM {VERSION_TABLE}"))) == [HEAD]  # noqa: S608 - a constant


async def migrate(database: Database) -> None:
    """Bring a started database up to date."""
    with unavailable_when_unreachable():
        async with database.engine.connect() as connection:
            if await connection.run_sync(is_current):
                return
        async with database.transaction() as connection:
            await connection.run_sync(upgrade)


async def require_current(database: Database) -> None:
    """Refuse to work on tables of another version.

    Raises:
        ConfigurationError: run `gatepost db upgrade` first.
    """
    with unavailable_when_unreachable():
        async with database.engine.connect() as connection:
            if not await connection.run_sync(is_current):
                msg = "the database is not at this version: run `gatepost db upgrade` before the start"
                raise ConfigurationError(msg)
