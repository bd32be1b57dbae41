"""What every way to sign in does with a browser: the session that it asks for, and the one that it had before."""

import contextlib

from starlette.requests import Request
from starlette.responses import Response

from gatepost.core.audit import Origin
from gatepost.core.login.flow import Wanted
from gatepost.core.runtime import Core
from gatepost.core.sessions.domain import COOKIE_CLIENT, SessionKind
from gatepost.core.sessions.flow import Opened
from gatepost.kernel.errors import LoginFailed, NotAuthenticated
from gatepost.web.cookies import set_cookie
from gatepost.web.devices import device_of_browser, remember_device
from gatepost.web.host import Host
from gatepost.web.origin import origin_of
from gatepost.web.views import UserView


def wanted_by_browser(host: Host, request: Request) -> Wanted:
    """Return what a browser that signs in asks for: a session in a cookie, with every scope, on its device."""
    return Wanted(
        kind=SessionKind.COOKIE,
        client_id=COOKIE_CLIENT,
        scope=" ".join(host.web.scopes),
        origin=origin_of(request, host.web.trusted_proxies),
        device=device_of_browser(request, host),
    )


async def enter(host: Host, response: Response, opened: Opened, wanted: Wanted, *, before: str | None) -> UserView:
    """Give a browser the session that was opened for it, and return whose it is.

    Args:
        host: the Gatepost.
        response: what the cookies are set on.
        opened: the session.
        wanted: what was asked for.
        before: the session's cookie that the browser came with. It ends: nobody planted one for later.

    Raises:
        LoginFailed: the user was deleted meanwhile.
    """
    user = await host.core.users.get(opened.grant.user_id)
    if user is None:
        raise LoginFailed
    await end_cookie(host.core, before, wanted.origin)
    give_session(host, response, opened)
    remember_device(response, host, wanted.device)
    return UserView.of(user)


def give_session(host: Host, response: Response, opened: Opened) -> None:
    """Set the cookie of a session."""
    web = host.web
    cookie = host.core.sessions.cookie(opened)
    set_cookie(response, web.session_cookie, cookie, max_age=web.session_max_age, is_secure=web.is_secure)


async def end_cookie(core: Core, value: str | None, origin: Origin) -> None:
    """End the session of a cookie, whatever it holds."""
    if value is None:
        return
    with contextlib.suppress(NotAuthenticated):
        principal = await core.authenticator.cookie(value)
        await core.sessions.end(principal.session_id, principal.user_id, origin=origin)
