"""Signed tokens of other issuers: wider than our own where the standards are, and not one rule less.

A token without `kid` is checked with the only key of its algorithm, dates may have fractions, `typ` is one of several,
and more bytes are read. What is a sentence in a standard about one kind of token is in `trust/`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gatepost.crypto.jwk import TokenKey, VerifiedAlgorithm
from gatepost.crypto.reading import (
    MAX_DATE,
    TokenRefused,
    chosen_key,
    read,
    require_audience,
    require_signature,
    require_time,
    split,
)

MAX_FOREIGN_TOKEN_BYTES = 32_768  # others put every group of a user into them
_MAX_NAME = 255  # OpenID Connect Core 1.0, section 2


@dataclass(frozen=True, slots=True)
class ForeignToken:
    """What another issuer has signed.

    Attributes:
        typ: of the header, in lower case and without `application/`; None where there is none.
        algorithm: that of the key.
        claims: all of them.
    """

    typ: str | None
    algorithm: VerifiedAlgorithm
    claims: dict[str, Any]


def verify_foreign(
    token: str,
    keys: Mapping[str, TokenKey],
    *,
    expected_issuer: str,
    expected_audience: str | None,
    expected_types: frozenset[str | None],
    requires_subject: bool = True,
    now: float,
    leeway: float,
) -> ForeignToken:
    """Return a token of another issuer that is good now.

    Args:
        token: as presented.
        keys: of this issuer, by `kid`.
        expected_issuer: exactly this `iss`.
        expected_audience: this one is, or is among, `aud`; None for who judges `aud` itself.
        expected_types: in lower case, without `application/`; None among them for a token that does not say it.
        requires_subject: whether `sub` has to be there; what is there is checked in any case.
        now: seconds since the Unix epoch.
        leeway: seconds that clocks may differ by.

    Raises:
        TokenRefused: it is not.
    """
    head, body, tail = split(token, MAX_FOREIGN_TOKEN_BYTES)
    header = read(head)
    key = chosen_key(header if "kid" in header else {**header, "kid": _only_kid(header, keys)}, keys)
    typ = _type_among(header, expected_types)
    require_signature(token, tail, key)
    claims = read(body)
    _require_unicode(claims)
    if claims.get("iss") != expected_issuer:
        raise TokenRefused("issuer")
    if expected_audience is not None:
        require_audience(claims, expected_audience)
    if requires_subject or "sub" in claims:
        require_name(claims, "sub")
    issued_at = date_in(claims, "iat")
    require_time(
        expires_at=date_in(claims, "exp"),
        issued_at=issued_at,
        not_before=date_in(claims, "nbf") if "nbf" in claims else issued_at,
        now=now,
        leeway=leeway,
    )
    return ForeignToken(typ, key.algorithm, claims)


def require_name(claims: Mapping[str, Any], name: str) -> None:
    """Let through a claim that is a name: short text that can be stored and shown.

    Raises:
        TokenRefused: it is none.
    """
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_NAME or not value.isprintable():
        raise TokenRefused("claims")


def date_in(claims: Mapping[str, Any], name: str) -> float:
    """Return a claim that is a date, in seconds since the Unix epoch.

    Raises:
        TokenRefused: it is none.
    """
    # RFC 7519, section 2: NumericDate may have a fraction.
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= MAX_DATE:
        raise TokenRefused("claims")
    return float(value)


def _require_unicode(claims: Mapping[str, Any]) -> None:
    # A lone surrogate can be spelled in JSON, and neither stored nor sent as UTF-8 afterwards; and what is nested so
    # deep that it can just be read may be too deep to be written.
    try:
        json.dumps(claims, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        raise TokenRefused("malformed") from None


def _only_kid(header: Mapping[str, Any], keys: Mapping[str, TokenKey]) -> str:
    """Return the name of the only key of the algorithm; of two, the token does not say which (OIDC Core, 10.1)."""
    found = [kid for kid, key in keys.items() if key.algorithm == header.get("alg")]
    if len(found) != 1:
        raise TokenRefused("unknown_key")
    return found[0]


def _type_among(header: Mapping[str, Any], expected_types: frozenset[str | None]) -> str | None:
    typ = header.get("typ")
    said = typ.lower().removeprefix("application/") if isinstance(typ, str) else None
    if said not in expected_types or (said is None and "typ" in header):
        raise TokenRefused("type")
    return said
