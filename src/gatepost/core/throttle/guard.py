"""The budgets of one attempt, taken in order from the stores that keep them.

First what is cheap and near the attacker (the address), then what protects the account. What was taken before a
refusal stays taken: otherwise a spent account would make attempts free for the address.
"""

import math
from collections.abc import Sequence

from gatepost.core.throttle.domain import AccountStore, ThrottleStore, Unit
from gatepost.kernel.errors import ThrottleSpent

_Step = tuple[ThrottleStore, Sequence[Unit]]


class Taken:
    """The units of one attempt; a success gives back its own and nobody else's."""

    __slots__ = ("steps",)

    def __init__(self, steps: Sequence[_Step]) -> None:
        self.steps = steps

    async def give_back(self) -> None:
        """Return these units, once: a second call does nothing."""
        steps, self.steps = self.steps, ()
        for store, units in steps:
            await store.give_back(units)


class Throttle:
    """Composes the store of the account budgets and the store of the address budgets; they may be one."""

    __slots__ = ("account", "address")

    def __init__(self, account: AccountStore, address: ThrottleStore) -> None:
        self.account = account
        self.address = address

    async def take(self, *, address: Sequence[Unit] = (), account: Sequence[Unit] = ()) -> Taken:
        """Take one of each unit, those of the address first.

        Raises:
            ThrottleSpent: a budget is empty; it says which one, and when that has a unit again.
            Unavailable: a store cannot be reached.
        """
        steps = self._steps(address, account)
        for store, units in steps:
            refusal = await store.take(units)
            if refusal is not None:
                budget, seconds = refusal.budget, math.ceil(refusal.budget.period)
                raise ThrottleSpent(budget.name, retry_after=refusal.retry_after, limit=budget.limit, seconds=seconds)
        return Taken(steps)

    async def clear(self, *, address: Sequence[Unit] = (), account: Sequence[Unit] = ()) -> None:
        """Give these keys their whole budget (a reset password, an operator)."""
        for store, units in self._steps(address, account):
            for unit in units:
                await store.clear(unit)

    async def prune(self) -> int:
        """Forget what says nothing any more; return how many keys."""
        stores = [self.account] if self.account is self.address else [self.account, self.address]
        return sum([await store.prune() for store in stores])

    def _steps(self, address: Sequence[Unit], account: Sequence[Unit]) -> list[_Step]:
        if self.account is self.address:  # one transaction instead of two
            steps: list[_Step] = [(self.account, (*address, *account))]
        else:
            steps = [(self.address, address), (self.account, account)]
        return [(store, units) for store, units in steps if units]
