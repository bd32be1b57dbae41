"""`POST /password/change`: proves the current password, ends every session, tells the owner by mail."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from gatepost.core.login.flow import PASSWORD
from gatepost.core.sessions.domain import COOKIE_CLIENT, SessionKind
from gatepost.core.sessions.flow import Opening
from gatepost.core.sessions.password_change import change_password
from gatepost.core.throttle.attempts import Action
from gatepost.core.users.domain import User
from gatepost.feature import FeatureHost
from gatepost.kernel.errors import InvalidInput
from gatepost.web.cookies import clear_cookie, read_cookie, set_cookie
from gatepost.web.devices import device_of_browser
from gatepost.web.guard import UserGuard
from gatepost.web.origin import origin_of
from gatepost.web.requirements import Need
from gatepost.web.routes import route_class, sets_cookie

_Secret = Annotated[SecretStr, Field(max_length=4096)]


class PasswordChange(BaseModel):
    """The password that is, and the one that shall be."""

    model_config = ConfigDict(extra="forbid")

    current_password: _Secret
    new_password: _Secret


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), tags=["password"])
    owner = UserGuard(host, need=Need(is_in_person=True))

    @routes.post("/password/change", status_code=204)
    @sets_cookie
    async def change(body: PasswordChange, request: Request, user: Annotated[User[Any], Depends(owner)]) -> Response:
        """Change one's password. Every session ends; a browser that asked gets a new one, a token client signs in."""
        core, web = host.core, host.web
        current, new = body.current_password.get_secret_value(), body.new_password.get_secret_value()
        words = (user.email, user.username, user.full_name)
        origin = origin_of(request, web.trusted_proxies)
        device = device_of_browser(request, host, is_given=False)
        async with core.attempts.around(Action.PASSWORD_CHANGE, origin, subject=str(user.id)):
            secret = await core.password_policy.accept(new, field="new_password", words=words)
            if new == current:
                field = "new_password"
                raise InvalidInput(field, "is the current one")
            epoch, old_hash = await core.login.confirm_password(user.id, current, origin, device=device)
            new_hash = await core.passwords.hash(secret)
        opened = await change_password(
            core.services,
            core.sessions,
            core.listeners,
            opening=Opening(
                user_id=user.id,
                epoch=epoch,
                kind=SessionKind.COOKIE,
                client_id=COOKIE_CLIENT,
                scope=" ".join(web.scopes),
                amr=PASSWORD,
                origin=origin,
            ),
            old_hash=old_hash,
            new_hash=new_hash,
            reopens=read_cookie(request, web.session_cookie) is not None,
        )
        response = Response(status_code=204)
        clear_cookie(response, web.refresh_cookie, is_secure=web.is_secure)
        if opened is not None:
            cookie, age = core.sessions.cookie(opened), web.session_max_age
            set_cookie(response, web.session_cookie, cookie, max_age=age, is_secure=web.is_secure)
        return response

    return routes
