"""A logout at a provider, carried out here (OpenID Connect Back-Channel Logout 1.0, section 2.7).

The row that remembers the logout comes first: a sign-in that is under way finds it, and opens nothing; one that has
just been committed is found here, and ends. A session that was opened another way stays, also where its user has
connected the account.
"""

from collections import Counter

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.identities import store
from gatepost.core.sessions.ending import end_sessions
from gatepost.core.sessions.flow import Services
from gatepost.kernel.events import Listeners
from gatepost.storage.unit_of_work import unit_of_work
from gatepost.trust.logout_tokens import LogoutToken

# A sign-in that has begun comes back within ten minutes, and its code is redeemed in two.
KEEP_MS = 3_600_000


async def log_out(services: Services, listeners: Listeners, token: LogoutToken, origin: Origin) -> bool:
    """End every session that stands on what is over there; return whether this token was not taken before."""
    database, clock = services.database, services.database.clock
    lifetime_ms = int((token.expires_at - clock.now()) * 1000)
    where = {"issuer": token.issuer, "subject": token.subject, "upstream_sid": token.session_id}
    async with unit_of_work(database, listeners) as work:
        if not database.is_sqlite:
            await work.run(store.let_sign_out)
        if not await work.run(store.note_logout, jti=token.jti, keep_ms=max(lifetime_ms, KEEP_MS), **where):
            return False
        rows = await work.run(store.sessions_there, **where)
        await end_sessions(work, database, services.feed.apply_own, [(row[0], row[1]) for row in rows])
        ended = Counter(row[1] for row in rows) or Counter({None: 0})
        for user_id, count in ended.items():
            detail = {"issuer": token.issuer, "sessions": count}
            event = AuditEvent.UPSTREAM_LOGOUT
            await work.steps(audit_step(clock, event, subject_id=user_id, origin=origin, detail=detail))
    return True
