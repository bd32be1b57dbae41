"""Two stores for one kind of budget: the fast one while it answers, the sure one while it does not.

Never open: what the first store cannot decide, the second one decides, and where both are gone the refusal is
`Unavailable`. After a failure the first store is left alone for a while and then tried by one caller only, so that a
dead one costs a timeout now and then and not one a request. Both start from a whole budget: at a change of store
somebody may get the rest of one budget twice, which is why account budgets are not kept this way.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from gatepost.core.throttle.domain import Level, Refusal, ThrottleStore, Unit
from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import Unavailable

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
MAX_CALLS = 20  # at once to the primary; who waits for one of them to end has not begun to count against a timeout

_T = TypeVar("_T")
_log = logging.getLogger("gatepost.throttle")


class FallbackStore:
    """Asks `primary`, and `secondary` while `primary` is unavailable."""

    __slots__ = ("_calls", "_clock", "_pause", "_retry_at", "primary", "secondary")

    def __init__(self, primary: ThrottleStore, secondary: ThrottleStore, clock: Clock | None = None) -> None:
        self.primary = primary
        self.secondary = secondary
        self._clock = clock or Clock()
        self._calls = asyncio.Semaphore(MAX_CALLS)
        self._pause = 0.0
        self._retry_at = 0.0

    @property
    def is_degraded(self) -> bool:
        """Whether the last answer of the primary store was none."""
        return self._pause > 0

    async def take(self, units: Sequence[Unit]) -> Refusal | None:
        """Take one of each in order from one store; stop at the first refusal."""
        return await self._ask(lambda store: store.take(units))

    async def give_back(self, units: Sequence[Unit]) -> None:
        """Return one of each to the store that is asked now; to one that has no such key it means nothing."""
        await self._ask(lambda store: store.give_back(units))

    async def clear(self, unit: Unit) -> None:
        """Forget the key in both stores, or it would come back with the other one."""
        await self.secondary.clear(unit)
        await self._ask(lambda store: store.clear(unit))

    async def read(self, unit: Unit) -> Level:
        """Tell how the key stands in the store that is asked now."""
        return await self._ask(lambda store: store.read(unit))

    async def prune(self) -> int:
        """Forget in both stores what says nothing any more."""
        return await self.secondary.prune() + await self._ask(lambda store: store.prune())

    async def _ask(self, call: Callable[[ThrottleStore], Awaitable[_T]]) -> _T:
        async with self._calls:
            is_probe = self.is_degraded
            now = self._clock.boottime()
            if not is_probe or now >= self._retry_at:
                if is_probe:
                    self._retry_at = now + self._pause  # this caller tries; the others do not wait for the outcome
                try:
                    answer = await call(self.primary)
                except Unavailable as error:
                    self._failed(error, is_probe=is_probe)
                else:
                    if is_probe:
                        self._pause = 0.0
                        _log.warning("throttle.primary_is_back")
                    return answer
        return await call(self.secondary)

    def _failed(self, error: Unavailable, *, is_probe: bool) -> None:
        if self.is_degraded and not is_probe:
            return  # it was on its way when another one failed
        if not is_probe:
            _log.error("throttle.primary_is_gone: %s", error.detail)
        self._pause = min(self._pause * 2 or FIRST_PAUSE_S, LONGEST_PAUSE_S)
        self._retry_at = self._clock.boottime() + self._pause
