"""Budgets in the database: exact across processes, because one UPSERT a unit both decides and writes.

No row comes back from a refused unit (the `WHERE` of `DO UPDATE` was not met), which also stops the units after it;
only then is the row read, for the time to wait. Every age is by the database's clock. Units are locked in the order
in which they are given, which is the same for all callers; `prune` skips locked rows, so that nobody deadlocks.
"""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from gatepost.core.throttle.domain import MOST_READ, Level, Refusal, Unit, level_of, refuse
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
        set_={
            "tat": moved,
            "expires_at": _expires_at(moved),
            "lock_us": sa.case((tat > now, throttle.c.lock_us), else_=sa.literal_column("0")),
        },
        where=is_absurd | (tat + _INTERVAL <= now + _WINDOW),
    ).returning(tat)


def _lock() -> sa.Update:
    """`domain.next_lock_us` and `domain.locked_tat`, decided and written in one statement: of several, one locks."""
    doubled = throttle.c.lock_us + throttle.c.lock_us
    lock = sa.case((doubled < _INTERVAL, _INTERVAL), (doubled > _WINDOW, _WINDOW), else_=doubled)
    least = _NOW_US + lock + _WINDOW - _INTERVAL
    moved = sa.case((throttle.c.tat > least, throttle.c.tat), else_=least)
    is_spent = throttle.c.tat + _INTERVAL > _NOW_US + _WINDOW
    return (
        sa.update(throttle)
        .where(throttle.c.key == _KEY, is_spent, throttle.c.locked_until <= _NOW_US)
        .values(tat=moved, expires_at=_expires_at(moved), lock_us=lock, locked_until=_NOW_US + lock)
    )


TAKE = Statement(_take)
LOCK = Statement(_lock())
LOCK_OR_STOP = Statement(_lock().returning(throttle.c.key))
IS_FIRST = Statement(sa.select(throttle.c.key).where(throttle.c.key == _KEY, throttle.c.lock_us <= _INTERVAL))
_LEVEL = sa.select(throttle.c.tat, _NOW_US.label("now_us"), throttle.c.locked_until)
READ = Statement(_LEVEL.where(throttle.c.key == _KEY))
GIVE_BACK = Statement(sa.update(throttle).where(throttle.c.key == _KEY).values(tat=throttle.c.tat - _INTERVAL))
CLEAR = Statement(sa.delete(throttle).where(throttle.c.key == _KEY))
_FAMILY = _KEY + sa.literal_column("'.'", sa.String)
_IN_FAMILY = (throttle.c.key == _KEY) | (sa.func.substr(throttle.c.key, 1, sa.func.length(_FAMILY)) == _FAMILY)
CLEAR_FAMILY = Statement(sa.delete(throttle).where(_IN_FAMILY))
READ_FAMILY = Statement(
    _LEVEL.where(_IN_FAMILY, throttle.c.tat > _NOW_US)
    .order_by(throttle.c.tat.desc())
    .limit(sa.literal_column(str(MOST_READ)))
)
_WITHOUT_WINDOW = frozenset({GIVE_BACK, IS_FIRST})
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

    async def read(self, unit: Unit) -> Level:
        """Tell how the key stands."""
        rows = await self._database.hot.read(READ, {"unit_key": unit.name})
        return level_of(unit.budget, *rows[0]) if rows else Level(unit.budget, 0, 0)

    async def read_family(self, unit: Unit) -> Sequence[Level]:
        """Tell how the key and what begins with it and a dot stand: a look at every row, for what is rare."""
        rows = await self._database.hot.read(READ_FAMILY, {"unit_key": unit.name})
        return [level_of(unit.budget, *row) for row in rows]

    async def clear_family(self, unit: Unit) -> None:
        """Forget the key and what begins with it and a dot: a look at every row, for what is rare."""
        await self._database.hot.run((CLEAR_FAMILY, {"unit_key": unit.name}))

    async def fail(
        self, evidence: Sequence[Step], units: Sequence[Unit], *, locked: Sequence[Step], first: Sequence[Step]
    ) -> bool:
        """Write and lock in one transaction, in which a statement that finds no row stops what follows it."""
        *before, last = units
        steps = [*evidence, *(_step(LOCK, unit) for unit in before), _step(LOCK_OR_STOP, last)]
        more = [*locked, _step(IS_FIRST, last), *first]
        results = await self._database.hot.run(*steps, *more)
        return bool(results[len(steps) - 1])

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
        return refuse(unit.budget, *rows[0][:2]) if rows else Refusal(unit.budget, 1)


def _step(statement: Statement, unit: Unit) -> Step:
    values = {"unit_key": unit.name, "interval_us": unit.budget.interval_us}
    if statement not in _WITHOUT_WINDOW:
        values["window_us"] = unit.budget.window_us
    return statement, values
