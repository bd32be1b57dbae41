"""ID tokens of others (OpenID Connect Core 1.0, section 3.1.3.7): who somebody is, said once, to one client.

What goes wrong: a token that was made for another client, or in answer to another request, or that is no ID token at
all (an access token, a logout token), is taken for this one.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from gatepost.crypto import base64url
from gatepost.crypto.foreign import ForeignToken, date_in, verify_foreign
from gatepost.crypto.jwk import TokenKey
from gatepost.crypto.reading import TokenRefused

BACKCHANNEL_LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
_TYPES: frozenset[str | None] = frozenset({None, "jwt"})
# Keycloak says in a claim what other kinds of its tokens are.
_OTHER_KINDS = frozenset({"bearer", "dpop", "refresh", "offline", "logout"})


def verify_id_token(  # noqa: PLR0913 - each is something that the standard says to compare
    token: str,
    keys: Mapping[str, TokenKey],
    *,
    expected_issuer: str,
    expected_client_id: str,
    expected_nonce: str | None,
    now: float,
    leeway: float,
    max_age: float | None = None,
    access_token: str | None = None,
) -> dict[str, Any]:
    """Return the claims of an ID token that is good now, and that answers this request.

    Args:
        token: as it came.
        keys: of this issuer.
        expected_issuer: exactly this `iss`.
        expected_client_id: whom it is for.
        expected_nonce: of the request; None where there was no request (a refresh).
        now: seconds since the Unix epoch.
        leeway: seconds that clocks may differ by.
        max_age: as it was asked for: seconds since the person proved who they are.
        access_token: what came with it; where the token says a hash of it, it has to be that one.

    Raises:
        TokenRefused: it is not.
    """
    read = verify_foreign(
        token,
        keys,
        expected_issuer=expected_issuer,
        expected_audience=expected_client_id,
        expected_types=_TYPES,
        now=now,
        leeway=leeway,
    )
    claims = read.claims
    _require_kind(claims)
    _require_party(claims, expected_client_id)
    if expected_nonce is not None and claims.get("nonce") != expected_nonce:
        raise TokenRefused("nonce")
    if max_age is not None and now - date_in(claims, "auth_time") > max_age + leeway:
        raise TokenRefused("sign_in_too_old")
    if access_token is not None and "at_hash" in claims and claims["at_hash"] != _at_hash(read, access_token):
        raise TokenRefused("access_token_hash")
    return claims


def _require_kind(claims: Mapping[str, Any]) -> None:
    kind = claims.get("typ")
    if "events" in claims or (isinstance(kind, str) and kind.lower() in _OTHER_KINDS):
        raise TokenRefused("kind")


def _require_party(claims: Mapping[str, Any], client_id: str) -> None:
    # Section 3.1.3.7, 3 to 5: for several audiences, or where it is said at all, the authorized party is this client.
    audience = claims["aud"]
    if "azp" in claims:
        if claims["azp"] != client_id:
            raise TokenRefused("authorized_party")
    elif isinstance(audience, list) and len(audience) > 1:
        raise TokenRefused("authorized_party")


def _at_hash(read: ForeignToken, access_token: str) -> str:
    # Section 3.1.3.6: the left half of the hash of the algorithm; that of EdDSA with Ed25519 is SHA-512.
    name = "sha512" if read.algorithm == "EdDSA" else f"sha{read.algorithm[-3:]}"
    digest = hashlib.new(name, access_token.encode()).digest()
    return base64url.encode(digest[: len(digest) // 2])
