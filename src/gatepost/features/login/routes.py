"""`POST /login` opens a session and sets its cookie; `POST /logout` ends it in every process."""

import contextlib
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from gatepost.core.audit import Origin
from gatepost.core.runtime import Core
from gatepost.core.sessions.store import read_authentic
from gatepost.core.throttle.attempts import Action
from gatepost.feature import FeatureHost
from gatepost.kernel.errors import NotAuthenticated
from gatepost.kernel.principal import Principal
from gatepost.web.cookies import clear_cookie, read_cookie
from gatepost.web.guard import authenticate, public
from gatepost.web.origin import origin_of
from gatepost.web.routes import route_class, sets_cookie
from gatepost.web.signing_in import end_cookie, enter, wanted_by_browser
from gatepost.web.views import UserView


class Proof(BaseModel):
    """What a person types to sign in."""

    model_config = ConfigDict(extra="forbid")

    identifier: Annotated[str, Field(max_length=320)]
    password: Annotated[SecretStr, Field(max_length=4096)]


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), tags=["sign-in"])

    @routes.post("/login")
    @public
    @sets_cookie
    async def login(proof: Proof, request: Request, response: Response) -> UserView:
        """Sign in: the session's cookie, and the user."""
        before = read_cookie(request, host.web.session_cookie)
        wanted = wanted_by_browser(host, request)
        opened = await host.core.login.with_password(proof.identifier, proof.password.get_secret_value(), wanted)
        return await enter(host, response, opened, wanted, before=before)

    @routes.post("/logout", status_code=204)
    @public
    @sets_cookie
    async def logout(request: Request) -> Response:
        """Sign out: the session is over in every process. Doing it twice is no error."""
        core, web = host.core, host.web
        origin = origin_of(request, web.trusted_proxies)
        await core.attempts.spend(Action.SIGN_OUT, origin)
        with contextlib.suppress(NotAuthenticated):
            await _end(core, await authenticate(host, request), origin)
        await end_cookie(core, read_cookie(request, web.session_cookie), origin)  # a bearer token hid it, good or not
        await _end_refresh_cookie(core, read_cookie(request, web.refresh_cookie))
        response = Response(status_code=204)
        for name in (web.session_cookie, web.refresh_cookie):
            clear_cookie(response, name, is_secure=web.is_secure)
        return response

    return routes


async def _end(core: Core, principal: Principal, origin: Origin) -> None:
    await core.sessions.end(principal.session_id, principal.user_id, origin=origin)


async def _end_refresh_cookie(core: Core, value: str | None) -> None:
    if value is None:
        return
    found = await read_authentic(core.database, core.keys, value)
    if found is not None:
        _, row = found
        await core.sessions.end(row.id, row.user_id)
