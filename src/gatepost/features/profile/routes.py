"""`/me`: the user as they see themselves."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gatepost.core.throttle.attempts import Action
from gatepost.core.users.administrators import AdminPolicy
from gatepost.core.users.domain import OwnFields, Profile, User
from gatepost.core.users.registration import MAX_FULL_NAME
from gatepost.feature import FeatureHost
from gatepost.features.profile.flow import delete_oneself
from gatepost.kernel.errors import InvalidInput
from gatepost.kernel.languages import MAX_TAG, language_tag
from gatepost.kernel.principal import Principal
from gatepost.kernel.text import clean_text
from gatepost.web.api_keys import takes_api_keys
from gatepost.web.cookies import clear_cookie
from gatepost.web.files import json_file
from gatepost.web.guard import UserGuard, require
from gatepost.web.origin import origin_of
from gatepost.web.routes import route_class, sets_cookie
from gatepost.web.views import UserView


class Changes(BaseModel):
    """What the owner may write; anything else is refused."""

    model_config = ConfigDict(extra="forbid")

    full_name: Annotated[str | None, Field(max_length=MAX_FULL_NAME * 2)] = None
    profile: dict[str, Any] | None = None
    locale: Annotated[str | None, Field(max_length=MAX_TAG)] = None


def _full_name(changes: Changes, current: str | None) -> str | None:
    if "full_name" not in changes.model_fields_set:
        return current
    return clean_text(changes.full_name or "", field="full_name", max_length=MAX_FULL_NAME) or None


def _profile(changes: Changes, current: Profile, kind: type[Profile]) -> Profile:
    if changes.profile is None:
        return current
    try:
        return kind.model_validate({**current.model_dump(), **changes.profile})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in ("profile", *first["loc"]))
        raise InvalidInput(place[:200], first["msg"]) from None


def _locale(changes: Changes, current: str | None) -> str | None:
    if "locale" not in changes.model_fields_set:
        return current
    return language_tag(changes.locale) if changes.locale else None


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), tags=["me"])
    caller = UserGuard(host)

    @routes.get("/me")
    @takes_api_keys
    async def read_me(user: Annotated[User[Any], Depends(caller)]) -> UserView:
        """The caller."""
        return UserView.of(user)

    @routes.patch("/me")
    async def change_me(changes: Changes, request: Request, user: Annotated[User[Any], Depends(caller)]) -> UserView:
        """Change one's name, profile and language; what is not sent stays."""
        origin = origin_of(request, host.web.trusted_proxies)

        def merged(current: User[Any]) -> OwnFields:
            return OwnFields(
                full_name=_full_name(changes, current.full_name),
                profile=_profile(changes, current.profile, host.profile),
                locale=_locale(changes, current.locale),
            )

        return UserView.of(await host.core.users.edit(user.id, merged, origin=origin))

    @routes.get("/me/export", dependencies=[require(fresh=True, host=host)])
    async def export_me(request: Request, user: Annotated[User[Any], Depends(caller)]) -> Response:
        """Everything that is known of oneself, as a file of JSON; needs a recent sign-in."""
        core, origin = host.core, origin_of(request, host.web.trusted_proxies)
        await core.attempts.spend(Action.EXPORT, origin, subject=str(user.id))
        return json_file(await host.personal_data.export(core.database, user, origin=origin), name="account")

    @routes.delete("/me", status_code=204)
    @sets_cookie
    async def delete_me(request: Request, principal: Annotated[Principal, require(fresh=True, host=host)]) -> Response:
        """Delete oneself and everything that is one's own; needs a recent sign-in."""
        origin = origin_of(request, host.web.trusted_proxies)
        await delete_oneself(host.core, principal.user_id, origin, host.policy(AdminPolicy).role)
        response = Response(status_code=204)
        for name in (host.web.session_cookie, host.web.refresh_cookie):
            clear_cookie(response, name, is_secure=host.web.is_secure)
        return response

    return routes
