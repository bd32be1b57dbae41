"""The stream over HTTP, for resource servers that are known here."""

import logging
import re
from typing import Any

from fastapi import APIRouter, Request, Response

from gatepost.core.runtime import Core
from gatepost.core.throttle.attempts import Action
from gatepost.feature import FeatureHost
from gatepost.features.revocations.flow import follow, look
from gatepost.features.revocations.followers import Followers
from gatepost.features.revocations.metadata import add_metadata
from gatepost.kernel.errors import OAuthError
from gatepost.web.clients import require_client
from gatepost.web.event_stream import EventStream, is_server_stopping
from gatepost.web.guard import public
from gatepost.web.origin import origin_of
from gatepost.web.routes import oauth_endpoint, route_class

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"description": "Events without end", "content": {EventStream.media_type: {}}}
}
_NONCE = re.compile(r"[A-Za-z0-9_-]{0,64}")
_log = logging.getLogger("gatepost.revocations")


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), tags=["tokens"])
    followers = Followers()

    @routes.get("/revocations", response_class=Response, responses=_STREAM)
    @public
    @oauth_endpoint
    async def revocations(request: Request, nonce: str = "") -> Response:
        """Tell a known resource server what is no longer good, as it happens (Server-Sent Events)."""
        core: Core = host.core
        received, origin = core.clock.boottime(), origin_of(request, host.web.trusted_proxies)
        await core.attempts.spend(Action.REVOCATIONS, origin)
        try:
            client = require_client(request, host.web.introspection_clients)
        except OAuthError:
            _log.warning("a client that is not known, or whose secret is wrong, asked for revocations: %s", origin.ip)
            raise
        if not _NONCE.fullmatch(nonce):
            error = "invalid_request"
            raise OAuthError(error, "nonce is at most 64 letters, digits, - and _.")
        await look(core.feed, received)  # while it can still be refused with a status
        pieces = follow(core, followers, client, nonce=nonce, received=received, is_stopping=is_server_stopping)
        return EventStream(pieces)

    add_metadata(routes, host)
    return routes
