"""Signed tokens of ours: JSON Web Tokens (RFC 7519), by default access tokens (RFC 9068).

How they are read, and in which order, is in `reading.py`; those of other issuers are in `foreign.py`.
"""

import json
from collections.abc import Mapping
from typing import Any

from gatepost.crypto import base64url
from gatepost.crypto.jwk import Algorithm, KeyRefused, TokenKey, generate_key, load_key, load_public_key
from gatepost.crypto.reading import (
    MAX_DATE,
    Reason,
    TokenRefused,
    chosen_key,
    read,
    require_audience,
    require_signature,
    require_time,
    split,
)

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
    head, body, tail = split(token, MAX_TOKEN_BYTES)
    header = read(head)
    key = chosen_key(header, keys)
    _require_type(header, expected_type)
    require_signature(token, tail, key)
    claims = read(body)
    _require_subject(claims, expected_issuer, expected_audience)
    _require_time(claims, now, leeway)
    return claims


def inspect(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims as they stand there, with nothing verified: to be shown, never to be believed.

    Raises:
        TokenRefused: they cannot be read.
    """
    head, body, _ = split(token, MAX_TOKEN_BYTES)
    return read(head), read(body)


def _require_type(header: Mapping[str, Any], expected_type: str) -> None:
    # RFC 9068, section 4, and RFC 7515, section 4.1.9: a media type, "application/" may be left out, case is nothing.
    typ = header.get("typ")
    if not isinstance(typ, str) or typ.lower().removeprefix("application/") != expected_type.lower():
        raise TokenRefused("type")


def _require_subject(claims: Mapping[str, Any], expected_issuer: str, expected_audience: str) -> None:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise TokenRefused("claims")
    if claims.get("iss") != expected_issuer:
        raise TokenRefused("issuer")
    require_audience(claims, expected_audience)


def _require_time(claims: Mapping[str, Any], now: float, leeway: float) -> None:
    expires_at, issued_at = _date(claims, "exp"), _date(claims, "iat")
    not_before = _date(claims, "nbf") if "nbf" in claims else issued_at
    require_time(expires_at=expires_at, issued_at=issued_at, not_before=not_before, now=now, leeway=leeway)


def _date(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if type(value) is not int or not 0 <= value <= MAX_DATE:  # a bool is an int, and True is no date
        raise TokenRefused("claims")
    return value


def _segment(members: Mapping[str, object]) -> str:
    return base64url.encode(json.dumps(members, separators=(",", ":"), allow_nan=False).encode("ascii"))
