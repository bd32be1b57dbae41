"""Bringing our tables up to date, with a history of our own (`gatepost_alembic_version`).

Two processes that start at once do not migrate at once: the second waits for the first.
"""

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from gatepost.kernel.errors import ConfigurationError
from gatepost.storage.database import Database
from gatepost.storage.errors import unavailable_when_unreachable

VERSION_TABLE = "gatepost_alembic_version"
_LOCK = 0x6761_7465


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "gatepost.storage:migrations")
    config.set_main_option("path_separator", "os")
    return config


def upgrade(connection: Connection) -> None:
    """Bring our tables up to date inside the connection's transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def is_current(connection: Connection) -> bool:
    """Whether the database is at this package's newest revision."""
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return set(context.get_current_heads()) == set(ScriptDirectory.from_config(_config()).get_heads())


async def migrate(database: Database) -> None:
    """Bring a started database up to date."""
    with unavailable_when_unreachable():
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
