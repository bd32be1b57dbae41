"""`POST /setup`: the first administrator, by the link that a server without one prints at its start."""

import logging
import sys
import uuid
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field, SecretStr

from gatepost.core.audit import AuditEvent, audit_step
from gatepost.core.proofs import ProofRefused
from gatepost.core.throttle.attempts import Action
from gatepost.core.users.administrators import AdminPolicy, claim_first_administrator, lacks_first_administrator
from gatepost.core.users.registration import IdentifierTaken
from gatepost.core.users.setup import LIFETIME_S, is_setup_token, setup_token
from gatepost.feature import FeatureHost
from gatepost.features.admin.door import origin
from gatepost.features.admin.shapes import Body, Text
from gatepost.kernel.errors import NotFound
from gatepost.storage.unit_of_work import UnitOfWork
from gatepost.web.guard import public
from gatepost.web.routes import route_class
from gatepost.web.views import UserView

_log = logging.getLogger("gatepost.admin")


class Setup(Body):
    """What the link carried, and who the first administrator is."""

    token: Annotated[str, Field(max_length=200)]
    email: Text
    password: Annotated[SecretStr, Field(max_length=4096)]


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), tags=["admin: setup"])
    policy = host.policy(AdminPolicy)

    @routes.post("/setup", status_code=201)
    @public
    async def set_up(given: Setup, request: Request) -> UserView:
        """Make the first administrator; not found where there has been one, for ever."""
        core, source = host.core, origin(host, request)
        if not policy.has_setup_link or not await lacks_first_administrator(core.database, policy.role):
            raise NotFound
        await core.attempts.spend(Action.PROOF, source)
        if not await is_setup_token(core.database, core.keys, given.token):
            raise ProofRefused

        async def claim(work: UnitOfWork, user_id: uuid.UUID) -> None:
            if not await claim_first_administrator(work):
                raise NotFound
            await work.steps(
                audit_step(core.clock, AuditEvent.FIRST_ADMIN_MADE, subject_id=user_id, actor_id=user_id, origin=source)
            )

        new = await host.registration.prepared(
            email=given.email,
            password=given.password.get_secret_value(),
            email_verified=True,  # whoever has the console says so
            roles=[policy.role],
        )
        user = await core.users.create(new, origin=source, within=claim)
        if user is None:
            raise IdentifierTaken
        return UserView.of(user)

    return routes


async def greeting(host: FeatureHost) -> str | None:
    """Return what the console is told where nobody has ever been administrator.

    In production the link is for a terminal alone: what else reads standard error keeps it, and it is a secret.
    """
    core, policy = host.core, host.policy(AdminPolicy)
    if not await lacks_first_administrator(core.database, policy.role) or not policy.has_setup_link:
        return None
    if not (host.web.is_development or sys.stderr.isatty()):
        _log.warning("there is no administrator yet: `gatepost users create-admin` makes the first")
        return None
    token = await setup_token(core.database, core.keys)
    if token is None:
        return None
    link = core.desk.link("setup", token)
    return f"Gatepost has no administrator yet. Once, and for {LIFETIME_S // 60} minutes, this makes the first: {link}"
