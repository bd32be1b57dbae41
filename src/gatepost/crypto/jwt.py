"""Signed tokens: JSON Web Tokens in the compact form (RFC 7515, RFC 7519), by default access tokens (RFC 9068).

A token is a stranger's text until its signature is right, so it is read in this order: size and spelling, header, key,
algorithm, type, signature, and only then the claims. Nothing in the header chooses a key or an address to fetch one
from: `jwk`, `jku`, `x5u` and `x5c` are not read, and `alg` only has to repeat what the key is for (RFC 8725, 3.1).
"""

import json
from collections.abc import Mapping
from typing import Any, Literal, NoReturn

from gatepost.crypto import base64url
from gatepost.crypto.jwk import Algorithm, KeyRefused, TokenKey, generate_key, load_key, load_public_key

__all__ = [
    "MAX_TOKEN_BYTES",
    "Algorithm",
    "KeyRefused",
    "Reason",
    "TokenKey",
    "TokenRefused",
    "generate_key",
    "inspect",
    "load_key",
    "load_public_key",
    "sign",
    "verify",
]

MAX_TOKEN_BYTES = 8192
_MAX_KID = 128
_MAX_DATE = 100_000_000_000  # the year 5138: what is later is in milliseconds, or an attack

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
]


class TokenRefused(ValueError):
    """The token is not good; `reason` is stable and says why, for logs and developers, never for the caller."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


def sign(claims: Mapping[str, object], key: TokenKey, *, typ: str = "at+jwt") -> str:
    """Return the signed token.

    Raises:
        ValueError: the token would be larger than what `verify` accepts, or a number in it is not finite.
    """
    header = _segment({"alg": key.algorithm, "kid": key.kid, "typ": typ})
    message = f"{header}.{_segment(claims)}"
    token = f"{message}.{base64url.encode(key.signature_of(message.encode('ascii')))}"
    if len(token) > MAX_TOKEN_BYTES:
        raise ValueError(f"a token of {len(token)} bytes is larger than {MAX_TOKEN_BYTES}: put fewer claims into it")
    return token


def verify(
    token: str,
    keys: Mapping[str, TokenKey],
    *,
    expected_issuer: str,
    expected_audience: str,
    expected_type: str = "at+jwt",
    now: float,
    leeway: float,
) -> dict[str, Any]:
    """Return the claims of a token that is good now.

    Args:
        token: as presented.
        keys: by `kid`.
        expected_issuer: exactly this `iss`.
        expected_audience: this one is, or is among, `aud`.
        expected_type: this `typ`, with or without `application/` before it.
        now: seconds since the Unix epoch.
        leeway: seconds that clocks may differ by.

    Raises:
        TokenRefused: it is not.
    """
    head, body, tail = _split(token)
    header = _read(head)
    key = _chosen_key(header, keys)
    _require_type(header, expected_type)
    try:
        signature = base64url.decode(tail)
    except ValueError:
        raise TokenRefused("malformed") from None
    if not key.signature_is_right(token[: -len(tail) - 1].encode("ascii"), signature):
        raise TokenRefused("signature")
    claims = _read(body)
    _require_subject(claims, expected_issuer, expected_audience)
    _require_time(claims, now, leeway)
    return claims


def inspect(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims as they stand there, with nothing verified: to be shown, never to be believed.

    Raises:
        TokenRefused: they cannot be read.
    """
    head, body, _ = _split(token)
    return _read(head), _read(body)


def _split(token: str) -> list[str]:
    if len(token) > MAX_TOKEN_BYTES:
        raise TokenRefused("too_large")
    parts = token.split(".")
    if len(parts) != 3 or not token.isascii():  # noqa: PLR2004 - five parts would be a JWE (RFC 7516)
        raise TokenRefused("malformed")
    return parts


def _chosen_key(header: Mapping[str, Any], keys: Mapping[str, TokenKey]) -> TokenKey:
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


def _require_type(header: Mapping[str, Any], expected_type: str) -> None:
    # RFC 9068, section 4, and RFC 7515, section 4.1.9: a media type, "application/" may be left out, case is nothing.
    typ = header.get("typ")
    if not isinstance(typ, str) or typ.lower().removeprefix("application/") != expected_type.lower():
        raise TokenRefused("type")


def _require_subject(claims: Mapping[str, Any], expected_issuer: str, expected_audience: str) -> None:
    subject, audience = claims.get("sub"), claims.get("aud")
    if not isinstance(subject, str) or not subject:
        raise TokenRefused("claims")
    if claims.get("iss") != expected_issuer:
        raise TokenRefused("issuer")
    # RFC 7519, section 4.1.3: one string, or a list of them.
    if audience != expected_audience and not (isinstance(audience, list) and expected_audience in audience):
        raise TokenRefused("audience")


def _require_time(claims: Mapping[str, Any], now: float, leeway: float) -> None:
    expires_at, issued_at = _date(claims, "exp"), _date(claims, "iat")
    not_before = _date(claims, "nbf") if "nbf" in claims else issued_at
    if now >= expires_at + leeway:  # RFC 7519, section 4.1.4: "on or after"
        raise TokenRefused("expired")
    if max(issued_at, not_before) > now + leeway:
        raise TokenRefused("not_yet_valid")


def _date(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if type(value) is not int or not 0 <= value <= _MAX_DATE:  # a bool is an int, and True is no date
        raise TokenRefused("claims")
    return value


def _segment(members: Mapping[str, object]) -> str:
    return base64url.encode(json.dumps(members, separators=(",", ":"), allow_nan=False).encode("ascii"))


def _read(segment: str) -> dict[str, Any]:
    try:
        members = _STRICT_JSON.decode(base64url.decode(segment).decode("utf-8"))
    except (ValueError, RecursionError):
        raise TokenRefused("malformed") from None
    if not isinstance(members, dict):
        raise TokenRefused("malformed")
    return members


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # RFC 7519, section 4: of two members with one name, two readers may believe different ones.
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate member")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_STRICT_JSON = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
