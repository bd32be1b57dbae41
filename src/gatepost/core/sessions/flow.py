"""Opening, refreshing and ending sessions."""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.audit.domain import NOWHERE
from gatepost.core.changes import ChangeFeed
from gatepost.core.keys import Keyring
from gatepost.core.roles.table import RoleTable
from gatepost.core.sessions import store
from gatepost.core.sessions.claims import HostClaims
from gatepost.core.sessions.domain import SessionKind, SessionPolicy
from gatepost.core.sessions.ending import KEEP_AFTER_MS, end_other_sessions, end_session_steps, ended
from gatepost.core.sessions.tokens import Grant, TokenPolicy, issue_access_token
from gatepost.core.users.domain import split_roles
from gatepost.kernel.events import Listeners
from gatepost.kernel.ids import uuid7
from gatepost.kernel.principal import Actor
from gatepost.kernel.purpose import PurposeKeys
from gatepost.kernel.tokens import mint_cookie, mint_refresh
from gatepost.storage.database import Database
from gatepost.storage.statement import Row
from gatepost.storage.unit_of_work import UnitOfWork, unit_of_work

LAST_ID = uuid.UUID(int=(1 << 128) - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A session to be opened: who proved what, under which epoch, and what the client wants to hold."""

    user_id: uuid.UUID
    epoch: int
    kind: SessionKind
    client_id: str
    scope: str
    amr: str
    origin: Origin = NOWHERE
    actor: Actor | None = None
    lifetime: int | None = None  # seconds, of the whole session, instead of the policy's

    def lifetimes_ms(self, policy: SessionPolicy) -> dict[str, int]:
        """Return how long the access token, the unused and the used session live, in milliseconds."""
        access = policy.access_ms if self.kind is SessionKind.TOKEN else 0
        if self.lifetime is None:
            return {"access_ms": access, "idle_ms": policy.idle * 1000, "absolute_ms": policy.absolute * 1000}
        return dict.fromkeys(("access_ms", "idle_ms", "absolute_ms"), self.lifetime * 1000)


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """A session that was opened, with the secrets its client gets."""

    grant: Grant
    salt: bytes
    kind: SessionKind


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """What the token endpoint answers with; `expires_in` in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    scope: str


@dataclass(frozen=True, slots=True)
class Services:
    """What the flows of sessions work with."""

    database: Database
    keys: PurposeKeys
    keyring: Keyring
    feed: ChangeFeed
    claims: HostClaims
    sessions: SessionPolicy
    tokens: TokenPolicy
    roles: RoleTable


class Sessions:
    """The sessions of one Gatepost."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def open(self, work: UnitOfWork, opening: Opening) -> Opened | None:
        """Open a session in a transaction, unless its user's epoch has moved or the user is disabled."""
        services, policy = self._services, self._services.sessions
        session_id, salt = uuid7(services.database.clock.now_ms()), secrets.token_bytes(16)
        rows = await work.run(
            store.open_session,
            session_id=session_id,
            user_id=opening.user_id,
            epoch=opening.epoch,
            kind=opening.kind.value,
            client_id=opening.client_id,
            scope=opening.scope,
            salt=salt,
            **opening.lifetimes_ms(policy),
            amr=opening.amr,
            ip=opening.origin.ip,
            user_agent=opening.origin.user_agent,
            actor_id=opening.actor.user_id if opening.actor is not None else None,
        )
        if not rows:
            return None
        return Opened(_grant(opening, session_id, rows[0]), salt, opening.kind)

    def cookie(self, opened: Opened) -> str:
        """Return the value of the session's cookie."""
        return mint_cookie(self._services.keys, opened.grant.session_id, opened.salt)

    async def tokens(self, opened: Opened) -> Tokens:
        """Return the first tokens of a session."""
        return self.issue(opened.grant, 0, opened.salt, await self.prepare(opened.grant.user_id))

    async def prepare(self, user_id: uuid.UUID) -> Mapping[str, Any]:
        """Do all of issuing that can fail, and return the host's claims.

        A refresh calls it before it rotates: a rotation whose answer fails afterwards would leave its client with a
        token that is spent.
        """
        services = self._services
        if services.keyring.is_stale:
            await services.keyring.freshen()
        if services.roles.is_stale:
            await services.roles.freshen()
        services.keyring.signer()
        return await services.claims.of(user_id)

    def issue(self, grant: Grant, generation: int, salt: bytes, extra: Mapping[str, Any]) -> Tokens:
        """Sign an access token and mint the refresh token of one generation."""
        services = self._services
        permissions = services.roles.effective(split_roles(grant.roles), frozenset(grant.scope.split()))
        access_token = issue_access_token(services.keyring, services.tokens, grant, permissions, extra)
        refresh_token = mint_refresh(services.keys, grant.session_id, generation, salt)
        expires_in = max(0, (grant.access_exp - grant.issued_at) // 1000)
        return Tokens(access_token, refresh_token, expires_in, grant.scope)

    async def end(self, session_id: uuid.UUID, user_id: uuid.UUID, *, origin: Origin = NOWHERE) -> bool:
        """End one session of a user, in every process; return whether this call ended it."""
        services = self._services
        keep_until = services.database.clock.now_ms() + services.sessions.access_lifetime * 1000
        record = audit_step(
            services.database.clock,
            AuditEvent.SESSION_ENDED,
            subject_id=user_id,
            session_id=session_id,
            origin=origin,
        )
        try:
            results = await services.database.hot.run(
                *end_session_steps(services.database, session_id, user_id), record
            )
        except BaseException:  # the outcome is unknown: here it counts as ended
            services.feed.apply_own(ended(session_id, keep_until))
            raise
        if not results[0]:
            return False
        services.feed.apply_own(ended(session_id, keep_until))
        return True

    async def end_others(self, user_id: uuid.UUID, kept: uuid.UUID, *, origin: Origin = NOWHERE) -> int:
        """End every session of a user but one, in one transaction; return how many."""
        services, clock = self._services, self._services.database.clock
        async with unit_of_work(services.database, Listeners()) as work:
            count = await end_other_sessions(
                work, services.database, services.feed.apply_own, user_id=user_id, kept=kept
            )
            if count:
                detail = {"count": count, "kept": str(kept)}
                event = AuditEvent.SESSIONS_ENDED
                await work.steps(audit_step(clock, event, subject_id=user_id, origin=origin, detail=detail))
        return count

    async def listing(self, user_id: uuid.UUID, before: uuid.UUID = LAST_ID, size: int = 50) -> list[Row]:
        """Read a user's living sessions, newest first, in columns `store.LIST_COLUMNS`."""
        return await self._services.database.hot.read(
            store.list_sessions, {"user_id": user_id, "before": before, "page_size": size}
        )

    async def prune(self) -> int:
        """Delete rows of sessions that ended or expired a week ago; return how many."""
        before = self._services.database.clock.now_ms() - 7 * 86_400_000 - KEEP_AFTER_MS
        rows: list[Any] = (await self._services.database.hot.run((store.prune, {"ended_before": before})))[0]
        return len(rows)


def _grant(opening: Opening, session_id: uuid.UUID, row: Row) -> Grant:
    created_at, access_exp, auth_time, epoch, global_epoch, roles = row
    return Grant(
        session_id=session_id,
        user_id=opening.user_id,
        client_id=opening.client_id,
        scope=opening.scope,
        roles=roles,
        amr=opening.amr,
        auth_time=auth_time if opening.actor is None else 0,  # the user proved nothing: no service takes it for fresh
        epoch=epoch,
        global_epoch=global_epoch,
        issued_at=created_at,
        access_exp=access_exp,
        actor=opening.actor,
    )
