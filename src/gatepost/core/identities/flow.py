"""Accounts elsewhere, as a user has them: entering with one, connecting, disconnecting, and what it lets code do there.

A user is never left without a way in: under the lock of the user's row it is read what else there is, and only then
one goes. What was opened by an account that is disconnected ends with it.
"""

import uuid
from collections.abc import Mapping, Sequence

from gatepost.core.audit import Origin
from gatepost.core.federation.policy import ProviderPolicy
from gatepost.core.federation.redeemed import Redeemed
from gatepost.core.federation.tokens import KeptTokens
from gatepost.core.identities import store
from gatepost.core.identities.domain import Identity, leaves_a_way_in
from gatepost.core.identities.entering import Entering
from gatepost.core.identities.errors import IdentityTaken, LastWayIn
from gatepost.core.identities.logout import log_out
from gatepost.core.identities.policy import IdentityPolicy
from gatepost.core.identities.reading import check_account
from gatepost.core.identities.records import Records
from gatepost.core.sessions.ending import end_sessions
from gatepost.core.sessions.flow import Services
from gatepost.core.users import store as users
from gatepost.kernel.errors import NotAuthenticated, NotFound
from gatepost.kernel.events import Listeners
from gatepost.kernel.ids import uuid7
from gatepost.storage.unit_of_work import UnitOfWork, unit_of_work
from gatepost.trust.logout_tokens import LogoutToken


