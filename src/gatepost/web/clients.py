"""Resource servers that this server knows, by HTTP Basic (RFC 6749, section 2.3.1), and by nothing else.

No cookie and no bearer token counts here: what a user holds never opens what is meant for another service.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import unquote_plus

from fastapi import Request

from gatepost.kernel.errors import OAuthError


def require_client(request: Request, clients: Mapping[str, str]) -> str:
    """Return the name of the resource server that asks.

    Args:
        request: its request.
        clients: secrets by name.

    Raises:
        OAuthError: `invalid_client`, whatever is wrong.
    """
    given = request.headers.getlist("authorization")
    scheme, _, credentials = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    try:
        decoded = base64.b64decode(credentials, validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, ValueError):
        decoded = ""
    name, _, secret = decoded.partition(":")
    # The standard encodes both as in a form; most clients do not. A secret that holds no % or + is the same either way.
    for form in ((name, secret), (unquote_plus(name), unquote_plus(secret))):
        expected = clients.get(form[0], "")
        if hmac.compare_digest(_digest(form[1]), _digest(expected)) and expected:
            return form[0]
    error = "invalid_client"
    raise OAuthError(error, "This is for known resource servers.", status=401)


def _digest(secret: str) -> bytes:
    """Return bytes of one length, so that a comparison does not tell how long the expected one is."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
