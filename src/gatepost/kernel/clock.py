"""The only reader of the system's clocks.

Two kinds of time are kept apart: the date (`now_ms`), which people and tokens speak of, and the age (`boottime`),
which runs on while the machine sleeps, so that a process that slept knows that what it holds is old.
Ages of sessions and budgets are computed by the database's clock; `offset_ms` is added there too, so that a test
which moves this clock moves both.
"""

import time

_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock:
    """The date in milliseconds since the Unix epoch (UTC) and the age in seconds; `advance` is for tests."""

    __slots__ = ("offset_ms",)

    def __init__(self, offset_ms: int = 0) -> None:
        self.offset_ms = offset_ms

    def now_ms(self) -> int:
        """Return the date in milliseconds since the Unix epoch."""
        return time.time_ns() // 1_000_000 + self.offset_ms

    def now(self) -> float:
        """Return the date in seconds since the Unix epoch."""
        return time.time() + self.offset_ms / 1000

    def boottime(self) -> float:
        """Return seconds on a clock that never steps and that counts the machine's sleep."""
        return time.clock_gettime(_BOOTTIME) + self.offset_ms / 1000

    def advance(self, seconds: float) -> None:
        """Move this clock, and every store that counts by it, forward."""
        self.offset_ms += round(seconds * 1000)
