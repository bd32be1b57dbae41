"""One guess at a secret of a user: what it takes before it is looked at, and what its failure leaves behind.

A lock is a budget that failures have spent (docs/decisions/0010-lockout.md). It refuses before anything is verified,
for everybody alike, and never a known device of the user, which has a budget of its own. What could go wrong: a lock
that strangers hold shut, which is why it ends and why its mail carries a way in; a mail for each failure, which is
why a lock tells once until the budget was whole again.
"""

import logging
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.devices.flow import Devices
from gatepost.core.login.domain import Locked, LoginPolicy, LoginUnits, Units
from gatepost.core.login.events import AccountLocked, ManySignInsFailed, SignInFailed
from gatepost.core.outbox import Job, MailKind, enqueue_step
from gatepost.core.throttle import Taken, Throttle
from gatepost.core.throttle.trail import Trail
from gatepost.kernel.errors import AuthError, ThrottleSpent, Unavailable
from gatepost.kernel.events import Event, Listeners
from gatepost.kernel.purpose import PurposeKeys
from gatepost.storage.database import Database
from gatepost.storage.statement import Step

_log = logging.getLogger("gatepost.login")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """An attempt under way; it fails, or it gives back what it took."""

    user_id: uuid.UUID | None
    origin: Origin
    units: Units
    taken: Sequence[Taken]

    async def give_back(self) -> None:
        """Return what it took and nobody else's, once: it was right."""
        for taken in self.taken:
            await taken.give_back()


class Guesses:
    """The budgets of whoever tries a password or a code of a user, on whatever path."""

    def __init__(
        self,
        database: Database,
        listeners: Listeners,
        throttle: Throttle,
        keys: PurposeKeys,
        policy: LoginPolicy,
        devices: Devices,
    ) -> None:
        self._database = database
        self._listeners = listeners
        self._throttle = throttle
        self._keys = keys
        self._policy = policy
        self.units = LoginUnits(policy, keys)
        self._devices = devices
        self._trail = Trail(database)

    async def begin(self, identifier: str, user_id: uuid.UUID | None, origin: Origin, device: str | None) -> Guess:
        """Take one of each budget of an attempt, before anything is verified.

        Args:
            identifier: who was named, normalized.
            user_id: who that is, if anybody.
            origin: where the request came from.
            device: the value of the device cookie, as it was presented.

        Raises:
            ThrottleSpent: one is empty; the same answer whoever it is, and whether the secret was right or not.
            Unavailable: a store cannot be reached.
        """
        known = await self._devices.device_of(device, user_id)
        units = self.units.of(identifier, user_id, ip=origin.ip, device=known)
        try:
            taken = [await self._throttle.take(address=units.address), await self._spread(units)]
            taken.append(await self._throttle.take(account=units.account))
        except ThrottleSpent as refusal:
            await self._trail.record(refusal, [*units.address, *units.spread, *units.account], origin, user_id)
            raise
        return Guess(user_id=user_id, origin=origin, units=units, taken=taken)

    @asynccontextmanager
    async def around(
        self, identifier: str, user_id: uuid.UUID | None, origin: Origin, device: str | None
    ) -> AsyncIterator[None]:
        """Begin as `begin` does, around the comparison: a refusal of it has failed, anything else gives back."""
        guess = await self.begin(identifier, user_id, origin, device)
        try:
            yield
        except Unavailable:
            raise  # nobody knows; what was taken stays taken
        except AuthError:
            await self._listeners.after(await self.failed(guess))
            raise
        await guess.give_back()

    async def failed(self, guess: Guess) -> Sequence[Event]:
        """Record a failure, and lock what it has spent, in one transaction; return what listeners should hear."""
        user_id, origin = guess.user_id, guess.origin
        events: list[Event] = [SignInFailed(user_id=user_id, ip=origin.ip)]
        is_locked = await self._throttle.account.fail(
            [self._record(AuditEvent.LOGIN_FAILED, user_id, origin)],
            guess.units.account,
            locked=[self._record(AuditEvent.LOGIN_LOCKED, user_id, origin, what=guess.units.locks.value)],
            first=self._notice(guess),
        )
        if is_locked and user_id is not None:
            events.append(AccountLocked(user_id=user_id, ip=origin.ip))
        if await self._is_alarming():
            events.append(await self._alarm())
        return events

    async def clear(self, user_id: uuid.UUID) -> None:
        """Give a user every budget back, from wherever it was spent."""
        for unit in self.units.of_subject("", user_id):
            await self._throttle.account.clear_family(unit)

    async def _spread(self, units: Units) -> Taken:
        """Take one more identifier that this source may fail at, unless it has failed at this one before.

        The unit of the source comes first: taken second, two attempts at once would pass for one identifier.
        """
        spread = await self._throttle.take(address=units.spread)
        try:
            seen = await self._throttle.take(address=units.seen)
        except ThrottleSpent:
            await spread.give_back()
            return Taken([])
        return Taken([*spread.steps, *seen.steps])

    def _notice(self, guess: Guess) -> list[Step]:
        """Return the mail to the owner of an account that is locked for the first time since it was whole."""
        if guess.user_id is None or guess.units.locks is not Locked.ACCOUNT:
            return []
        job = Job(kind=MailKind.ACCOUNT_LOCKED, user_id=guess.user_id, details=guess.origin.words)
        return [enqueue_step(self._database.clock, self._keys, job)]

    async def _is_alarming(self) -> bool:
        """Whether more fail than usual, everywhere together, and nobody said so in the last minute."""
        failure, alarm = self.units.of_everybody()
        account = self._throttle.account
        return await account.take([failure]) is not None and await account.take([alarm]) is None

    async def _alarm(self) -> ManySignInsFailed:
        budget = self._policy.failures
        _log.warning("login.many_failed: more than %d in %d s", budget.limit, budget.period)
        detail = {"limit": str(budget.limit), "seconds": str(int(budget.period))}
        step = audit_step(self._database.clock, AuditEvent.LOGIN_MANY_FAILED, detail=detail)
        await self._database.hot.run(step)
        return ManySignInsFailed(limit=budget.limit, seconds=int(budget.period))

    def _record(self, event: AuditEvent, user_id: uuid.UUID | None, origin: Origin, **detail: str) -> Step:
        return audit_step(self._database.clock, event, subject_id=user_id, origin=origin, detail=detail)
