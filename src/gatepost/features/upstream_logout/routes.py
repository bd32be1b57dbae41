"""`POST /backchannel-logout/{provider}` (OpenID Connect Back-Channel Logout 1.0, sections 2.5 to 2.8)."""

from fastapi import APIRouter, Request, Response

from gatepost.core.throttle.attempts import Action
from gatepost.feature import FeatureHost
from gatepost.features.upstream_logout.flow import log_out_there
from gatepost.web.forms import form_body, read_form, required
from gatepost.web.guard import public
from gatepost.web.origin import origin_of
from gatepost.web.routes import oauth_endpoint, route_class


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), tags=["social"])

    @routes.post(
        "/backchannel-logout/{provider}",
        openapi_extra=form_body(logout_token=True),
        response_class=Response,  # an empty answer
    )
    @public
    @oauth_endpoint
    async def log_out(provider: str, request: Request) -> Response:
        """End the sessions that stand on one that is over at the provider; nobody but the provider can say so."""
        form, origin = await read_form(request), origin_of(request, host.web.trusted_proxies)
        await host.core.attempts.spend(Action.UPSTREAM_LOGOUT, origin)
        await log_out_there(host.core, provider, required(form, "logout_token"), origin)
        return Response(status_code=200)

    return routes
