"""Cookies (RFC 6265): read from the raw bytes by exact name, written with every flag.

Two cookies of one name mean that somebody else wrote one of them (a sibling domain, a path): the request is refused
instead of guessing which.
"""

from starlette.requests import HTTPConnection
from starlette.responses import Response

from gatepost.kernel.errors import NotAuthenticated

_MAX_VALUE = 512


def read_cookie(connection: HTTPConnection, name: str) -> str | None:
    """Return the value of a cookie, or None.

    Raises:
        NotAuthenticated: there are two of the name, or the value cannot be one of ours.
    """
    wanted = name.encode("ascii")
    found: list[bytes] = []
    for header, value in connection.scope["headers"]:
        if header == b"cookie" and wanted in value:
            for pair in value.split(b";"):
                key, separator, content = pair.partition(b"=")
                if separator and key.strip(b" \t") == wanted:
                    found.append(content.strip(b" \t"))
    if not found:
        return None
    if len(found) > 1:
        reason = "two cookies of one name"
        raise NotAuthenticated(reason)
    if len(found[0]) > _MAX_VALUE or not found[0].isascii():
        reason = "not a cookie of ours"
        raise NotAuthenticated(reason)
    return found[0].decode("ascii")


def set_cookie(response: Response, name: str, value: str, *, max_age: int, is_secure: bool) -> None:
    """Write a cookie: HttpOnly, SameSite=Lax, for this host only, Secure on https."""
    response.set_cookie(name, value, max_age=max_age, path="/", secure=is_secure, httponly=True, samesite="lax")


def clear_cookie(response: Response, name: str, *, is_secure: bool) -> None:
    """Make the browser forget a cookie."""
    response.delete_cookie(name, path="/", secure=is_secure, httponly=True, samesite="lax")
