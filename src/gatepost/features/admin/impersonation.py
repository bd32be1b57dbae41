"""`POST /admin/users/{id}/impersonate`: an access token for a user, with the administrator's name in it."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Request

from gatepost.core.sessions.impersonation import Impersonation, impersonate
from gatepost.core.users.administrators import AdminPolicy
from gatepost.feature import FeatureHost
from gatepost.features.admin.door import origin, writer
from gatepost.features.admin.shapes import Impersonated, Reason
from gatepost.kernel.principal import Principal
from gatepost.kernel.text import clean_text
from gatepost.web.routes import route_class

_CLIENT = "gatepost"


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), tags=["admin: users"])

    @routes.post("/admin/users/{user_id}/impersonate")
    async def act_as(
        user_id: uuid.UUID, given: Reason, request: Request, admin: Annotated[Principal, writer(host)]
    ) -> Impersonated:
        """Act as a user, for a short time. The user is told; nothing that needs a fresh sign-in is possible."""
        core = host.core
        wanted = Impersonation(
            admin=admin,
            user_id=user_id,
            client_id=_CLIENT,
            scope=" ".join(name for name in host.web.scopes if name in admin.scopes),  # acting as another adds none
            reason=clean_text(given.reason, field="reason", max_length=200),
            origin=origin(host, request),
        )
        opened = await impersonate(core.services, core.sessions, core.listeners, host.policy(AdminPolicy), wanted)
        tokens = await core.sessions.tokens(opened)  # its refresh token is given to nobody
        return Impersonated(access_token=tokens.access_token, expires_in=tokens.expires_in)

    return routes
