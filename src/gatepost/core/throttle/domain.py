"""The generic cell rate algorithm (ITU-T I.371, annex A): one integer a key, and no counting job.

The integer is the theoretical arrival time (`tat`): when the key will have its whole budget again. A unit moves it
one emission interval further; a unit that would move it further than the whole budget reaches is refused. All in
whole microseconds, so that every store decides alike. The SQL and Lua stores repeat `next_tat` in their language, and
`tests/throttle` holds them to it.

A key that failures have spent is locked beyond that, for longer each time: see `next_lock_us`.
"""

import ipaddress
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gatepost.storage.statement import Step

MICROSECONDS = 1_000_000
MOST_READ = 20  # the most spent, of keys of one family
_IPV6_NETWORK_BITS = 64


@dataclass(frozen=True, slots=True)
class Budget:
    """`limit` units at once, refilled evenly over `period` seconds."""

    name: str
    limit: int
    period: float

    def __post_init__(self) -> None:
        if self.limit < 1 or not 0 < self.period < math.inf:
            msg = f"budget {self.name}: the limit must be at least 1 and the period more than 0 seconds"
            raise ValueError(msg)

    @property
    def interval_us(self) -> int:
        """The emission interval, rounded up: never more generous than promised."""
        return math.ceil(self.period * MICROSECONDS / self.limit)

    @property
    def window_us(self) -> int:
        """How far ahead of now the theoretical arrival time may lie: the whole budget."""
        return self.interval_us * self.limit


@dataclass(frozen=True, slots=True)
class Unit:
    """One attempt of one key; the key is a keyed hash or a plain address."""

    budget: Budget
    key: str

    @property
    def name(self) -> str:
        """The key under which stores keep it."""
        return f"{self.budget.name}:{self.key}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The budget that is spent, and the whole seconds (at least 1) until it has a unit again."""

    budget: Budget
    retry_after: int


@dataclass(frozen=True, slots=True)
class Level:
    """How a key stands.

    Attributes:
        spent: how many units, begun ones counted as whole.
        retry_after: whole seconds until there is a unit again; 0 where there is one.
        is_locked: failures have locked it, and it is not over yet.
    """

    budget: Budget
    spent: int
    retry_after: int
    is_locked: bool = False


class ThrottleStore(Protocol):
    """Where budgets are kept; `Unavailable` when it cannot tell, never an answer in favor of the caller."""

    async def take(self, units: Sequence[Unit]) -> Refusal | None:
        """Take one of each in order; exact under concurrency; stop at the first refusal, what was taken stays taken."""

    async def give_back(self, units: Sequence[Unit]) -> None:
        """Return one of each; a key never has more than its whole budget."""

    async def clear(self, unit: Unit) -> None:
        """Give the key its whole budget."""

    async def read(self, unit: Unit) -> Level:
        """Tell how the key stands; nothing is taken."""

    async def prune(self) -> int:
        """Forget keys that have their whole budget again; return how many."""


class AccountStore(ThrottleStore, Protocol):
    """Where budgets are kept whose failures lock."""

    async def fail(
        self, evidence: Sequence[Step], units: Sequence[Unit], *, locked: Sequence[Step], first: Sequence[Step]
    ) -> bool:
        """Write the evidence of a failure, and lock what is spent and not locked yet; all in one transaction.

        Args:
            evidence: is written in any case.
            units: what the attempt had taken, in the same order.
            locked: is written if this failure locks the last unit; of several at once, one does.
            first: likewise, unless it had been locked before and was not whole since.

        Returns:
            Whether this failure locked the last unit.
        """

    async def clear_family(self, unit: Unit) -> None:
        """Give the key, and every key that begins with it and a dot, its whole budget."""

    async def read_family(self, unit: Unit) -> Sequence[Level]:
        """Tell how the key and those that begin with it and a dot stand: what is not whole, `MOST_READ` of them."""


def next_lock_us(budget: Budget, lock_us: int) -> int:
    """Return how long a spent key is locked after a lock of `lock_us` (0: none since it was whole).

    From one interval it doubles up to the period, so that it grows while guessing goes on, and ends.
    """
    return min(max(2 * lock_us, budget.interval_us), budget.window_us)


def locked_tat(budget: Budget, tat: int, now_us: int, lock_us: int) -> int:
    """Return the theoretical arrival time with which the next unit is there when the lock ends."""
    return max(tat, now_us + lock_us + budget.window_us - budget.interval_us)


def is_spent(budget: Budget, tat: int, now_us: int) -> bool:
    """Whether one more unit would be refused."""
    return tat + budget.interval_us > now_us + budget.window_us


def next_tat(budget: Budget, tat: int, now_us: int) -> int | None:
    """Return the theoretical arrival time after one more unit, None where that is refused.

    A `tat` more than two windows ahead comes from a clock that was stepped back or a budget that was longer before:
    the key then counts as spent to the last unit, so that it is neither free nor locked for ever.
    """
    if tat > now_us + 2 * budget.window_us:
        return now_us + budget.window_us
    moved = max(tat, now_us) + budget.interval_us
    return moved if moved <= now_us + budget.window_us else None


def refuse(budget: Budget, tat: int, now_us: int) -> Refusal:
    """Return the refusal that says when one unit is there again."""
    wait_us = tat + budget.interval_us - budget.window_us - now_us
    return Refusal(budget, max(1, -(-wait_us // MICROSECONDS)))


def level_of(budget: Budget, tat: int, now_us: int, locked_until_us: int = 0) -> Level:
    """Return how a key stands; see `next_tat` for one that is absurdly far ahead."""
    if tat > now_us + 2 * budget.window_us:
        tat = now_us + budget.window_us - budget.interval_us
    spent = -(-max(0, tat - now_us) // budget.interval_us)
    wait = refuse(budget, tat, now_us).retry_after if is_spent(budget, tat, now_us) else 0
    return Level(budget, min(spent, budget.limit), wait, locked_until_us > now_us)


def network_of(ip: str | None) -> str:
    """Return what counts as one source: an IPv4 address, or the /64 that one subscriber of IPv6 is given."""
    if ip is None:
        return "unknown"
    address = ipaddress.ip_address(ip)
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), _IPV6_NETWORK_BITS), strict=False).network_address)
    return str(address)
