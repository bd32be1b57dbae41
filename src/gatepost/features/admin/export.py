"""`GET /admin/users/{id}/export`: everything that is known of a user, for an administrator who was asked for it."""

import uuid

from fastapi import APIRouter, Request, Response

from gatepost.core.throttle.attempts import Action
from gatepost.feature import FeatureHost
from gatepost.features.admin.door import known, origin, writer
from gatepost.web.files import json_file
from gatepost.web.routes import route_class


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(prefix="/admin/users/{user_id}", route_class=route_class(host), tags=["admin: users"])

    @routes.get("/export", dependencies=[writer(host)])
    async def export_user(user_id: uuid.UUID, request: Request) -> Response:
        """Everything that is known of a user, as a file of JSON; needs a recent sign-in, as what changes something."""
        core, source = host.core, origin(host, request)
        await core.attempts.spend(Action.EXPORT, source, subject=str(user_id))
        user = await known(host, user_id)
        return json_file(await host.personal_data.export(core.database, user, origin=source), name="account")

    return routes
