"""SQLite without a detour: reads on the event loop's own connection, writes in one thread, many to a commit.

A read of a few rows by key costs about 15 µs and never waits for a writer (WAL), so it needs no thread. Writes that
arrive while one commit is under way share the next one: with `synchronous=FULL` the fsync is the price of a
transaction, and it is paid once for all of them. Each stands in a savepoint of its own, so that one that fails takes
nobody with it.
"""

import asyncio
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import Unavailable
from gatepost.storage.errors import unavailable_when_unreachable
from gatepost.storage.nesting import refuse_nesting
from gatepost.storage.statement import Row, Statement, Step, Values
from gatepost.storage.watching import Watchers

BUSY_TIMEOUT_MS = 5_000
READ_TIMEOUT_MS = 50
_WAL_TRIES, _WAL_WAIT_S = 100, 0.05
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
    "PRAGMA foreign_keys=ON",
)

_Job = tuple[tuple[Step, ...], "asyncio.Future[list[list[Row]]]"]
_Outcome = list[list[Row]] | BaseException


def connect(path: str) -> sqlite3.Connection:
    """Open a connection in autocommit mode with our pragmas."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT_MS / 1000)
    _use_wal(connection)
    for pragma in PRAGMAS:
        connection.execute(pragma)
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """Make a new file a WAL; SQLite does not wait for this lock by itself when two processes do it at once."""
    for left in reversed(range(_WAL_TRIES)):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or not left:
                raise
            time.sleep(_WAL_WAIT_S)
        else:
            return


def connect_reader(path: str) -> sqlite3.Connection:
    """Open a connection for reads on the event loop: it may not wait, and a reader of a WAL hardly ever has to."""
    connection = connect(path)
    connection.execute(f"PRAGMA busy_timeout={READ_TIMEOUT_MS}")
    connection.execute("PRAGMA query_only=ON")
    return connection


class HotSqlite:
    """Direct statements on SQLite; lives on one event loop."""

    dialect_name = "sqlite"

    def __init__(self, path: str, clock: Clock, write_lock: asyncio.Lock, watchers: Watchers) -> None:
        self._clock = clock
        self._watchers = watchers
        self._write_lock = write_lock
        self._reader = connect_reader(path)
        self._writer = connect(path)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="gatepost-write")
        self._pending: list[_Job] = []
        self._flusher: asyncio.Task[None] | None = None

    async def read(self, statement: Statement, values: Values | None = None) -> list[Row]:
        """Run one SELECT and return its rows."""
        return self.read_now(statement, values)

    def read_now(self, statement: Statement, values: Values | None = None) -> list[Row]:
        """Run one SELECT without yielding to the loop."""
        compiled = statement.on("sqlite")
        with unavailable_when_unreachable():
            cursor = self._reader.execute(compiled.sql, compiled.parameters(values or {}, self._clock.offset_ms))
            return compiled.rows(cursor.fetchall())

    async def run(self, *steps: Step) -> list[list[Row]]:
        """Run statements in order in one transaction; one that has RETURNING and returns nothing stops the rest.

        Returns:
            The rows of each statement that ran; what ran before a stop is committed.

        Raises:
            Unavailable: the outcome is unknown or nothing was written.
        """
        refuse_nesting()
        job: asyncio.Future[list[list[Row]]] = asyncio.get_running_loop().create_future()
        self._pending.append((steps, job))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())
        with unavailable_when_unreachable():
            return await job

    async def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        while self._pending:
            async with self._write_lock:
                jobs, self._pending = self._pending, []
                try:
                    outcomes = await loop.run_in_executor(self._thread, self._commit, [steps for steps, _ in jobs])
                except BaseException as error:  # noqa: BLE001 - handed to everybody who waits for this commit
                    outcomes = [error if isinstance(error, Exception) else Unavailable("stopped")] * len(jobs)
            for (steps, future), outcome in zip(jobs, outcomes, strict=True):
                if not isinstance(outcome, BaseException):
                    self._watchers.tell(steps[: len(outcome)])
                if future.done():
                    continue
                if isinstance(outcome, BaseException):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome)

    def _commit(self, jobs: list[tuple[Step, ...]]) -> list[_Outcome]:
        writer = self._writer
        writer.execute("BEGIN IMMEDIATE")
        try:
            outcomes = [self._job(steps) for steps in jobs]
            writer.execute("COMMIT")
        except BaseException:
            if writer.in_transaction:
                writer.execute("ROLLBACK")
            raise
        return outcomes

    def _job(self, steps: tuple[Step, ...]) -> _Outcome:
        writer = self._writer
        writer.execute("SAVEPOINT job")
        try:
            results: list[list[Row]] = []
            for statement, values in steps:
                compiled = statement.on("sqlite")
                cursor = writer.execute(compiled.sql, compiled.parameters(values, self._clock.offset_ms))
                results.append(compiled.rows(cursor.fetchall()))
                if compiled.returns_rows and not results[-1]:
                    break
        except Exception as error:
            if not writer.in_transaction:  # the whole transaction is gone (disk full): nobody's work was kept
                raise
            writer.execute("ROLLBACK TO job")
            writer.execute("RELEASE job")
            return error
        writer.execute("RELEASE job")
        return results

    async def close(self) -> None:
        """Finish what was accepted, then close."""
        if self._flusher is not None:
            await asyncio.gather(self._flusher, return_exceptions=True)
        self._thread.shutdown(wait=True)
        self._writer.close()
        self._reader.close()
