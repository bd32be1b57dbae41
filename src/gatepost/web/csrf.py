"""Requests from other people's pages (OWASP ASVS 5.0, V3.5.1).

Every unsafe request that carries or sets our cookie, and every WebSocket upgrade with it, must come from our own
origin or a trusted one, by what the browser itself says (`Sec-Fetch-Site`, `Origin`). A client that sends neither
header is no browser, and nobody can make it send a cookie that it does not want to send.
"""

from starlette.requests import HTTPConnection

from gatepost.kernel.errors import AuthError
from gatepost.web.policy import GuardPolicy

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class CrossSite(AuthError):
    """The request comes from a page that is not ours."""

    code = "request.cross_site"
    status = 403
    public = "This request came from a page of another site."


def is_unsafe(connection: HTTPConnection) -> bool:
    """Whether a request can change something: an unsafe method, or the opening of a WebSocket."""
    return connection.scope["type"] == "websocket" or connection.scope["method"] not in SAFE_METHODS


def refuse_cross_site(connection: HTTPConnection, policy: GuardPolicy) -> None:
    """Refuse a request of a foreign page.

    Raises:
        CrossSite: it names the origin, and the setting that would trust it.
    """
    site, origin = "", ""
    for name, value in connection.scope["headers"]:
        if name == b"sec-fetch-site":
            site = value.decode("latin-1")
        elif name == b"origin":
            origin = value.decode("latin-1")
    if origin and origin != "null" and (origin == policy.public_origin or origin in policy.trusted_origins):
        return
    if site in {"same-origin", "none"} and origin != "null":
        return
    if not site and not origin:
        return
    shown = origin[:200] or site[:40]
    message = f"The origin {shown} is not trusted; GATEPOST_TRUSTED_ORIGINS lists the origins that are."
    raise CrossSite(public=message)
