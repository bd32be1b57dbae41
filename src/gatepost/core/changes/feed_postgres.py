"""The feed on PostgreSQL: rows whose transaction id is at or above the previous snapshot's xmin.

A commit out of order is thereby never missed; NOTIFY only wakes the reader earlier.

Two connections of its own: one reads, so that an exhausted pool cannot make the process stale, one listens. Without
the second (poolers lose LISTEN) the reader polls at a quarter of the bound, as it does anyway.
"""

import asyncio
import contextlib
import logging
from typing import Any

from gatepost.core.changes.domain import Change, ChangeIndex
from gatepost.core.changes.store import CHANNEL, from_row, read_global_epoch, since_xid
from gatepost.kernel.errors import Unavailable
from gatepost.kernel.tasks import end_tasks
from gatepost.storage.database import Database
from gatepost.storage.errors import is_unreachable, unavailable_when_unreachable
from gatepost.storage.hot_postgres import run_step
from gatepost.storage.statement import Row

_RECONNECT_S = 0.2
_READ_TIMEOUT_S = 2.0
_log = logging.getLogger("gatepost.changes")


class PostgresFeed:
    """Follows the primary; stale after `bound` seconds without an answer."""

    def __init__(self, database: Database, bound: float, listen_url: str | None) -> None:
        self.index = ChangeIndex()
        self._database = database
        self._clock = database.clock
        self._bound = bound
        self._listen_url = listen_url or database.conninfo
        self._good_until = float("-inf")
        self._is_stopped = False
        self.read_at = self._clock.boottime()
        self._xmin = 0
        self._seen: set[int] = set()
        self._reader: Any = None
        self._read_lock = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Load everything, then follow."""
        with unavailable_when_unreachable():
            self.index.global_epoch = await read_global_epoch(self._database)
            await self._read()
        self._database.on_fork.append(self.abandon)
        self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._listen())]

    def is_fresh(self) -> bool:
        """Whether the last good read was sent less than the bound ago."""
        return self._clock.boottime() < self._good_until

    async def freshen(self) -> None:
        """Wait for a read begun after this call; everybody who waits shares it."""
        if self._is_stopped:
            msg = "the change feed is stopped"
            raise Unavailable(msg)
        if self._next is None:
            self._next = asyncio.create_task(self._read_next())
        try:
            async with asyncio.timeout(_READ_TIMEOUT_S):
                await asyncio.shield(self._next)
        except Exception as error:
            if not is_unreachable(error):
                raise
            msg = "the change feed cannot be read"
            raise Unavailable(msg, retry_after=1) from error
        if not self.is_fresh():
            msg = "the change feed is stale"
            raise Unavailable(msg, retry_after=1)

    def apply_own(self, change: Change) -> None:
        """Apply at once; reading it again does no harm."""
        self.index.apply(change)

    async def _read_next(self) -> None:
        async with self._read_lock:
            self._next = None  # whoever arrives from here on needs a later read
            await self._read_locked()

    async def _read(self) -> None:
        async with self._read_lock:
            await self._read_locked()

    async def _read_locked(self) -> None:
        try:
            if self._reader is None:
                self._reader = await self._connect(self._database.conninfo)
            sent = self._clock.boottime()
            rows = await self._rows_since(self._xmin)
            if rows[0][0] < self._xmin:  # another server answers, after a restore: its transactions are counted anew
                rows = await self._rows_since(0)
                self._seen.clear()  # numbers are given again
                self.index.note_silence(float("inf"))
        except BaseException:
            await self._drop_reader()
            raise
        self.index.note_silence(sent - self.read_at)
        self.read_at = sent
        found = {row[1] for row in rows if row[1] is not None}
        for row in rows:
            if row[1] is not None and row[1] not in self._seen:
                self.index.apply(from_row(row[1:]))
        self._seen, self._xmin = found, rows[0][0]
        self._good_until = sent + self._bound

    async def _rows_since(self, xid: int) -> list[Row]:
        async with asyncio.timeout(_READ_TIMEOUT_S):
            return await run_step(self._reader, since_xid, {"since": xid}, 0)

    async def _drop_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            await asyncio.gather(reader.close(), return_exceptions=True)

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._bound / 4):
                    await self._wake.wait()
            self._wake.clear()
            try:
                await self._read()
                self.index.prune(self._clock.now_ms())
            except Exception as error:  # noqa: BLE001 - a reader that ended would leave the process stale for good
                _log.warning("the change feed cannot be read: %s", type(error).__name__)
                await asyncio.sleep(_RECONNECT_S)

    async def _listen(self) -> None:
        while True:
            try:
                connection = await self._connect(self._listen_url)
                async with connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self._wake.set()
                    async for _ in connection.notifies():
                        self._wake.set()
            except Exception as error:  # noqa: BLE001 - polling goes on meanwhile
                _log.warning("LISTEN is lost, polling: %s", type(error).__name__)
            await asyncio.sleep(_RECONNECT_S)

    async def _connect(self, conninfo: str) -> Any:  # noqa: ANN401 - psycopg is an extra
        from psycopg import AsyncConnection  # noqa: PLC0415 - an extra

        connection = await AsyncConnection.connect(conninfo, autocommit=True, connect_timeout=2)
        try:
            cursor = await connection.execute("SELECT pg_is_in_recovery()")
            row = await cursor.fetchone()
        except BaseException:  # a stop in the middle leaves no connection behind
            await connection.close()
            raise
        if row is None or row[0]:
            await connection.close()
            msg = "the change feed must read the primary, this is a standby"
            raise OSError(msg)
        return connection

    def abandon(self) -> None:
        """Nothing is fresh in a forked child."""
        self._is_stopped = True
        self._good_until = float("-inf")
        self._reader, self._next = None, None

    async def stop(self) -> None:
        """Stop following."""
        self._is_stopped = True
        await end_tasks(self._tasks)
        self._good_until = float("-inf")
        await self._drop_reader()
