"""A leaky bucket, the textbook's way: what every store of budgets must decide."""

import math
from fractions import Fraction

from gatepost.core.throttle.domain import Budget


class LeakyBucket:
    """Holds at most `limit` units and leaks one every interval."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._level = Fraction(0)

    def wait(self, microseconds: int) -> None:
        self._level = max(Fraction(0), self._level - Fraction(microseconds, self._budget.interval_us))

    def take(self) -> bool:
        if self._level + 1 > self._budget.limit:
            return False
        self._level += 1
        return True

    def give_back(self) -> None:
        self._level = max(Fraction(0), self._level - 1)

    def begun(self) -> int:
        """How many units are in it, those that have begun to leak counted as whole."""
        return math.ceil(self._level)

    def seconds_to_wait(self) -> Fraction:
        """Until one unit fits again."""
        return (self._level + 1 - self._budget.limit) * self._budget.interval_us / 1_000_000
