"""`/admin/users/{id}/identities`: a user's accounts elsewhere, and taking one away."""

import uuid

from fastapi import APIRouter, Request, Response

from gatepost.feature import FeatureHost
from gatepost.features.admin.door import known, origin, reader, writer
from gatepost.web.identity_views import IdentityList
from gatepost.web.routes import route_class


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(prefix="/admin/users/{user_id}", route_class=route_class(host), tags=["admin: users"])

    @routes.get("/identities", dependencies=[reader(host)])
    async def list_identities(user_id: uuid.UUID) -> IdentityList:
        """A user's accounts elsewhere, oldest first."""
        await known(host, user_id)
        identities = host.core.identities
        return IdentityList.of(identities, await identities.listing(user_id))

    @routes.delete("/identities/{identity_id}", status_code=204, dependencies=[writer(host)])
    async def remove_identity(user_id: uuid.UUID, identity_id: uuid.UUID, request: Request) -> Response:
        """Disconnect one, and end what it opened, even where it is the user's last way to sign in."""
        await host.core.identities.remove(user_id, identity_id, origin(host, request))
        return Response(status_code=204)

    return routes