class Identities:
    """The accounts elsewhere of one Gatepost's users."""

    def __init__(
        self,
        *,
        services: Services,
        listeners: Listeners,
        entering: Entering,
        records: Records,
        tokens: KeptTokens,
        providers: Mapping[str, ProviderPolicy],
        policy: IdentityPolicy,
    ) -> None:
        self._services = services
        self._database = services.database
        self._listeners = listeners
        self._records = records
        self._providers = providers
        self._policy = policy
        self.tokens = tokens
        self.enter = entering.enter
        self.enter_app = entering.enter_app
        self.open_app = entering.open_app

    async def token(self, user_id: uuid.UUID, provider: str) -> str:
        """Return a provider's access token for a user, good now, for code that acts there for them.

        Raises:
            ProviderTokenGone: none is kept, or the provider renews it no more: the user has to connect again.
        """
        named = self._providers.get(provider)
        return await self.tokens.of(user_id, provider, issuer=None if named is None else named.only_issuer)

    async def listing(self, user_id: uuid.UUID) -> list[Identity]:
        """Return a user's accounts elsewhere, oldest first."""
        return [_identity(row) for row in await self._database.hot.read(store.listing, {"user_id": user_id})]

    def provider_of(self, one: Identity) -> ProviderPolicy | None:
        """Return the provider of an account as settings have it now; None where it is no longer there."""
        named = self._providers.get(one.provider or "")
        if named is not None and named.only_issuer in {None, one.issuer}:  # a name may be another provider's by now
            return named
        return next((each for each in self._providers.values() if each.issuer == one.issuer), None)

    async def link(self, redeemed: Redeemed, user_id: uuid.UUID, session_id: uuid.UUID, origin: Origin) -> uuid.UUID:
        """Connect an account elsewhere to a user who is signed in; what is connected already stays so.

        Args:
            redeemed: who came back.
            user_id: who asked for it.
            session_id: in which session, which must still be open.
            origin: where.

        Raises:
            NotAuthenticated: that session is over.
            IdentityTaken: the account is another user's.
        """
        check_account(redeemed.account, redeemed.upstream_sid)
        identity_id, records = uuid7(self._database.clock.now_ms()), self._records
        async with unit_of_work(self._database, self._listeners) as work:
            await work.run(users.by_id_for_update, user_id=user_id)
            if not await work.run(store.is_living_session, session_id=session_id, user_id=user_id):
                raise NotAuthenticated
            if rows := await records.use(work, redeemed, user_id):
                identity_id = rows[0][0]
            elif await records.insert(work, redeemed, user_id, identity_id):
                await records.tell_linked(work, redeemed, user_id, origin, reason="account")
            else:
                raise IdentityTaken(evidence=[records.refusal(redeemed, IdentityTaken(), user_id, origin)])
            await records.keep_tokens(work, redeemed, identity_id)
        return identity_id

    async def unlink(
        self, user_id: uuid.UUID, identity_id: uuid.UUID, origin: Origin, *, kept: uuid.UUID | None = None
    ) -> None:
        """Disconnect one account elsewhere of a user, and end what it opened.

        Args:
            user_id: whose.
            identity_id: which.
            origin: where it was asked for.
            kept: the session that asks, which goes on.

        Raises:
            NotFound: it is none of theirs.
            LastWayIn: nothing else would let them in.
        """
        async with unit_of_work(self._database, self._listeners) as work:
            one, others = await self._locked(work, user_id, identity_id)
            if not await self._leaves_a_way_in(work, user_id, others):
                raise LastWayIn
            await self._remove(work, one, origin, reason="account", kept=kept)

    async def remove(self, user_id: uuid.UUID, identity_id: uuid.UUID, origin: Origin) -> None:
        """Take one account elsewhere from a user, for an administrator, who may leave them without a way in.

        Raises:
            NotFound: it is none of theirs.
        """
        async with unit_of_work(self._database, self._listeners) as work:
            one, _ = await self._locked(work, user_id, identity_id)
            await self._remove(work, one, origin, reason="administrator")

    async def remove_all(self, work: UnitOfWork, user_id: uuid.UUID, origin: Origin, *, reason: str) -> None:
        """Take every account elsewhere from a user, in a transaction in which every session of theirs has ended."""
        for row in await work.run(store.listing, user_id=user_id):
            one = _identity(row)
            await work.run(store.remove_identity, identity_id=one.id, user_id=user_id)
            await self._records.note_unlinked(work, one, origin, reason=reason)

    async def log_out(self, token: LogoutToken, origin: Origin) -> bool:
        """End what stands on a session there that is over; return whether this token was not taken before."""
        return await log_out(self._services, self._listeners, token, origin)

    async def prune(self) -> int:
        """Forget logouts that nothing can come too late for any more; return how many."""
        return len((await self._database.hot.run((store.prune_logouts, {})))[0])

    async def _locked(
        self, work: UnitOfWork, user_id: uuid.UUID, identity_id: uuid.UUID
    ) -> tuple[Identity, Sequence[Identity]]:
        """Return one account of a user, and the others, under the lock of the user's row."""
        await work.run(users.by_id_for_update, user_id=user_id)
        found = {row[0]: _identity(row) for row in await work.run(store.listing, user_id=user_id)}
        one = found.pop(identity_id, None)
        if one is None:
            raise NotFound
        return one, list(found.values())

    async def _leaves_a_way_in(self, work: UnitOfWork, user_id: uuid.UUID, others: Sequence[Identity]) -> bool:
        user = (await work.run(users.by_id, user_id=user_id))[0]
        return leaves_a_way_in(
            has_password=bool(await work.run(store.has_password, user_id=user_id)),
            has_mail_sign_in=self._policy.signs_in_by_mail and user[1] is not None and bool(user[2]),
            has_other=any(self.provider_of(other) is not None for other in others),
        )

    async def _remove(
        self, work: UnitOfWork, one: Identity, origin: Origin, *, reason: str, kept: uuid.UUID | None = None
    ) -> None:
        opened = await work.run(store.sessions_of_identity, identity_id=one.id)
        ending = [(session_id, user_id) for session_id, user_id in opened if session_id != kept]
        await end_sessions(work, self._database, self._services.feed.apply_own, ending)
        await work.run(store.remove_identity, identity_id=one.id, user_id=one.user_id)
        provider = self.provider_of(one)
        label = (provider.label if provider is not None else None) or one.provider or ""
        await self._records.tell_unlinked(work, one, label, origin, reason=reason)


def _identity(row: tuple[object, ...]) -> Identity:
    names = ("id", "user_id", "issuer", "subject", "provider", "email", "name", "created_at", "used_at")
    return Identity(**dict(zip(names, row, strict=True)))  # type: ignore[arg-type]  # a row of `store.COLUMNS`
