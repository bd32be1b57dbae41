"""Budgets in the memory of one process: exact there, unknown to every other, gone with it.

For tests, and for addresses where there is one process. It is bounded: when it is full, the key that is nearest to
its whole budget among the longest untouched is forgotten, so that a flood of new keys takes the least from what is
spent.
"""

from collections.abc import Sequence
from itertools import islice

from gatepost.core.throttle.domain import MICROSECONDS, Refusal, Unit, next_tat, refuse
from gatepost.kernel.clock import Clock

_CANDIDATES = 16


class MemoryStore:
    """Keeps budgets in a dict in the order of their last use; nothing here awaits, so each call is atomic."""

    __slots__ = ("_clock", "_max_keys", "_tats")

    def __init__(self, clock: Clock, *, max_keys: int = 65_536) -> None:
        self._clock = clock
        self._max_keys = max_keys
        self._tats: dict[str, int] = {}

    async def take(self, units: Sequence[Unit]) -> Refusal | None:
        """Take one of each in order; stop at the first refusal."""
        now = self._now_us()
        for unit in units:
            tat = self._tats.pop(unit.name, 0)
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
        self._tats.pop(unit.name, None)

    async def prune(self) -> int:
        """Forget keys that have their whole budget again."""
        now = self._now_us()
        full = [name for name, tat in self._tats.items() if tat <= now]
        for name in full:
            del self._tats[name]
        return len(full)

    def _keep(self, name: str, tat: int) -> None:
        if len(self._tats) >= self._max_keys:
            del self._tats[min(islice(self._tats, _CANDIDATES), key=self._tats.__getitem__)]
        self._tats[name] = tat

    def _now_us(self) -> int:
        return int(self._clock.boottime() * MICROSECONDS)
