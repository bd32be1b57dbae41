"""Refreshing (RFC 6749, section 6) with rotation (RFC 9700, section 4.14.2): one winner, no retry logged out."""

from dataclasses import replace

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.outbox import Job, MailKind, enqueue_step
from gatepost.core.sessions import store
from gatepost.core.sessions.domain import Rotation, SessionKind, SessionRow, judge
from gatepost.core.sessions.ending import ended, record_ended_steps
from gatepost.core.sessions.flow import Services, Sessions, Tokens
from gatepost.core.sessions.tokens import Grant
from gatepost.kernel.errors import OAuthError, Unavailable
from gatepost.kernel.tokens import RefreshToken
from gatepost.storage.statement import Step

_MAX_ROUNDS = 4


class Refresher:
    """Turns a refresh token into the next tokens of its session."""

    def __init__(self, services: Services, sessions: Sessions) -> None:
        self._services = services
        self._sessions = sessions

    async def refresh(self, text: str, *, client_id: str, scope: str | None, is_cookie: bool, origin: Origin) -> Tokens:
        """Rotate a refresh token, or answer a retry with the successor that it already has.

        Args:
            text: the token as presented.
            client_id: the client that presents it.
            scope: a narrower scope for the access token, or None for the session's.
            is_cookie: it came in the cookie that all tabs share.
            origin: for the audit trail, and for the mail that tells of reuse.

        Raises:
            OAuthError: `invalid_grant` or `invalid_scope`.
            Unavailable: nothing can be decided now.
        """
        for _ in range(_MAX_ROUNDS):
            found = await store.read_authentic(self._services.database, self._services.keys, text)
            if found is None:
                raise _invalid_grant()
            token, row = found
            # RFC 6749, section 10.4: the token is bound to the client that it was issued to.
            if row.client_id != client_id or row.kind != SessionKind.TOKEN:
                raise _invalid_grant()
            narrowed = _narrow(row.scope, scope)
            tokens = await self._act(row, token, narrowed, is_cookie=is_cookie, origin=origin)
            if tokens is not None:
                return tokens
        msg = "the session kept changing"
        raise Unavailable(msg, retry_after=1)

    async def _act(
        self, row: SessionRow, token: RefreshToken, scope: str, *, is_cookie: bool, origin: Origin
    ) -> Tokens | None:
        """Do what the row calls for; None when another got there first and the row must be read again."""
        match judge(row, token.generation, grace=self._services.sessions.grace, is_cookie=is_cookie):
            case Rotation.ROTATE:
                return await self._advance(row, token, scope, AuditEvent.SESSION_REFRESHED, origin)
            case Rotation.FORWARD:
                return await self._advance(row, token, scope, AuditEvent.SESSION_FORWARDED, origin)
            case Rotation.KEEP:
                return await self._repeat(row, scope)
            case Rotation.REPEAT:
                await self._services.database.hot.run(self._record(AuditEvent.SESSION_RETRIED, row, origin))
                return await self._repeat(row, scope)
            case Rotation.REUSE:
                await self._end_reused(row, token, origin)
            case Rotation.LATE | Rotation.DEAD:
                pass
        raise _invalid_grant()

    async def _advance(
        self, row: SessionRow, token: RefreshToken, scope: str, event: AuditEvent, origin: Origin
    ) -> Tokens | None:
        services, extra = self._services, await self._sessions.prepare(row.user_id)
        verb = store.fast_forward if event is AuditEvent.SESSION_FORWARDED else store.rotate
        results = await services.database.hot.run(
            (
                verb,
                {
                    "session_id": row.id,
                    "generation": token.generation,
                    "access_ms": services.sessions.access_ms,
                    "idle_ms": services.sessions.idle * 1000,
                },
            ),
            self._record(event, row, origin),
        )
        if not results[0]:
            return None
        access_exp, rotated_at, roles = results[0][0]
        grant = replace(_grant_of(row, scope), roles=roles, issued_at=rotated_at, access_exp=access_exp)
        return self._sessions.issue(grant, token.generation + 1, row.salt, extra)

    async def _repeat(self, row: SessionRow, scope: str) -> Tokens:
        """Answer with the present generation; nothing is written, so nothing is prolonged."""
        extra = await self._sessions.prepare(row.user_id)
        return self._sessions.issue(_grant_of(row, scope), row.generation, row.salt, extra)

    async def _end_reused(self, row: SessionRow, token: RefreshToken, origin: Origin) -> None:
        services = self._services
        job = Job(kind=MailKind.SESSION_REUSED, user_id=row.user_id, details=origin.words)
        try:
            results = await services.database.hot.run(
                (
                    store.end_reused,
                    {
                        "session_id": row.id,
                        "generation": token.generation,
                        "grace_ms": services.sessions.grace * 1000,
                    },
                ),
                *record_ended_steps(services.database, row.id),
                self._record(AuditEvent.SESSION_REUSED, row, origin),
                enqueue_step(services.database.clock, services.keys, job),
            )
        except BaseException:  # the outcome is unknown: here it counts as ended
            services.feed.apply_own(ended(row.id, row.access_exp))
            raise
        if results[0]:
            services.feed.apply_own(ended(row.id, row.access_exp))

    def _record(self, event: AuditEvent, row: SessionRow, origin: Origin) -> Step:
        return audit_step(
            self._services.database.clock,
            event,
            subject_id=row.user_id,
            actor_id=row.user_id,
            session_id=row.id,
            origin=origin,
        )


def _grant_of(row: SessionRow, scope: str) -> Grant:
    return Grant(
        session_id=row.id,
        user_id=row.user_id,
        client_id=row.client_id,
        scope=scope,
        roles=row.roles,
        amr=row.amr,
        auth_time=row.auth_time,
        epoch=row.epoch,
        global_epoch=row.global_epoch,
        issued_at=row.now,
        access_exp=row.access_exp,
    )


def _narrow(granted: str, requested: str | None) -> str:
    """Return the scope of the next access token: never more than was granted (RFC 6749, section 6)."""
    if requested is None:
        return granted
    wanted = requested.split()
    if not set(wanted) <= set(granted.split()):
        error = "invalid_scope"
        raise OAuthError(error, "The requested scope exceeds what was granted.")
    return " ".join(dict.fromkeys(wanted))


def _invalid_grant() -> OAuthError:
    error = "invalid_grant"
    return OAuthError(error, "The refresh token is not valid.")
