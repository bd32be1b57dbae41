"""Reading signed tokens in the compact form (RFC 7515), the part that is the same for ours and for those of others.

A token is a stranger's text until its signature is right, so it is read in this order: size and spelling, header, key,
algorithm, type, signature, and only then the claims. Nothing in the header chooses a key or an address to fetch one
from: `jwk`, `jku`, `x5u` and `x5c` are not read, and `alg` only has to repeat what the key is for (RFC 8725, 3.1).
"""

from collections.abc import Mapping
from typing import Any, Literal

from gatepost.crypto import base64url
from gatepost.crypto.jwk import TokenKey
from gatepost.kernel import strict_json

MAX_DATE = 100_000_000_000  # the year 5138: what is later is in milliseconds, or an attack
_MAX_KID = 128

Reason = Literal[
    "too_large",
    "malformed",
    "critical",
    "unknown_key",
    "algorithm",
    "type",
    "signature",
    "claims",
    "issuer",
    "audience",
    "expired",
    "not_yet_valid",
    "authorized_party",
    "nonce",
    "sign_in_too_old",
    "access_token_hash",
    "kind",
    "dialect",
]


class TokenRefused(ValueError):
    """The token is not good; `reason` is stable and says why, for logs and developers, never for the caller."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


def split(token: str, limit: int) -> list[str]:
    """Return header, claims and signature as they are spelled.

    Raises:
        TokenRefused: too long, or not three parts.
    """
    if len(token) > limit:
        raise TokenRefused("too_large")
    parts = token.split(".")
    if len(parts) != 3 or not token.isascii():  # noqa: PLR2004 - five parts would be a JWE (RFC 7516)
        raise TokenRefused("malformed")
    return parts


def chosen_key(header: Mapping[str, Any], keys: Mapping[str, TokenKey]) -> TokenKey:
    """Return the key that the header names.

    Raises:
        TokenRefused: there is none, or the header wants anything else of it.
    """
    # RFC 7515, section 4.1.11: what is critical and not understood has to be refused, and nothing is understood here.
    # `b64` (RFC 7797) would let one signature stand for two payloads.
    if "crit" in header or "b64" in header:
        raise TokenRefused("critical")
    kid = header.get("kid")
    if not isinstance(kid, str) or len(kid) > _MAX_KID:
        raise TokenRefused("unknown_key")
    key = keys.get(kid)
    if key is None:
        raise TokenRefused("unknown_key")
    if header.get("alg") != key.algorithm:
        raise TokenRefused("algorithm")
    return key


def require_signature(token: str, tail: str, key: TokenKey) -> None:
    """Let through what this key has signed.

    Raises:
        TokenRefused: it has not.
    """
    try:
        signature = base64url.decode(tail)
    except ValueError:
        raise TokenRefused("malformed") from None
    if not key.signature_is_right(token[: -len(tail) - 1].encode("ascii"), signature):
        raise TokenRefused("signature")


def require_audience(claims: Mapping[str, Any], expected_audience: str) -> None:
    """Let through what is for this audience.

    Raises:
        TokenRefused: it is for others.
    """
    # RFC 7519, section 4.1.3: one string, or a list of them.
    audience = claims.get("aud")
    if audience != expected_audience and not (isinstance(audience, list) and expected_audience in audience):
        raise TokenRefused("audience")


def require_time(*, expires_at: float, issued_at: float, not_before: float, now: float, leeway: float) -> None:
    """Let through what is good now.

    Raises:
        TokenRefused: no longer, or not yet.
    """
    if now >= expires_at + leeway:  # RFC 7519, section 4.1.4: "on or after"
        raise TokenRefused("expired")
    if max(issued_at, not_before) > now + leeway:
        raise TokenRefused("not_yet_valid")


def read(segment: str) -> dict[str, Any]:
    """Return the members of one part.

    Raises:
        TokenRefused: it is no object of JSON, or one that two readers would read differently.
    """
    try:
        members = strict_json.decode(base64url.decode(segment).decode("utf-8"))
    except (ValueError, RecursionError):
        raise TokenRefused("malformed") from None
    if not isinstance(members, dict):
        raise TokenRefused("malformed")
    return members
