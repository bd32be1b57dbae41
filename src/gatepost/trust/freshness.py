"""How old is what another server said last, without synchronized clocks; no I/O.

Two clocks that never step and run at nearly the same rate, one here and one there, whose readings mean nothing to each
other. A request is sent when the clock here shows `sent`; it is there when the clock there shows `received`, which is
not earlier. Whatever the server read from its database when its clock showed `read` was therefore read when the clock
here showed at least

    sent + (read - received)

however long the network held back the request, the answer, or any part of it. Clocks drift: a thousandth of the time
that has passed is taken off, ten times what a bad quartz and the slewing of NTP make together; a connection is
replaced before that becomes much. What could go wrong with dates is looked at apart: tokens die by the date of this
machine, and revocations are forgotten by the server's, so that a machine that lives in the past would believe the dead.
"""

from dataclasses import dataclass

DRIFT = 0.001
MAX_BEHIND_MS = 60_000
NEVER = float("-inf")


class Untrue(ValueError):
    """The server says what cannot be."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """What one request says of two clocks, in seconds.

    Attributes:
        sent: here, before it was sent.
        received: there, after it was received.
    """

    sent: float
    received: float

    def proves(self, read: float) -> float:
        """Return a time of the clock here that is not later than when the clock there showed `read`."""
        elapsed = read - self.received
        return self.sent + elapsed - abs(elapsed) * DRIFT


class Freshness:
    """How old what we know is.

    Args:
        bound: seconds after which it is not relied on.

    Attributes:
        proved_at: by the clock here, what we know is at least as new as this.
    """

    def __init__(self, bound: float) -> None:
        self.bound = bound
        self.proved_at = NEVER
        self._date_ahead_ms = 0.0

    def prove(self, anchor: Anchor, read: float, date: int, now: float) -> None:
        """Take a beat: everything that was committed when the clock there showed `read` is known here now.

        Args:
            anchor: of the connection that it came by.
            read: as the server says.
            date: the server's date when it said that, in milliseconds since the Unix epoch.
            now: the clock here.

        Raises:
            Untrue: it would have been read in the future.
        """
        proved = anchor.proves(read)
        if proved > now:
            raise Untrue("a beat from the future")
        if proved >= self.proved_at:  # of an older connection there may be a newer one
            self.proved_at, self._date_ahead_ms = proved, date - proved * 1000

    def is_fresh(self, now: float, now_ms: int) -> bool:
        """Whether what we know may be relied on.

        Args:
            now: the clock here, in seconds.
            now_ms: the date here, milliseconds since the Unix epoch.
        """
        return now - self.proved_at < self.bound and not self.is_behind(now, now_ms)

    def is_behind(self, now: float, now_ms: int) -> bool:
        """Whether the date here is so far behind the server's that dead tokens may seem alive."""
        return self._date_ahead_ms + now * 1000 - now_ms > MAX_BEHIND_MS
