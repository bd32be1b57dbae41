"""The one database of a Gatepost: its engine, its direct path, and what a killed connection means.

Construction does no I/O. A forked child does not use its parent's connections: the database counts as unreachable
there until it is started anew.
"""

import asyncio
import logging
import os
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import ConfigurationError, Unavailable
from gatepost.storage.errors import unavailable_when_unreachable
from gatepost.storage.hot_postgres import HotPostgres
from gatepost.storage.hot_sqlite import PRAGMAS, HotSqlite
from gatepost.storage.nesting import inside_transaction
from gatepost.storage.watching import Watchers

# At DEBUG this driver writes every statement with its values: hashes of passwords would stand in a host's log.
logging.getLogger("aiosqlite").setLevel(logging.INFO)

_started: "weakref.WeakSet[Database]" = weakref.WeakSet()
_abandoned: list[object] = []


def parse_url(text: str) -> URL:
    """Return the URL with our driver.

    Raises:
        ConfigurationError: not a URL, another database, or SQLite without a file.
    """
    try:
        url = make_url(text)
    except ArgumentError:
        msg = "GATEPOST_DATABASE_URL is not a database URL, for example sqlite:///gatepost.db"
        raise ConfigurationError(msg) from None
    backend = url.get_backend_name()
    if backend == "sqlite":
        if not url.database or url.database == ":memory:":
            msg = "GATEPOST_DATABASE_URL: SQLite needs a file (sqlite:///gatepost.db), memory is not shared"
            raise ConfigurationError(msg)
        return url.set(drivername="sqlite+aiosqlite")
    if backend in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    msg = f"GATEPOST_DATABASE_URL: {backend} is not supported, use sqlite:/// or postgresql://"
    raise ConfigurationError(msg)


class Database:
    """Engine and direct path over one URL."""

    def __init__(self, url: str, clock: Clock, *, pool_size: int = 5) -> None:
        self.url = parse_url(url)
        self.clock = clock
        self.dialect_name = self.url.get_backend_name()
        self._pool_size = pool_size
        self._engine: AsyncEngine | None = None
        self._hot: HotSqlite | HotPostgres | None = None
        self._write_lock: asyncio.Lock | None = None
        self.watchers = Watchers()
        self.on_fork: list[Callable[[], None]] = []

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.dialect_name == "sqlite"

    @property
    def path(self) -> str:
        """The file of an embedded database."""
        return str(self.url.database)

    @property
    def conninfo(self) -> str:
        """The address of a PostgreSQL database as libpq reads it; contains the password."""
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)

    @property
    def engine(self) -> AsyncEngine:
        """The engine; Unavailable before the start and in a forked child."""
        if self._engine is None:
            msg = "the database is not started"
            raise Unavailable(msg)
        return self._engine

    @property
    def hot(self) -> HotSqlite | HotPostgres:
        """The direct path; Unavailable before the start and in a forked child."""
        if self._hot is None:
            msg = "the database is not started"
            raise Unavailable(msg)
        return self._hot

    def create_engine(self) -> AsyncEngine:
        """Return a new engine over the same URL."""
        if not self.is_sqlite:
            return create_async_engine(
                self.url,
                hide_parameters=True,
                pool_size=self._pool_size,
                max_overflow=0,
                pool_timeout=3,
                pool_pre_ping=True,
            )
        engine = create_async_engine(
            self.url, hide_parameters=True, connect_args={"isolation_level": None}, pool_size=self._pool_size
        )
        event.listen(engine.sync_engine, "connect", _set_pragmas)
        event.listen(engine.sync_engine, "begin", _begin_immediate)
        return engine

    async def start(self) -> None:
        """Connect; called once per process, on the loop that will use it."""
        self._write_lock = asyncio.Lock()
        self._engine = self.create_engine()
        if self.is_sqlite:
            with unavailable_when_unreachable():
                self._hot = HotSqlite(self.path, self.clock, self._write_lock, self.watchers)
        else:
            self._hot = hot = HotPostgres(self.conninfo, self.clock, self._pool_size, self.watchers)
            await hot.open()
        _started.add(self)

    async def stop(self) -> None:
        """Finish and disconnect."""
        _started.discard(self)
        hot, engine = self._hot, self._engine
        self._hot = self._engine = None
        if hot is not None:
            await hot.close()
        if engine is not None:
            await engine.dispose()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Open a writing transaction that commits at the end; writers of one process queue instead of spinning."""
        engine, lock = self.engine, self._write_lock
        with inside_transaction():
            if self.is_sqlite and lock is not None:
                async with lock, engine.begin() as connection:
                    yield connection
            else:
                async with engine.begin() as connection:
                    yield connection

    def abandon(self) -> None:
        """Stop using the connections without closing them: they belong to the parent of this fork."""
        _abandoned.append((self._hot, self._engine))
        self._hot = self._engine = None
        for forget in self.on_fork:
            forget()


def _set_pragmas(connection: Any, _: object) -> None:  # noqa: ANN401 - a DB-API connection
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_immediate(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's sync connection
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _after_fork() -> None:
    for database in list(_started):
        database.abandon()
    _started.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
