"""The feed on SQLite: `PRAGMA data_version` tells every request whether any other connection has committed.

Requests that one turn of the event loop begins share the look: whatever the loop took from a socket after the look
began runs after the end of that turn is noted, and looks anew. So a request sees all that was committed before it came.

The connection is the feed's own: it never writes and never leaves a SELECT open, or it would keep seeing an old
snapshot. Writers are serialized, so ids are in the order of commits.
"""

import asyncio
import logging
import os
import sqlite3
from contextvars import Context

from gatepost.core.changes.domain import Change, ChangeIndex
from gatepost.core.changes.store import from_row, read_global_epoch, since_id
from gatepost.kernel.errors import Unavailable
from gatepost.kernel.tasks import end_tasks
from gatepost.storage.database import Database
from gatepost.storage.hot_sqlite import connect_reader

POLL_S = 0.05
_PRUNE_EVERY = 200
_LONGEST_TURN_S = 0.005
_EMPTY = Context()
_log = logging.getLogger("gatepost.changes")


class SqliteFeed:
    """Follows one database file; every request sees what was committed before it."""

    def __init__(self, database: Database) -> None:
        self.index = ChangeIndex()
        self._database = database
        self._sql = since_id.on("sqlite")
        self._version = -1
        self._last_id = 0
        self.read_at = database.clock.boottime()
        self._good_until = float("-inf")
        self._is_open = False
        self._poller: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Load everything."""
        self._connection = connect_reader(self._database.path)
        self._cursor = self._connection.cursor()
        self._inode = os.stat(self._database.path).st_ino  # noqa: PTH116 - of the open file's path, once
        self.index.global_epoch = await read_global_epoch(self._database)
        self._is_open = True
        self._loop = asyncio.get_running_loop()
        self._database.on_fork.append(self.abandon)
        if not self.is_fresh():
            msg = "the change feed cannot be read"
            raise Unavailable(msg)
        self._poller = asyncio.create_task(self._poll())

    def is_fresh(self) -> bool:
        """Look whether anything was committed, and take it in."""
        if not self._is_open:
            return False
        now = self._database.clock.boottime()
        if now < self._good_until:
            return True
        try:
            self.index.note_silence(now - self.read_at)
            (version,) = self._cursor.execute("PRAGMA data_version").fetchone()
            if version != self._version:
                self._read()
                self._version = version
            self.read_at, self._good_until = now, now + _LONGEST_TURN_S
            self._loop.call_soon(self._end_turn, context=_EMPTY)
        except sqlite3.Error:
            _log.exception("the change feed cannot be read")
            return False
        return True

    def _end_turn(self) -> None:
        self._good_until = float("-inf")

    def _read(self) -> None:
        rows = self._cursor.execute(self._sql.sql, self._sql.parameters({"since": self._last_id}, 0)).fetchall()
        for row in self._sql.rows(rows):
            self.index.apply(from_row(row))
            self._last_id = row[0]

    async def freshen(self) -> None:
        """Raise Unavailable unless the file can be read again."""
        if not self.is_fresh():
            msg = "the change feed cannot be read"
            raise Unavailable(msg, retry_after=1)

    def apply_own(self, change: Change) -> None:
        """Apply at once; reading it again does no harm."""
        self.index.apply(change)

    async def _poll(self) -> None:
        """Wake streams that wait for the end of their session while no request comes by; notice a lost file."""
        rounds = 0
        while self._is_open:
            await asyncio.sleep(POLL_S)
            self.is_fresh()
            rounds += 1
            if rounds % _PRUNE_EVERY == 0:
                self.index.prune(self._database.clock.now_ms())
            if not self._is_same_file():
                _log.critical("the database file was replaced under a running process: restart it")
                self.abandon()

    def _is_same_file(self) -> bool:
        try:
            return os.stat(self._database.path).st_ino == self._inode  # noqa: PTH116 - see start
        except OSError:
            return False

    def abandon(self) -> None:
        """Nothing is fresh in a forked child."""
        self._is_open = False
        self._end_turn()

    async def stop(self) -> None:
        """Close."""
        self.abandon()
        if self._poller is not None:
            await end_tasks([self._poller])
        self._connection.close()
