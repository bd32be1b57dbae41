"""An administrator acts as a user (RFC 8693, section 4.1: `act`), for a short time, and both names stand in the token.

There is an access token and nothing to renew it with. It is never fresh, and it dies with whatever ends the user's
sessions or the administrator's own: the token names the administrator's session and epoch, and the change index is
asked about both. What could go wrong is that the index forgets an ended session while the token lives, so that
session's row remembers the token's end (`lend`, which also decides whether the administrator is still signed in).
"""

import uuid
from dataclasses import dataclass

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.outbox import Job, MailKind, enqueue_step
from gatepost.core.sessions import store
from gatepost.core.sessions.domain import SessionKind
from gatepost.core.sessions.flow import Opened, Opening, Services, Sessions
from gatepost.core.users import store as users
from gatepost.core.users.administrators import AdminPolicy
from gatepost.core.users.domain import split_roles
from gatepost.kernel.errors import AuthError, NotAuthenticated, NotFound
from gatepost.kernel.events import Listeners
from gatepost.kernel.principal import Actor, Principal
from gatepost.storage.unit_of_work import UnitOfWork, unit_of_work

METHOD = "impersonated"


class NotImpersonable(AuthError):
    """Another administrator, or somebody who is disabled."""

    code = "admin.not_impersonable"
    status = 403
    public = "Nobody may act as this user."


@dataclass(frozen=True, slots=True, kw_only=True)
class Impersonation:
    """Who wants to act as whom, and why."""

    admin: Principal
    user_id: uuid.UUID
    client_id: str
    scope: str
    reason: str
    origin: Origin


async def impersonate(
    services: Services, sessions: Sessions, listeners: Listeners, policy: AdminPolicy, wanted: Impersonation
) -> Opened:
    """Open a session of a user for an administrator.

    Raises:
        NotFound: there is no such user.
        NotImpersonable: the user administers too, or is disabled.
        NotAuthenticated: the administrator is no longer signed in.
    """
    database = services.database
    async with unit_of_work(database, listeners) as work:
        actor = await _lent(work, wanted.admin, policy.impersonation)
        found = await work.run(users.credentials_by_id, user_id=wanted.user_id)
        if not found:
            raise NotFound
        opening = Opening(
            user_id=wanted.user_id,
            epoch=found[0][1],
            kind=SessionKind.TOKEN,
            client_id=wanted.client_id,
            scope=wanted.scope,
            amr=METHOD,
            origin=wanted.origin,
            actor=actor,
            lifetime=policy.impersonation,
        )
        opened = await sessions.open(work, opening)
        if opened is None or policy.role in split_roles(opened.grant.roles):
            raise NotImpersonable
        await work.steps(
            audit_step(
                database.clock,
                AuditEvent.USER_IMPERSONATED,
                subject_id=wanted.user_id,
                actor_id=actor.user_id,
                session_id=opened.grant.session_id,
                origin=wanted.origin,
                detail={"reason": wanted.reason},
            ),
            enqueue_step(
                database.clock,
                services.keys,
                Job(kind=MailKind.ADMIN_ACTED, user_id=wanted.user_id, details={"action": METHOD}),
            ),
        )
    return opened


async def _lent(work: UnitOfWork, admin: Principal, lifetime: int) -> Actor:
    if admin.actor is not None:  # nobody acts as somebody who acts as somebody
        raise NotImpersonable
    session_id, user_id = admin.session_id, admin.user_id
    epochs = await work.run(store.lend, session_id=session_id, user_id=user_id, access_ms=lifetime * 1000)
    if not epochs:
        raise NotAuthenticated
    return Actor(user_id, session_id, epochs[0][0])
