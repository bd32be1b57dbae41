"""What routes that lead to a provider share: the cookie of one authorization request, and where a browser goes on."""

import contextlib

from starlette.requests import HTTPConnection
from starlette.responses import Response

from gatepost.core.federation.destinations import return_target
from gatepost.core.federation.domain import COOKIE_SECONDS, Begun, cookie_of
from gatepost.core.federation.errors import InvalidRequest
from gatepost.core.federation.policy import FederationPolicy
from gatepost.kernel.errors import NotAuthenticated
from gatepost.web.cookies import clear_cookie, read_cookie, set_cookie
from gatepost.web.host import Host

_MAX_REQUESTS = 8  # of one browser at once; each is a cookie, and too many of them are refused by servers


def bind_browser(connection: HTTPConnection, host: Host, response: Response, begun: Begun) -> None:
    """Give the browser that begins a request the cookie without which its answer is not taken."""
    web, prefix = host.web, _name(host, "")
    others = {name for name in connection.cookies if name.startswith(prefix)}
    if len(others) >= _MAX_REQUESTS:
        for name in others:
            clear_cookie(response, name, is_secure=web.is_secure)
    set_cookie(response, prefix + begun.cookie, begun.browser, max_age=COOKIE_SECONDS, is_secure=web.is_secure)


def browser_of(connection: HTTPConnection, host: Host, state: str) -> str | None:
    """Return what the cookie of a request holds; None where there is none, or more than one."""
    with contextlib.suppress(NotAuthenticated):
        return read_cookie(connection, _name(host, cookie_of(state)))
    return None


def release_browser(host: Host, response: Response, state: str) -> None:
    """Let the browser forget the cookie of a request that is over."""
    clear_cookie(response, _name(host, cookie_of(state)), is_secure=host.web.is_secure)


def checked_target(policy: FederationPolicy, value: str | None, *, field: str) -> str | None:
    """Return where a browser goes on.

    Raises:
        InvalidRequest: it is not surely one of our places.
    """
    if value is None:
        return None
    target = return_target(policy, value)
    if target is None:
        raise InvalidRequest(
            public=f"{field} leads elsewhere: only places of this site and of trusted origins are taken."
        )
    return target


def _name(host: Host, suffix: str) -> str:
    return f"{host.web.flow_cookie}-{suffix}"
