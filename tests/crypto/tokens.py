"""Keys of each algorithm, and tokens that are rightly signed over whatever a test puts into them."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from gatepost.crypto import jwt
from tests.crypto.vectors import b64

NOW = 1_800_000_000
ISSUER, AUDIENCE = "https://auth.example.com", "https://api.example.com"
Json = bytes | str | Mapping[str, object]
GOOD: dict[str, object] = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u1", "exp": NOW + 600, "iat": NOW, "jti": "j1"}


@cache
def key_of(algorithm: jwt.Algorithm) -> jwt.TokenKey:
    return jwt.load_key(jwt.generate_key(algorithm))


HMAC, RSA, EC, ED = (key_of(name) for name in ("HS256", "RS256", "ES256", "EdDSA"))
KEYS = {key.kid: key for key in (HMAC, RSA, EC, ED)}


def verify(token: str, *, now: float = NOW, leeway: float = 0, expected_type: str = "at+jwt") -> dict[str, Any]:
    return jwt.verify(
        token,
        KEYS,
        expected_issuer=ISSUER,
        expected_audience=AUDIENCE,
        expected_type=expected_type,
        now=now,
        leeway=leeway,
    )


def signed(header: Json, claims: Json, key: jwt.TokenKey = EC) -> str:
    """Sign whatever these are, rightly: only what is in them can be the reason of a refusal."""
    message = f"{b64(header)}.{b64(claims)}"
    return f"{message}.{b64(key.signature_of(message.encode()))}"


def header(key: jwt.TokenKey = EC, **more: object) -> dict[str, Any]:
    return {"alg": key.algorithm, "kid": key.kid, "typ": "at+jwt", **more}


def refusal(token: str, *, now: float = NOW, leeway: float = 0, expected_type: str = "at+jwt") -> str:
    with pytest.raises(jwt.TokenRefused) as caught:
        verify(token, now=now, leeway=leeway, expected_type=expected_type)
    return caught.value.reason
