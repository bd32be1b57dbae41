"""The code that an application gets at the end of a sign-in, and what it is worth: one session, once.

RFC 6749, section 4.1.2 (once; who presents one again ends what it opened) and 10.5, RFC 7636 (only for who began).
A code is the id of its request under a key. It is used up in the transaction that opens the session, so that of many
at once one wins, and the row tells every later one which session that was. What is presented wrongly is used up too.
"""

import hmac
import uuid
from dataclasses import dataclass, replace
from typing import NoReturn

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.federation import store
from gatepost.core.federation.domain import CODE_MS, Pending, challenge_of, is_verifier
from gatepost.core.federation.errors import StateRefused
from gatepost.core.identities.domain import Entered
from gatepost.core.identities.flow import Identities
from gatepost.core.login.flow import Wanted
from gatepost.core.sessions.flow import Opened, Sessions
from gatepost.kernel.errors import OAuthError
from gatepost.kernel.purpose import PurposeKeys
from gatepost.kernel.tokens import mint_authorization_code, read_authorization_code
from gatepost.storage.database import Database
from gatepost.storage.statement import Row
from gatepost.storage.unit_of_work import UnitOfWork, record_evidence


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Presented:
    """What an application presents at the token endpoint; empty where it did not say it."""

    code: str
    code_verifier: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class _Issued:
    """The row of a code, in the columns of `store.CODE`."""

    provider: str
    redirect_uri: str
    code_challenge: str
    scope: str | None
    user_id: uuid.UUID
    session_id: uuid.UUID | None
    identity_id: uuid.UUID
    epoch: int
    upstream_sid: str | None
    asked_at: int
    redeemed_at: int | None
    is_young: bool


class _UsedUp(Exception):
    """Somebody else was first."""


class Codes:
    """The codes of one Gatepost."""

    def __init__(self, database: Database, keys: PurposeKeys, identities: Identities, sessions: Sessions) -> None:
        self._database = database
        self._keys = keys
        self._identities = identities
        self._sessions = sessions

    async def issue(self, work: UnitOfWork, pending: Pending, entered: Entered) -> None:
        """Make the row of a request stand for a code from now on, in the transaction that decided who that is.

        Raises:
            StateRefused: it stands for one already.
        """
        rows = await work.run(
            store.issue_code,
            request_id=pending.values.request_id,
            user_id=entered.user_id,
            identity_id=entered.identity_id,
            epoch=entered.epoch,
            upstream_sid=entered.upstream_sid,
            lifetime_ms=CODE_MS,
        )
        if not rows:
            raise StateRefused("has_code")

    def code_of(self, pending: Pending) -> str:
        """Return the code of a request for which one was issued."""
        return mint_authorization_code(self._keys, pending.values.request_id)

    async def redeem(self, presented: Presented, wanted: Wanted) -> Opened:
        """Open the session that a code is for.

        Args:
            presented: by the application.
            wanted: the session; its scope is what the application had asked for, where it had.

        Raises:
            OAuthError: `invalid_grant`, whatever was wrong.
            FactorRequired, LoginFailed: as at every sign-in.
        """
        request_id = read_authorization_code(self._keys, presented.code)
        found = await self._look(request_id) if request_id is not None else None
        if request_id is None or found is None:
            await self._refuse("code_unknown", wanted.origin)
        if found.redeemed_at is not None:
            await self._replayed(found, wanted.origin)
        if not found.is_young:
            await self._refuse("code_expired", wanted.origin, found)
        if (wrong := _wrong_with(found, presented)) is not None:
            await self._burn(request_id, wrong, found, wanted.origin)
        return await self._open(request_id, found, wanted)

    async def _open(self, request_id: uuid.UUID, found: _Issued, wanted: Wanted) -> Opened:
        async def within(work: UnitOfWork) -> None:
            if not await work.run(store.use_code, request_id=request_id):
                raise _UsedUp

        async def then(work: UnitOfWork, session_id: uuid.UUID) -> None:
            await work.run(store.note_session, request_id=request_id, session_id=session_id)

        entered = Entered(
            user_id=found.user_id,
            epoch=found.epoch,
            identity_id=found.identity_id,
            upstream_sid=found.upstream_sid,
            asked_at=found.asked_at,
        )
        asked = wanted if found.scope is None else replace(wanted, scope=found.scope)
        try:
            return await self._identities.open_app(entered, asked, within=within, then=then)
        except _UsedUp:
            await self._replayed(await self._look(request_id), wanted.origin)

    async def _look(self, request_id: uuid.UUID) -> _Issued | None:
        rows: list[Row] = await self._database.hot.read(store.look_up_code, {"request_id": request_id})
        return _Issued(*rows[0]) if rows else None

    async def _burn(self, request_id: uuid.UUID, wrong: str, found: _Issued, origin: Origin) -> NoReturn:
        """Use a code up that was presented wrongly; if another request was quicker, that one's session ends."""
        if (await self._database.hot.run((store.burn_code, {"request_id": request_id})))[0]:
            await self._refuse(wrong, origin, found)
        await self._replayed(await self._look(request_id), origin)

    async def _replayed(self, found: _Issued | None, origin: Origin) -> NoReturn:
        """End what a code had opened: one of the two who presented it is a thief, and nobody knows which."""
        if found is not None and found.session_id is not None:
            await self._sessions.end(found.session_id, found.user_id, origin=origin)
        await self._refuse("code_replayed", origin, found)

    async def _refuse(self, reason: str, origin: Origin, found: _Issued | None = None) -> NoReturn:
        detail = {"reason": reason} if found is None else {"reason": reason, "provider": found.provider}
        step = audit_step(
            self._database.clock,
            AuditEvent.IDENTITY_REFUSED,
            subject_id=found.user_id if found is not None else None,
            origin=origin,
            detail=detail,
        )
        refusal = OAuthError("invalid_grant", "The code is not good, or no longer.", evidence=[step])
        await record_evidence(self._database, refusal)
        raise refusal


def _wrong_with(found: _Issued, presented: Presented) -> str | None:
    # RFC 6749, section 4.1.3: identical to the one of the request. RFC 7636, section 4.6.
    if presented.redirect_uri != found.redirect_uri:
        return "redirect_uri"
    verifier = presented.code_verifier
    if not is_verifier(verifier) or not hmac.compare_digest(challenge_of(verifier), found.code_challenge):
        return "code_verifier"
    return None
