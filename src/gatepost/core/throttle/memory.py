"""Budgets in the memory of one process: exact there, unknown to every other, gone with it.

For tests, and for addresses where there is one process. It is bounded: when it is full, the key that is nearest to
its whole budget among the longest untouched is forgotten, so that a flood of new keys takes the least from what is
spent.
"""

from collections.abc import Awaitable, Callable, Sequence
from itertools import islice

from gatepost.core.throttle.domain import (
    MICROSECONDS,
    MOST_READ,
    Budget,
    Level,
    Refusal,
    Unit,
    is_spent,
    level_of,
    locked_tat,
    next_lock_us,
    next_tat,
    refuse,
)
from gatepost.kernel.clock import Clock
from gatepost.storage.statement import Step

_CANDIDATES = 16


async def _nowhere(*_: Step) -> None:
    """Write no evidence: there is no database."""


class MemoryStore:
    """Keeps budgets in a dict in the order of their last use; nothing here awaits, so each call is atomic."""

    __slots__ = ("_clock", "_locks", "_max_keys", "_tats", "_write")

    def __init__(
        self, clock: Clock, *, max_keys: int = 65_536, write: Callable[..., Awaitable[object]] = _nowhere
    ) -> None:
        self._clock = clock
        self._max_keys = max_keys
        self._write = write
        self._tats: dict[str, int] = {}
        self._locks: dict[str, tuple[int, int]] = {}  # how long, and until when

    async def take(self, units: Sequence[Unit]) -> Refusal | None:
        """Take one of each in order; stop at the first refusal."""
        now = self._now_us()
        for unit in units:
            tat = self._tats.pop(unit.name, 0)
            if tat <= now:
                self._locks.pop(unit.name, None)
            moved = next_tat(unit.budget, tat, now)
            self._keep(unit.name, tat if moved is None else moved)
            if moved is None:
                return refuse(unit.budget, tat, now)
        return None

    async def give_back(self, units: Sequence[Unit]) -> None:
        """Return one of each; below now it means nothing, and is read so."""
        for unit in units:
            if unit.name in self._tats:
                self._tats[unit.name] -= unit.budget.interval_us

    async def clear(self, unit: Unit) -> None:
        """Forget the key."""
        self._forget(unit.name)

    async def read(self, unit: Unit) -> Level:
        """Tell how the key stands."""
        return self._level(unit.budget, unit.name)

    async def read_family(self, unit: Unit) -> Sequence[Level]:
        """Tell how the key and what begins with it and a dot stand."""
        names = self._family(unit)
        furthest = sorted(names, key=self._tats.__getitem__, reverse=True)[:MOST_READ]
        return [level for level in (self._level(unit.budget, name) for name in furthest) if level.spent]

    async def clear_family(self, unit: Unit) -> None:
        """Forget the key and what begins with it and a dot."""
        for name in self._family(unit):
            self._forget(name)

    async def fail(
        self, evidence: Sequence[Step], units: Sequence[Unit], *, locked: Sequence[Step], first: Sequence[Step]
    ) -> bool:
        """Lock what is spent, then write."""
        *_, lock_us = [self._lock(unit) for unit in units]
        is_first = lock_us == units[-1].budget.interval_us
        await self._write(*evidence, *(locked if lock_us is not None else ()), *(first if is_first else ()))
        return lock_us is not None

    async def prune(self) -> int:
        """Forget keys that have their whole budget again."""
        now = self._now_us()
        full = [name for name, tat in self._tats.items() if tat <= now]
        for name in full:
            self._forget(name)
        return len(full)

    def _lock(self, unit: Unit) -> int | None:
        """Return for how long it is locked now, None where it is not spent or was locked already."""
        now, tat = self._now_us(), self._tats.get(unit.name, 0)
        before, until = self._locks.get(unit.name, (0, 0))
        if not is_spent(unit.budget, tat, now) or until > now:
            return None
        lock_us = next_lock_us(unit.budget, before)
        self._locks[unit.name] = lock_us, now + lock_us
        self._tats[unit.name] = locked_tat(unit.budget, tat, now, lock_us)
        return lock_us

    def _family(self, unit: Unit) -> list[str]:
        return [name for name in self._tats if name == unit.name or name.startswith(f"{unit.name}.")]

    def _level(self, budget: Budget, name: str) -> Level:
        _, until = self._locks.get(name, (0, 0))
        return level_of(budget, self._tats.get(name, 0), self._now_us(), until)

    def _forget(self, name: str) -> None:
        self._tats.pop(name, None)
        self._locks.pop(name, None)

    def _keep(self, name: str, tat: int) -> None:
        if len(self._tats) >= self._max_keys:
            self._forget(min(islice(self._tats, _CANDIDATES), key=self._tats.__getitem__))
        self._tats[name] = tat

    def _now_us(self) -> int:
        return int(self._clock.boottime() * MICROSECONDS)
