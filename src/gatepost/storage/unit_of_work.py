"""One transaction, with what must happen around it.

- Events are published inside it (listeners `within`) and again after it (the others).
- A refusal rolls it back; then its evidence is written in a transaction of its own; then the refusal goes on.
  (A second writer inside the first would deadlock on SQLite.)
- `settled` callbacks run when it committed, and also when nobody can know whether it did: a revocation of unknown
  outcome counts as done in this process.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gatepost.kernel.errors import AuthError
from gatepost.kernel.events import Event, Listeners
from gatepost.storage.database import Database
from gatepost.storage.errors import unavailable_when_unreachable
from gatepost.storage.hot_postgres import run_step
from gatepost.storage.statement import Row, Statement, Step


class UnitOfWork:
    """A transaction under way; `connection` is SQLAlchemy's, for a host's own statements."""

    def __init__(self, database: Database, connection: AsyncConnection, driver: Any, listeners: Listeners) -> None:  # noqa: ANN401 - a driver's connection
        self.connection = connection
        self._database = database
        self._driver = driver
        self._listeners = listeners
        self.events: list[Event] = []
        self.settled: list[Callable[[], None]] = []
        self.ran: list[Step] = []

    @classmethod
    async def of(cls, database: Database, connection: AsyncConnection) -> "UnitOfWork":
        """Return the transaction that a listener within was given the connection of; it publishes nothing."""
        raw = await connection.get_raw_connection()
        return cls(database, connection, raw.driver_connection, Listeners())

    async def run(self, statement: Statement, **values: Any) -> list[Row]:  # noqa: ANN401 - whatever the columns take
        """Run one of our statements on the driver, inside this transaction, and return its rows."""
        offset_ms = self._database.clock.offset_ms
        self.ran.append((statement, values))
        if not self._database.is_sqlite:
            return await run_step(self._driver, statement, values, offset_ms)
        compiled = statement.on("sqlite")
        rows = await self._driver.execute_fetchall(compiled.sql, compiled.parameters(values, offset_ms))
        return compiled.rows(list(rows))

    async def steps(self, *steps: Step) -> None:
        """Run several statements whose rows do not matter."""
        for statement, values in steps:
            await self.run(statement, **values)

    async def publish(self, event: Event) -> None:
        """Run the listeners within, and keep the event for those after the commit."""
        await self._listeners.within(event, self.connection)
        self.events.append(event)


Within = Callable[[UnitOfWork], Awaitable[None]]


async def nothing(_: UnitOfWork) -> None:
    """Add nothing to a transaction."""


@asynccontextmanager
async def unit_of_work(database: Database, listeners: Listeners) -> AsyncIterator[UnitOfWork]:
    """Open a unit of work; it commits at the end of the block.

    Raises:
        Unavailable: the database cannot be reached, or the outcome of the commit is unknown.
    """
    work: UnitOfWork | None = None
    is_committing = False
    try:
        with unavailable_when_unreachable():
            async with database.transaction() as connection:
                raw = await connection.get_raw_connection()
                work = UnitOfWork(database, connection, raw.driver_connection, listeners)
                yield work
                is_committing = True
    except BaseException as error:
        if work is not None and is_committing:
            _settle(work)
        elif isinstance(error, AuthError):
            await record_evidence(database, error)
        raise
    _settle(work)
    database.watchers.tell(work.ran)
    await listeners.after(work.events)


async def record_evidence(database: Database, refusal: AuthError) -> None:
    """Write what a refusal leaves behind; call it when no transaction is open.

    Raises:
        Unavailable: it could not be written; the refusal must not be answered as though it had been.
    """
    if refusal.evidence:
        await database.hot.run(*refusal.evidence)  # type: ignore[arg-type]  # the kernel knows no statements


def _settle(work: UnitOfWork) -> None:
    for callback in work.settled:
        callback()
