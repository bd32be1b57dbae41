"""Entering with an account elsewhere.

What `domain.decide` says is decided from rows that were read before; the transaction that carries it out finds every
one of them as it was, or begins anew. So of several callbacks of one new account one makes the user and the others
sign in, and of a sign-up and a sign-in with the same address one comes first. The user's row is locked before what
belongs to it, as everywhere.
"""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from gatepost.core.audit import Origin
from gatepost.core.devices.flow import Devices
from gatepost.core.federation.redeemed import Redeemed
from gatepost.core.identities import store
from gatepost.core.identities.domain import METHOD, Entered, Outcome, Rules, Standing, decide
from gatepost.core.identities.policy import IdentityPolicy
from gatepost.core.identities.reading import (
    address_of,
    check_account,
    full_name_of,
    locale_of,
    made_up_username,
    username_of,
)
from gatepost.core.identities.records import Records, noting
from gatepost.core.identities.take_over import take_over
from gatepost.core.login.flow import Login, Then, Wanted
from gatepost.core.proofs import Proofs
from gatepost.core.sessions.flow import Opened, Services
from gatepost.core.users import store as users
from gatepost.core.users.domain import NewUser
from gatepost.core.users.flow import Users
from gatepost.kernel.errors import AuthError, LoginFailed, Unavailable
from gatepost.kernel.events import Listeners
from gatepost.kernel.ids import uuid7
from gatepost.storage.errors import is_conflict
from gatepost.storage.statement import Row
from gatepost.storage.unit_of_work import UnitOfWork, Within, record_evidence, unit_of_work

_ATTEMPTS = 5
WithinEntered = Callable[[UnitOfWork, Entered], Awaitable[None]]
T = TypeVar("T")


class _Overtaken(Exception):
    """What was decided from is no longer so: decide again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What was decided, and for whom; `epoch` is the user's once it is carried out."""

    redeemed: Redeemed
    outcome: Outcome
    user_id: uuid.UUID
    epoch: int
    identity_id: uuid.UUID
    address: str | None  # where the provider has verified it

    @property
    def entered(self) -> Entered:
        return Entered(
            user_id=self.user_id,
            epoch=self.epoch,
            identity_id=self.identity_id,
            upstream_sid=self.redeemed.upstream_sid,
            asked_at=self.redeemed.asked_at,
        )


