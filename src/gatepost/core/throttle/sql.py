"""Budgets in the database: exact across processes, because one UPSERT a unit both decides and writes.

No row comes back from a refused unit (the `WHERE` of `DO UPDATE` was not met), which also stops the units after it;
only then is the row read, for the time to wait. Every age is by the database's clock. Units are locked in the order
in which they are given, which is the same for all callers; `prune` skips locked rows, so that nobody deadlocks.
"""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from gatepost.core.throttle.domain import Refusal, Unit, refuse
from gatepost.storage.database import Database
from gatepost.storage.schema import throttle
from gatepost.storage.statement import Statement, Step, store_now_ms

_PRUNE_BATCH = 1_000

_NOW_US = store_now_ms() * sa.literal_column("1000")
_INTERVAL = sa.bindparam("interval_us", type_=sa.BigInteger)
_WINDOW = sa.bindparam("window_us", type_=sa.BigInteger)
_KEY = sa.bindparam("unit_key", type_=sa.String)


def _expires_at(tat: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return tat // sa.literal_column("1000", sa.BigInteger) + sa.literal_column("1")


def _take(insert: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - each dialect has an Insert of its own
    """The same decision as `domain.next_tat`, in one statement."""
    first = _NOW_US + _INTERVAL
    row = insert(throttle).values(key=_KEY, tat=first, expires_at=_expires_at(first))
    tat, now = throttle.c.tat, row.excluded.tat - _INTERVAL
    is_absurd = tat > now + _WINDOW + _WINDOW
    moved = sa.case((is_absurd, now + _WINDOW), (tat > now, tat + _INTERVAL), else_=now + _INTERVAL)
    return row.on_conflict_do_update(
        index_elements=[throttle.c.key],
        set_={"tat": moved, "expires_at": _expires_at(moved)},
        where=is_absurd | (tat + _INTERVAL <= now + _WINDOW),
    ).returning(tat)


TAKE = Statement(_take)
READ = Statement(sa.select(throttle.c.tat, _NOW_US.label("now_us")).where(throttle.c.key == _KEY))
GIVE_BACK = Statement(sa.update(throttle).where(throttle.c.key == _KEY).values(tat=throttle.c.tat - _INTERVAL))
CLEAR = Statement(sa.delete(throttle).where(throttle.c.key == _KEY))
PRUNE = Statement(
    sa.delete(throttle)
    .where(
        throttle.c.key.in_(
            sa.select(throttle.c.key)
            .where(throttle.c.expires_at < store_now_ms())
            .limit(sa.literal_column(str(_PRUNE_BATCH)))
            .with_for_update(skip_locked=True)
        )
    )
    .returning(throttle.c.key)
)


class SqlStore:
    """Keeps budgets in `gatepost_throttle`."""

    __slots__ = ("_database",)

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, units: Sequence[Unit]) -> Refusal | None:
        """Take one of each in order in one transaction; stop at the first refusal, keep what was taken before."""
        if not units:
            return None
        results = await self._database.hot.run(*(_step(TAKE, unit) for unit in units))
        if results[-1]:
            return None
        return await self._refusal(units[len(results) - 1])

    async def give_back(self, units: Sequence[Unit]) -> None:
        """Return one of each; below now it means nothing, and is read so."""
        if units:
            await self._database.hot.run(*(_step(GIVE_BACK, unit) for unit in units))

    async def clear(self, unit: Unit) -> None:
        """Forget the key."""
        await self._database.hot.run((CLEAR, {"unit_key": unit.name}))

    async def prune(self) -> int:
        """Forget keys that have their whole budget again, a batch at a time."""
        forgotten = 0
        while True:
            (rows,) = await self._database.hot.run((PRUNE, {}))
            forgotten += len(rows)
            if len(rows) < _PRUNE_BATCH:
                return forgotten

    async def _refusal(self, unit: Unit) -> Refusal:
        rows = await self._database.hot.read(READ, {"unit_key": unit.name})
        # No row: it was cleared or pruned since, and the next attempt may well succeed.
        return refuse(unit.budget, *rows[0]) if rows else Refusal(unit.budget, 1)


def _step(statement: Statement, unit: Unit) -> Step:
    values = {"unit_key": unit.name, "interval_us": unit.budget.interval_us}
    if statement is TAKE:
        values["window_us"] = unit.budget.window_us
    return statement, values
