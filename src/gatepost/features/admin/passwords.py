"""`POST /admin/users/{id}/require-password-change`: the password opens nothing until it is changed."""

import uuid
from functools import partial

from fastapi import APIRouter, Request, Response

from gatepost.core.audit import Origin
from gatepost.core.audit.domain import NOWHERE
from gatepost.core.passwords.errors import NoPassword
from gatepost.core.users.search import standing_of
from gatepost.feature import FeatureHost
from gatepost.features.admin.door import known, origin, writer
from gatepost.features.admin.users import finish
from gatepost.web.routes import route_class


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(prefix="/admin/users/{user_id}", route_class=route_class(host), tags=["admin: users"])

    @routes.post("/require-password-change", status_code=204, dependencies=[writer(host)])
    async def require_password_change(user_id: uuid.UUID, request: Request) -> Response:
        """End every session, and let the password open nothing until it is changed. Doing it twice is no error."""
        await known(host, user_id)
        await require_change(host, user_id, origin(host, request))
        return Response(status_code=204)

    return routes


async def require_change(host: FeatureHost, user_id: uuid.UUID, source: Origin = NOWHERE) -> bool:
    """Require a change and tell the user by mail; return whether none was required before.

    Raises:
        NoPassword: there is none to change.
    """
    core, within = host.core, partial(finish, host, user_id, "password_change_required", None)
    is_new = await core.password_requirement.require_password_change(user_id, origin=source, within=within)
    if not is_new and not (await standing_of(core.database, user_id)).has_password:
        raise NoPassword
    return is_new