class Entering:
    """Who somebody at a provider is here."""

    def __init__(
        self,
        *,
        services: Services,
        listeners: Listeners,
        users: Users,
        login: Login,
        proofs: Proofs,
        devices: Devices,
        records: Records,
        policy: IdentityPolicy,
    ) -> None:
        self._services = services
        self._database = services.database
        self._listeners = listeners
        self._users = users
        self._login = login
        self._proofs = proofs
        self._devices = devices
        self._records = records
        self._policy = policy

    async def enter(self, redeemed: Redeemed, wanted: Wanted) -> Opened:
        """Open a session for who comes from a provider; what that makes or connects stands in the same transaction.

        Raises:
            NoAccount, EmailUnverified, LinkRequired: as in `decide`.
            FactorRequired: another factor remains; nothing is connected and no session exists.
            LoginFailed: the user is disabled or gone, the epoch has moved, or a logout there came meanwhile.
            Refused: a listener within the transaction does not want this user.
        """

        async def attempt(plan: _Plan) -> Opened:
            async def within(work: UnitOfWork) -> None:
                await self._carry_out(work, plan, wanted.origin)

            then = noting(plan.entered)
            return await self._login.open(plan.user_id, plan.epoch, METHOD, wanted, within=within, then=then)

        return await self._attempted(redeemed, wanted.origin, attempt)

    async def enter_app(self, redeemed: Redeemed, origin: Origin, *, within: WithinEntered) -> Entered:
        """Do the same but for the session, which an application opens by the code that `within` issues.

        Raises:
            AuthError: as in `enter`.
        """

        async def attempt(plan: _Plan) -> Entered:
            await self._login.require_factors(plan.user_id, METHOD)
            async with unit_of_work(self._database, self._listeners) as work:
                await self._carry_out(work, plan, origin)
                await within(work, plan.entered)
            return plan.entered

        return await self._attempted(redeemed, origin, attempt)

    async def open_app(self, entered: Entered, wanted: Wanted, *, within: Within, then: Then) -> Opened:
        """Open the session of who has entered, for the application that was given the code.

        Args:
            entered: as it was noted with the code.
            wanted: the session.
            within: uses the code up, after the user's row is locked; it may refuse.
            then: what belongs to the transaction once the session exists.

        Raises:
            FactorRequired, LoginFailed: as in `enter`; also where the account was disconnected meanwhile.
        """

        async def locked(work: UnitOfWork) -> None:
            await self._records.await_logouts(work)
            await work.run(users.by_id_for_update, user_id=entered.user_id)
            await within(work)
            rows = await work.run(store.subject_of, identity_id=entered.identity_id, user_id=entered.user_id)
            if not rows:
                raise LoginFailed
            issuer, subject = rows[0]
            await self._records.refuse_logged_out(work, entered, issuer, subject, wanted.origin)

        note = noting(entered, then)
        return await self._login.open(entered.user_id, entered.epoch, METHOD, wanted, within=locked, then=note)

    # --- deciding

    async def _attempted(self, redeemed: Redeemed, origin: Origin, attempt: Callable[[_Plan], Awaitable[T]]) -> T:
        for _ in range(_ATTEMPTS):
            try:
                return await attempt(await self._planned(redeemed, origin))
            except _Overtaken:
                continue
            except Exception as error:
                if not is_conflict(error):
                    raise
        raise Unavailable("others kept changing the same account")

    async def _planned(self, redeemed: Redeemed, origin: Origin) -> _Plan:
        account = redeemed.account
        check_account(account, redeemed.upstream_sid)
        address, word = address_of(account)
        read = self._database.hot.read
        found = await read(store.standing_of_subject, {"issuer": account.issuer, "subject": account.subject})
        owner = _standing(found[0][1:]) if found else None
        near = await read(store.standing_of_address, {"email": address}) if word else []
        local = _standing(near[0]) if near else None
        try:
            outcome = decide(owner, word, local, self._rules(redeemed))
        except AuthError as refusal:
            subject = owner or local
            refused = self._records.refusal(redeemed, refusal, subject.user_id if subject else None, origin)
            refusal.evidence = (refused,)
            await record_evidence(self._database, refusal)
            raise
        user = None if outcome is Outcome.SIGN_UP else owner or local
        now = self._database.clock.now_ms()
        return _Plan(
            redeemed=redeemed,
            outcome=outcome,
            user_id=user.user_id if user is not None else uuid7(now),
            epoch=user.epoch + (outcome is Outcome.TAKE_OVER) if user is not None else 0,
            identity_id=found[0][0] if found else uuid7(now),
            address=address if word else None,
        )

    def _rules(self, redeemed: Redeemed) -> Rules:
        provider = redeemed.provider
        return Rules(
            signs_up=provider.signs_up,
            links_by_address=provider.links_by_address,
            needs_address=self._policy.needs_address,
        )

    # --- carrying it out

    async def _carry_out(self, work: UnitOfWork, plan: _Plan, origin: Origin) -> None:
        redeemed, user_id = plan.redeemed, plan.user_id
        await self._records.await_logouts(work)
        if plan.outcome is Outcome.SIGN_UP:
            await self._sign_up(work, plan, origin)
        elif plan.outcome is Outcome.TAKE_OVER:
            await self._take_over(work, plan, origin)
        else:
            await self._lock(work, plan)
        if plan.outcome is Outcome.SIGN_IN:
            if not await self._records.use(work, redeemed, user_id):
                raise _Overtaken
        else:
            if not await self._records.insert(work, redeemed, user_id, plan.identity_id):
                raise _Overtaken
            await self._records.tell_linked(work, redeemed, user_id, origin, reason=plan.outcome.value)
        account = redeemed.account
        await self._records.refuse_logged_out(work, plan.entered, account.issuer, account.subject, origin)
        await self._records.keep_tokens(work, redeemed, plan.identity_id)

    async def _lock(self, work: UnitOfWork, plan: _Plan) -> None:
        rows = await work.run(users.by_id_for_update, user_id=plan.user_id)
        if not rows:
            raise LoginFailed
        _, email, is_verified, *_ = rows[0]
        if plan.outcome is Outcome.LINK and not (is_verified and email == plan.address):
            raise _Overtaken

    async def _sign_up(self, work: UnitOfWork, plan: _Plan, origin: Origin) -> None:
        account, email = plan.redeemed.account, plan.address
        new = NewUser(
            email=email,
            email_verified=email is not None,
            username=await self._username(work, plan) if email is None else None,
            full_name=full_name_of(account),
            locale=locale_of(account) or origin.language,
        )
        if not await self._users.insert(work, plan.user_id, new, origin=origin):
            raise _Overtaken

    async def _username(self, work: UnitOfWork, plan: _Plan) -> str:
        """Return a name to be found by, for who has no address."""
        proposed = username_of(plan.redeemed.account)
        if proposed is None or await work.run(users.by_identifier, identifier=proposed):
            return made_up_username()
        return proposed

    async def _take_over(self, work: UnitOfWork, plan: _Plan, origin: Origin) -> None:
        if await work.run(users.bump_epoch, user_id=plan.user_id) != [(plan.epoch,)]:
            raise _Overtaken
        is_taken = await take_over(
            self._services,
            self._proofs,
            self._devices,
            work,
            user_id=plan.user_id,
            email=plan.address,
            epoch=plan.epoch,
            origin=origin,
        )
        if not is_taken:
            raise _Overtaken


def _standing(row: Row) -> Standing:
    user_id, epoch, disabled_at, is_verified, has_roles = row
    return Standing(
        user_id=user_id,
        epoch=epoch,
        is_disabled=disabled_at is not None,
        is_verified=bool(is_verified),
        has_roles=bool(has_roles),
    )
