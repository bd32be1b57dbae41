"""`/identities`: the caller's accounts elsewhere. What begins here ends at the provider's callback, in this browser."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gatepost.core.federation.domain import Asked, RequestKind
from gatepost.core.throttle.attempts import Action
from gatepost.feature import FeatureHost
from gatepost.kernel.principal import Principal
from gatepost.web.federation import bind_browser, checked_target
from gatepost.web.guard import PrincipalGuard, require
from gatepost.web.identity_views import IdentityList
from gatepost.web.origin import origin_of
from gatepost.web.routes import route_class, sets_cookie

_Target = Annotated[str | None, Field(max_length=2048)]


class LinkWanted(BaseModel):
    """Where the browser goes on, once the account is connected, and where if it is not."""

    model_config = ConfigDict(extra="forbid")

    return_to: _Target = None
    error_to: _Target = None


class LinkBegun(BaseModel):
    """Where the browser goes now."""

    location: str


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), tags=["social"])
    caller = PrincipalGuard(host)
    owner = require(fresh=True, in_person=True, host=host)

    @routes.get("/identities")
    async def list_identities(principal: Annotated[Principal, Depends(caller)]) -> IdentityList:
        """The caller's accounts elsewhere."""
        identities = host.core.identities
        return IdentityList.of(identities, await identities.listing(principal.user_id))

    @routes.post("/identities/{provider}")
    @sets_cookie
    async def begin_link(
        provider: str,
        request: Request,
        response: Response,
        principal: Annotated[Principal, owner],
        wanted: LinkWanted | None = None,
    ) -> LinkBegun:
        """Begin to connect an account; needs a recent sign-in. The session that begins must be there at the end."""
        core, going = host.core, wanted or LinkWanted()
        origin = origin_of(request, host.web.trusted_proxies)
        await core.attempts.spend(Action.FEDERATION, origin, subject=str(principal.user_id))
        asked = Asked(
            provider=provider,
            kind=RequestKind.LINK,
            return_to=checked_target(core.federation, going.return_to, field="return_to"),
            error_to=checked_target(core.federation, going.error_to, field="error_to"),
            user_id=principal.user_id,
            session_id=principal.session_id,
        )
        begun = await core.requests.begin(asked)
        bind_browser(request, host, response, begun)
        return LinkBegun(location=begun.location)

    @routes.delete("/identities/{identity_id}", status_code=204)
    async def unlink(identity_id: uuid.UUID, request: Request, principal: Annotated[Principal, owner]) -> Response:
        """Disconnect one account, and end what it opened but this session; another's is not found.

        Needs a recent sign-in. The last way to sign in stays.
        """
        origin = origin_of(request, host.web.trusted_proxies)
        identities = host.core.identities
        await identities.unlink(principal.user_id, identity_id, origin, kept=principal.session_id)
        return Response(status_code=204)

    return routes
