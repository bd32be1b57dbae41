"""`/me`: the user as they see themselves."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gatepost.core.users.domain import User
from gatepost.core.users.registration import MAX_FULL_NAME
from gatepost.feature import FeatureHost
from gatepost.kernel.errors import InvalidInput, NotFound
from gatepost.kernel.principal import Principal
from gatepost.kernel.text import clean_text
from gatepost.web.cookies import clear_cookie
from gatepost.web.guard import UserGuard, require
from gatepost.web.origin import origin_of
from gatepost.web.routes import route_class, sets_cookie
from gatepost.web.views import UserView


class Changes(BaseModel):
    """What the owner may write; anything else is refused."""

    model_config = ConfigDict(extra="forbid")

    full_name: Annotated[str | None, Field(max_length=MAX_FULL_NAME * 2)] = None
    profile: dict[str, Any] | None = None


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), tags=["me"])
    caller = UserGuard(host)

    @routes.get("/me")
    async def read_me(user: Annotated[User[Any], Depends(caller)]) -> UserView:
        """The caller."""
        return UserView.of(user)

    @routes.patch("/me")
    async def change_me(changes: Changes, request: Request, user: Annotated[User[Any], Depends(caller)]) -> UserView:
        """Change one's name and profile; what is not sent stays."""
        full_name, profile = user.full_name, user.profile
        if "full_name" in changes.model_fields_set:
            raw = changes.full_name
            full_name = clean_text(raw, field="full_name", max_length=MAX_FULL_NAME) or None if raw else None
        if changes.profile is not None:
            try:
                profile = host.profile.model_validate({**profile.model_dump(), **changes.profile})
            except ValidationError as error:
                first = error.errors()[0]
                place = ".".join(str(part) for part in ("profile", *first["loc"]))
                raise InvalidInput(place[:200], first["msg"]) from None
        origin = origin_of(request, host.web.trusted_proxies)
        return UserView.of(await host.core.users.update(user.id, full_name=full_name, profile=profile, origin=origin))

    @routes.delete("/me", status_code=204)
    @sets_cookie
    async def delete_me(request: Request, principal: Annotated[Principal, require(fresh=True, host=host)]) -> Response:
        """Delete oneself and everything that is one's own; needs a recent sign-in."""
        origin = origin_of(request, host.web.trusted_proxies)
        if not await host.core.users.delete(principal.user_id, origin=origin):
            raise NotFound
        response = Response(status_code=204)
        for name in (host.web.session_cookie, host.web.refresh_cookie):
            clear_cookie(response, name, is_secure=host.web.is_secure)
        return response

    return routes
