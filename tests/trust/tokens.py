"""ID tokens and logout tokens of an issuer that is trusted, and what somebody says to those that are not good."""

import hashlib
from collections.abc import Mapping
from typing import Any

import pytest

from gatepost.crypto import base64url, jwt
from gatepost.crypto.reading import TokenRefused
from gatepost.trust.id_tokens import BACKCHANNEL_LOGOUT, verify_id_token
from gatepost.trust.jwks import read_keys
from gatepost.trust.logout_tokens import LogoutToken, verify_logout_token
from tests.trust.issuer import signer

NOW = 1_800_000_000
ISSUER, CLIENT, NONCE = "https://issuer.example", "client", "nonce of this request"
ONE = read_keys({"keys": [signer().jwk()]})


def claims(issuer: str = ISSUER, now: float = NOW, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever an attacker says
    good = {"iss": issuer, "aud": CLIENT, "sub": "u1", "exp": int(now) + 300, "iat": int(now), "nonce": NONCE}
    return {name: value for name, value in {**good, **changes}.items() if value != "absent"}


def expected(issuer: str = ISSUER, now: float = NOW) -> dict[str, Any]:
    return {"expected_issuer": issuer, "expected_client_id": CLIENT, "expected_nonce": NONCE, "now": now, "leeway": 0}


def id_refusal(token: str, keys: Mapping[str, jwt.TokenKey] = ONE, issuer: str = ISSUER, **more: object) -> str:
    with pytest.raises(TokenRefused) as refused:
        verify_id_token(token, keys, **{**expected(issuer), **more})
    return refused.value.reason


def of(**changes: Any) -> str:  # noqa: ANN401 - likewise
    return signer().token(claims(**changes))


def at_hash(access_token: str, name: str = "sha256") -> str:
    digest = hashlib.new(name, access_token.encode()).digest()
    return base64url.encode(digest[: len(digest) // 2])


def over(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - likewise
    return claims(**{"nonce": "absent", "jti": "j1", "sid": "s1", "events": {BACKCHANNEL_LOGOUT: {}}, **changes})


def logout(token: str, **more: object) -> LogoutToken:
    wanted = {name: value for name, value in expected().items() if name != "expected_nonce"}
    return verify_logout_token(token, ONE, **{**wanted, **more})


def logout_refusal(said: Mapping[str, object], **header: object) -> str:
    with pytest.raises(TokenRefused) as refused:
        logout(signer().token(said, **header))
    return refused.value.reason
