"""The feed on SQLite: `PRAGMA data_version` on every request tells whether any other connection has committed.

The connection is the feed's own: it never writes and never leaves a SELECT open, or it would keep seeing an old
snapshot. Writers are serialized, so ids are in the order of commits.
"""

import asyncio
import logging
import os
import sqlite3

from gatepost.core.changes.domain import Change, ChangeIndex
from gatepost.core.changes.store import from_row, read_global_epoch, since_id
from gatepost.kernel.errors import Unavailable
from gatepost.storage.database import Database
from gatepost.storage.hot_sqlite import connect

POLL_S = 0.05
_PRUNE_EVERY = 200
_log = logging.getLogger("gatepost.changes")


class SqliteFeed:
    """Follows one database file; every request sees what was committed before it."""

    def __init__(self, database: Database) -> None:
        self.index = ChangeIndex()
        self._database = database
        self._sql = since_id.on("sqlite")
        self._version = -1
        self._last_id = 0
        self._read_at = database.clock.boottime()
        self._is_open = False
        self._poller: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Load everything."""
        self._connection = connect(self._database.path)
        self._cursor = self._connection.cursor()
        self._inode = os.stat(self._database.path).st_ino  # noqa: PTH116 - of the open file's path, once
        self.index.global_epoch = await read_global_epoch(self._database)
        self._is_open = True
        self._database.on_fork.append(self.abandon)
        if not self.is_fresh():
            msg = "the change feed cannot be read"
            raise Unavailable(msg)
        self._poller = asyncio.create_task(self._poll())

    def is_fresh(self) -> bool:
        """Look whether anything was committed, and take it in."""
        if not self._is_open:
            return False
        try:
            now = self._database.clock.boottime()
            self.index.note_silence(now - self._read_at)
            (version,) = self._cursor.execute("PRAGMA data_version").fetchone()
            if version != self._version:
                self._read()
                self._version = version
            self._read_at = now
        except sqlite3.Error:
            _log.exception("the change feed cannot be read")
            return False
        return True

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
                    self._is_open = False

    def _is_same_file(self) -> bool:
        try:
            return os.stat(self._database.path).st_ino == self._inode  # noqa: PTH116 - see start
        except OSError:
            return False

    def abandon(self) -> None:
        """Nothing is fresh in a forked child."""
        self._is_open = False

    async def stop(self) -> None:
        """Close."""
        self._is_open = False
        if self._poller is not None:
            self._poller.cancel()
            await asyncio.gather(self._poller, return_exceptions=True)
        self._connection.close()
