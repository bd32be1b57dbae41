"""The app's own engine on the database that Gatepost uses too, and its migrations at start.

What could go wrong: SQLite enforces no foreign key unless each connection asks for it, and a second writer on the file
must wait its turn instead of failing at once.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from alembic import command
from alembic.config import Config
from fastapi import Depends, FastAPI, Request
from sqlalchemy import Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry


class Database:
    """Engine and session factory for one process; opens nothing before the first use."""

    def __init__(self, url: str) -> None:
        """Prepare an engine for `url`, with an async driver whatever the address names."""
        address = make_url(url)
        is_sqlite = address.get_backend_name() == "sqlite"
        self.engine = create_async_engine(
            address.set(drivername="sqlite+aiosqlite" if is_sqlite else "postgresql+psycopg")
        )
        self.sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        if is_sqlite:
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)

    @asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        """Bring the tables up, serve, close the connections."""
        async with self.engine.begin() as connection:
            await connection.run_sync(migrate)
        yield
        await self.engine.dispose()


def migrate(connection: Connection) -> None:
    """Run the app's migrations (and Gatepost's before them, see `migrations/env.py`) on `connection`."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA busy_timeout = 10000")
    cursor.close()


async def _session(request: Request) -> AsyncIterator[AsyncSession]:
    database: Database = request.app.state.database
    async with database.sessions.begin() as session:
        yield session


# "function" scope: the commit happens before the answer is sent, so that 201 never precedes it.
DatabaseSession = Annotated[AsyncSession, Depends(_session, scope="function")]
