"""The device cookie: a browser in which somebody has signed in is known again. It proves nothing about anybody.

So a bad one is no refusal: forged, oversized or there twice, it counts as none, and a sign-in replaces it.
"""

import contextlib

from starlette.requests import HTTPConnection
from starlette.responses import Response

from gatepost.kernel.errors import NotAuthenticated
from gatepost.web.cookies import read_cookie, set_cookie
from gatepost.web.host import Host

_MAX_AGE = 365 * 86_400


def device_of_browser(connection: HTTPConnection, host: Host, *, is_given: bool = True) -> str | None:
    """Return the device cookie that a client is to hold after signing in: the one it has, or a new one.

    Args:
        connection: the request.
        host: the Gatepost.
        is_given: False for a client that takes no cookies from us; one that it sends counts all the same.
    """
    presented: str | None = None
    with contextlib.suppress(NotAuthenticated):
        presented = read_cookie(connection, host.web.device_cookie)
    return host.core.devices.cookie(presented, is_given=is_given)


def remember_device(response: Response, host: Host, device: str | None) -> None:
    """Give a browser its device cookie, after it has signed in."""
    if device is not None:
        set_cookie(response, host.web.device_cookie, device, max_age=_MAX_AGE, is_secure=host.web.is_secure)
