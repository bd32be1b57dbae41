"""What is written of an account elsewhere, and who is told: in the transaction of a sign-in, a link or an end."""

import uuid

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.federation.redeemed import Redeemed
from gatepost.core.federation.tokens import KeptTokens
from gatepost.core.identities import store
from gatepost.core.identities.domain import Entered, Identity, Outcome
from gatepost.core.identities.events import IdentityLinked, IdentityUnlinked
from gatepost.core.identities.reading import address_of, shown_name
from gatepost.core.login.flow import Then
from gatepost.core.outbox import Job, MailKind, enqueue_step
from gatepost.kernel.errors import AuthError, LoginFailed
from gatepost.kernel.purpose import PurposeKeys
from gatepost.storage.database import Database
from gatepost.storage.statement import Row, Step
from gatepost.storage.unit_of_work import UnitOfWork


class Records:
    """Rows of identities, what stands beside them, and the trail."""

    def __init__(self, database: Database, keys: PurposeKeys, tokens: KeptTokens) -> None:
        self._database = database
        self._keys = keys
        self._tokens = tokens

    async def insert(self, work: UnitOfWork, redeemed: Redeemed, user_id: uuid.UUID, identity_id: uuid.UUID) -> bool:
        """Give an account elsewhere to a user; return whether nobody had it."""
        values = {"user_id": user_id, "identity_id": identity_id, **_row(redeemed)}
        return bool(await work.run(store.insert_identity, **values))

    async def use(self, work: UnitOfWork, redeemed: Redeemed, user_id: uuid.UUID) -> list[Row]:
        """Note that a user came with an account that is theirs, and what the provider says now; return its id."""
        return await work.run(store.use_identity, user_id=user_id, **_row(redeemed))

    async def keep_tokens(self, work: UnitOfWork, redeemed: Redeemed, identity_id: uuid.UUID) -> None:
        """Keep what the provider gave, or forget what was kept, as the settings say now."""
        if not redeemed.provider.keeps_tokens:
            await self._tokens.forget(work, identity_id)
        elif redeemed.tokens is not None:
            await self._tokens.keep(work, identity_id, redeemed.tokens)

    async def tell_linked(
        self, work: UnitOfWork, redeemed: Redeemed, user_id: uuid.UUID, origin: Origin, *, reason: str
    ) -> None:
        """Record it, and mail the user unless the account was made by it."""
        account, provider = redeemed.account, redeemed.provider
        detail = {"provider": provider.name, "issuer": account.issuer, "reason": reason}
        await work.steps(self._record(AuditEvent.IDENTITY_LINKED, user_id, origin, detail))
        if reason != Outcome.SIGN_UP.value:
            await self.mail(work, MailKind.IDENTITY_LINKED, user_id, provider.label or provider.name, origin)
        await work.publish(IdentityLinked(user_id=user_id, issuer=account.issuer, subject=account.subject))

    async def tell_unlinked(self, work: UnitOfWork, one: Identity, label: str, origin: Origin, *, reason: str) -> None:
        """Record it, and mail the user."""
        await self.mail(work, MailKind.IDENTITY_UNLINKED, one.user_id, label, origin)
        await self.note_unlinked(work, one, origin, reason=reason)

    async def note_unlinked(self, work: UnitOfWork, one: Identity, origin: Origin, *, reason: str) -> None:
        """Record it where the user is told otherwise."""
        detail = {"provider": one.provider or "", "issuer": one.issuer, "reason": reason}
        await work.steps(self._record(AuditEvent.IDENTITY_UNLINKED, one.user_id, origin, detail))
        await work.publish(IdentityUnlinked(user_id=one.user_id, issuer=one.issuer, subject=one.subject))

    async def mail(self, work: UnitOfWork, kind: MailKind, user_id: uuid.UUID, label: str, origin: Origin) -> None:
        """Tell the user; the provider by its label, which is ours."""
        words = origin.words if origin.actor_id in {None, user_id} else {}  # an administrator is not shown to others
        job = Job(kind=kind, user_id=user_id, details={**words, "provider": label})
        await work.steps(enqueue_step(self._database.clock, self._keys, job))

    def refusal(self, redeemed: Redeemed, refusal: AuthError, user_id: uuid.UUID | None, origin: Origin) -> Step:
        """Return the evidence of a refusal."""
        detail = {"provider": redeemed.provider.name, "issuer": redeemed.account.issuer, "code": refusal.code}
        return self._record(AuditEvent.IDENTITY_REFUSED, user_id, origin, detail)

    async def await_logouts(self, work: UnitOfWork) -> None:
        """Let logouts there that are being committed come first; SQLite's writers wait for each other anyway."""
        if not self._database.is_sqlite:
            await work.run(store.let_sign_in)

    async def refuse_logged_out(
        self, work: UnitOfWork, entered: Entered, issuer: str, subject: str, origin: Origin
    ) -> None:
        """Refuse a sign-in there that a logout there has ended meanwhile (Back-Channel Logout 1.0, section 2.7).

        Raises:
            LoginFailed: it has.
        """
        where = {"issuer": issuer, "subject": subject, "upstream_sid": entered.upstream_sid}
        if await work.run(store.is_logged_out, asked_at=entered.asked_at, **where):
            detail = {"issuer": issuer, "code": LoginFailed.code, "because": "upstream_logout"}
            raise LoginFailed(evidence=[self._record(AuditEvent.IDENTITY_REFUSED, entered.user_id, origin, detail)])

    def _record(self, event: AuditEvent, user_id: uuid.UUID | None, origin: Origin, detail: dict[str, str]) -> Step:
        is_done = event is not AuditEvent.IDENTITY_REFUSED
        actor_id = user_id if is_done else None
        return audit_step(
            self._database.clock, event, subject_id=user_id, actor_id=actor_id, origin=origin, detail=detail
        )


def noting(entered: Entered, then: Then | None = None) -> Then:
    """Return what notes, once a session is open, by which identity and on which session there it stands."""

    async def note(work: UnitOfWork, session_id: uuid.UUID) -> None:
        values = {"identity_id": entered.identity_id, "upstream_sid": entered.upstream_sid}
        await work.run(store.note_session, session_id=session_id, **values)
        if then is not None:
            await then(work, session_id)

    return note


def _row(redeemed: Redeemed) -> dict[str, str | None]:
    account = redeemed.account
    return {
        "issuer": account.issuer,
        "subject": account.subject,
        "provider": redeemed.provider.name,
        "email": address_of(account)[0],
        "name": shown_name(account),
    }
