"""`POST /disown`: the page of the link in a notice sends its token. A GET changes nothing: scanners follow links."""

from fastapi import APIRouter, Request, Response

from gatepost.core.throttle.attempts import Action
from gatepost.feature import FeatureHost
from gatepost.features.disown.flow import disown
from gatepost.web.guard import public
from gatepost.web.origin import origin_of
from gatepost.web.proofs import ByToken
from gatepost.web.routes import route_class


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), tags=["recovery"])

    @routes.post("/disown", status_code=204)
    @public
    async def this_was_not_me(given: ByToken, request: Request) -> Response:
        """End every session and key, remove the password, and mail the owner a link that sets a new one."""
        origin = origin_of(request, host.web.trusted_proxies)
        await host.core.attempts.spend(Action.PROOF, origin)
        await disown(host.core, given.token, origin)
        return Response(status_code=204)

    return routes
