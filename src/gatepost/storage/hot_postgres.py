"""PostgreSQL without a detour: compiled statements on a small pool of psycopg connections.

A connection that the server has dropped fails the one request that was using it, is thrown away, and the pool
connects anew in the background.
"""

from typing import Any

from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import ConfigurationError
from gatepost.storage.errors import unavailable_when_unreachable
from gatepost.storage.nesting import refuse_nesting
from gatepost.storage.statement import Row, Statement, Step, Values
from gatepost.storage.watching import Watchers

ACQUIRE_TIMEOUT_S = 3.0


class HotPostgres:
    """Direct statements on PostgreSQL; lives on one event loop."""

    dialect_name = "postgresql"

    def __init__(self, conninfo: str, clock: Clock, size: int, watchers: Watchers) -> None:
        try:
            from psycopg_pool import AsyncConnectionPool  # noqa: PLC0415 - an extra
        except ImportError as error:
            msg = "PostgreSQL needs the extra: pip install 'gatepost[postgres]'"
            raise ConfigurationError(msg) from error
        self._clock = clock
        self._watchers = watchers
        self._pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
            conninfo,
            min_size=1,
            max_size=size,
            timeout=ACQUIRE_TIMEOUT_S,
            reconnect_timeout=5,
            kwargs={"autocommit": True},
            open=False,
        )

    async def open(self) -> None:
        """Connect."""
        with unavailable_when_unreachable():
            await self._pool.open(wait=True, timeout=10)

    async def read(self, statement: Statement, values: Values | None = None) -> list[Row]:
        """Run one SELECT and return its rows."""
        with unavailable_when_unreachable():
            async with self._pool.connection() as connection:
                return await run_step(connection, statement, values or {}, self._clock.offset_ms)

    async def run(self, *steps: Step) -> list[list[Row]]:
        """Run statements in order in one transaction; one that has RETURNING and returns nothing stops the rest.

        Returns:
            The rows of each statement that ran; what ran before a stop is committed.

        Raises:
            Unavailable: the outcome is unknown or nothing was written.
        """
        refuse_nesting()
        with unavailable_when_unreachable():
            async with self._pool.connection() as connection:
                results = await self._run(connection, steps)
        self._watchers.tell(steps[: len(results)])
        return results

    async def _run(self, connection: Any, steps: tuple[Step, ...]) -> list[list[Row]]:  # noqa: ANN401 - psycopg's
        if len(steps) == 1:  # autocommit: one round trip
            return [await run_step(connection, *steps[0], self._clock.offset_ms)]
        results: list[list[Row]] = []
        async with connection.transaction():
            for statement, values in steps:
                results.append(await run_step(connection, statement, values, self._clock.offset_ms))
                if statement.on("postgresql").returns_rows and not results[-1]:
                    break
        return results

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()


async def run_step(connection: Any, statement: Statement, values: Values, offset_ms: int) -> list[Row]:  # noqa: ANN401
    """Run one statement on a psycopg connection."""
    compiled = statement.on("postgresql")
    cursor = await connection.execute(compiled.sql, compiled.parameters(values, offset_ms))
    return compiled.rows(await cursor.fetchall()) if cursor.description is not None else []
