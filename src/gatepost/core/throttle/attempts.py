"""One line before the work: `await core.attempts.spend(Action.PASSWORD_RESET, origin, subject=address)`.

It takes one unit each of the budget of the source, of the source with the subject, of the subject and of everyone. A
subject is any text that the caller sent, whether anybody is behind it or not: nothing here tells the two apart.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from gatepost.core.audit import Origin
from gatepost.core.throttle.actions import COSTING, MAIL, SENDING, Action, Scope
from gatepost.core.throttle.domain import Budget, Unit, network_of
from gatepost.core.throttle.guard import Taken, Throttle
from gatepost.core.throttle.memory import MemoryStore
from gatepost.core.throttle.trail import Trail
from gatepost.kernel.errors import Busy, ThrottleSpent
from gatepost.kernel.purpose import Purpose, PurposeKeys
from gatepost.kernel.tokens import keyed_hash
from gatepost.storage.database import Database

__all__ = ["Action", "Attempts"]


class Attempts:
    """The budgets of everything that guesses, sends or costs, but of passwords, which `Login` counts."""

    def __init__(
        self, database: Database, throttle: Throttle, keys: PurposeKeys, budgets: Mapping[str, Budget]
    ) -> None:
        self._throttle = throttle
        own = MemoryStore(database.clock)
        self._own = Throttle(own, own)
        self._keys = keys
        self._budgets = budgets
        self._trail = Trail(database)

    async def spend(self, action: Action, origin: Origin, *, subject: str | None = None) -> Taken:
        """Take one of each budget of an action; call it before the work.

        Args:
            action: what is about to be done.
            origin: where the request came from.
            subject: whom it is about, normalized: the address that would be mailed, or the id of a user.

        Returns:
            What was taken: `give_back()` where it was nobody's attempt (a full queue).

        Raises:
            ThrottleSpent: one of them is empty; what was taken before it stays taken.
            Unavailable: a store cannot be reached.
        """
        address, account = self._units(action, origin, subject)
        throttle = self._own if action in COSTING else self._throttle
        try:
            return await throttle.take(address=address, account=account)
        except ThrottleSpent as refusal:
            await self._trail.record(refusal, [*address, *account], origin)
            raise

    @asynccontextmanager
    async def around(self, action: Action, origin: Origin, *, subject: str | None = None) -> AsyncIterator[None]:
        """Spend as `spend` does, around the work; a full hash queue was nobody's attempt."""
        taken = await self.spend(action, origin, subject=subject)
        try:
            yield
        except Busy:
            await taken.give_back()
            raise

    async def clear(self, action: Action, *, subject: str) -> None:
        """Give a subject its whole budget again."""
        await self._throttle.clear(account=self._named([f"{action}.{Scope.SUBJECT}"], self._hash(subject)))

    def of_subject(self, subject: str) -> list[Unit]:
        """Return every budget of a subject, but those with one source."""
        return self._named([f"{name}.{Scope.SUBJECT}" for name in (*Action, MAIL)], self._hash(subject))

    def of_address(self, network: str) -> list[Unit]:
        """Return every budget of a source that processes share."""
        names = [f"{action}.{Scope.ADDRESS}" for action in Action if action not in COSTING]
        return self._named(names, self._hash(network))

    async def prune(self) -> int:
        """Forget what this process counts for itself and says nothing any more; return how many keys."""
        return await self._own.prune()

    def _units(self, action: Action, origin: Origin, subject: str | None) -> tuple[list[Unit], list[Unit]]:
        network = network_of(origin.ip)
        address = self._named([f"{action}.{Scope.ADDRESS}"], self._hash(network))
        account = []
        if subject is not None:
            mail = [f"{MAIL}.{Scope.SUBJECT}"] if action in SENDING else []
            account += self._named([f"{action}.{Scope.PAIR}"], self._hash(network, subject))
            account += self._named([f"{action}.{Scope.SUBJECT}", *mail], self._hash(subject))
        return address, account + self._named([f"{action}.{Scope.EVERYONE}"], Scope.EVERYONE)

    def _named(self, names: list[str], key: str) -> list[Unit]:
        return [Unit(self._budgets[name], key) for name in names if name in self._budgets]

    def _hash(self, *parts: str) -> str:
        return keyed_hash(self._keys.current(Purpose.THROTTLE_KEY), *parts)
