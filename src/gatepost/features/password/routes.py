"""`POST /password/change` and `/password/renew`: the current password is proved, every session ends, a mail says so."""

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
from gatepost.features.password.flow import renew
from gatepost.kernel.errors import InvalidInput
from gatepost.kernel.text import normalize_password
from gatepost.web.cookies import clear_cookie, read_cookie
from gatepost.web.devices import device_of_browser
from gatepost.web.guard import UserGuard, public
from gatepost.web.origin import origin_of
from gatepost.web.requirements import Need
from gatepost.web.routes import route_class, sets_cookie
from gatepost.web.signing_in import enter, give_session, wanted_by_browser
from gatepost.web.views import UserView

_Secret = Annotated[SecretStr, Field(max_length=4096)]


class PasswordChange(BaseModel):
    """The password that is, and the one that shall be."""

    model_config = ConfigDict(extra="forbid")

    current_password: _Secret
    new_password: _Secret


class PasswordRenewal(BaseModel):
    """Who has to change a password before it opens anything, the password, and the one that shall be."""

    model_config = ConfigDict(extra="forbid")

    identifier: Annotated[str, Field(max_length=320)]
    password: _Secret
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
            if secret == normalize_password(current, field="current_password"):
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
            give_session(host, response, opened)
        return response

    @routes.post("/password/renew")
    @public
    @sets_cookie
    async def renew_required(body: PasswordRenewal, request: Request, response: Response) -> UserView:
        """Change a password that has to be changed, where a sign-in says so, and sign in with the new one."""
        before = read_cookie(request, host.web.session_cookie)
        wanted = wanted_by_browser(host, request)
        current, new = body.password.get_secret_value(), body.new_password.get_secret_value()
        opened = await renew(host.core, body.identifier, current, new, wanted)
        return await enter(host, response, opened, wanted, before=before)

    return routes
