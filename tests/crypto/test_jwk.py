"""Keys: what may be published, what is refused, what a key never gives away."""

import json
from typing import Any, get_args

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import JWKRegistry

from gatepost.crypto import base64url, jwt
from tests.crypto import vectors

ALGORITHMS = get_args(jwt.Algorithm)
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_generated_key_signs_what_it_verifies(algorithm: jwt.Algorithm) -> None:
    key = jwt.load_key(jwt.generate_key(algorithm))
    assert key.algorithm == algorithm
    assert key.signature_is_right(b"message", key.signature_of(b"message"))


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_the_public_jwk_has_no_private_member_and_verifies(algorithm: jwt.Algorithm) -> None:
    private = jwt.load_key(jwt.generate_key(algorithm))
    published = private.public_jwk()
    assert published is not None
    assert not PRIVATE & published.keys()
    assert (published["kid"], published["alg"], published["use"]) == (private.kid, algorithm, "sig")
    public = jwt.load_public_key(published)
    assert public.kid == private.kid
    assert public.signature_is_right(b"m", private.signature_of(b"m"))
    assert not public.can_sign
    with pytest.raises(jwt.KeyRefused):
        public.signature_of(b"m")


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_the_kid_is_the_thumbprint_of_rfc_7638(algorithm: jwt.Algorithm) -> None:
    jwk = json.loads(jwt.generate_key(algorithm))
    assert jwk["kid"] == JWKRegistry.import_key({k: v for k, v in jwk.items() if k not in PRIVATE}).thumbprint()


def test_a_shared_secret_is_never_published_and_its_kid_says_nothing_of_it() -> None:
    jwk = json.loads(jwt.generate_key("HS256"))
    key = jwt.load_key(json.dumps(jwk).encode())
    assert key.public_jwk() is None
    assert jwk["kid"] != JWKRegistry.import_key({"kty": "oct", "k": jwk["k"]}).thumbprint()
    assert len(base64url.decode(jwk["k"])) == 32


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_repr_of_a_key_holds_no_key_material(algorithm: jwt.Algorithm) -> None:
    raw = jwt.generate_key(algorithm)
    text = repr(jwt.load_key(raw))
    assert not any(value in text for name, value in json.loads(raw).items() if name in PRIVATE | {"n", "x", "y"})


def test_private_members_in_a_published_key_are_left_behind() -> None:
    key = jwt.load_public_key({**vectors.A3_KEY, "kid": "k"})
    assert not key.can_sign


def _rsa(bits: int) -> dict[str, str]:
    n = rsa.generate_private_key(65537, bits).public_key().public_numbers().n
    return {"kty": "RSA", "n": base64url.encode(n.to_bytes(bits // 8)), "e": "AQAB", "kid": "k"}


EC = {"kty": "EC", "crv": "P-256", "x": vectors.A3_KEY["x"], "y": vectors.A3_KEY["y"], "kid": "k"}


@pytest.mark.parametrize(
    "jwk",
    [
        pytest.param({**vectors.A1_KEY, "kid": "k"}, id="shared-secret"),
        pytest.param(_rsa(1024), id="short-rsa"),
        pytest.param({**_rsa(1024), "n": "_" * 1400}, id="huge-rsa"),
        pytest.param({**EC, "alg": "ES384"}, id="other-alg"),
        pytest.param({**EC, "alg": "HS256"}, id="public-key-as-hmac-secret"),
        pytest.param({**EC, "use": "enc"}, id="for-encryption"),
        pytest.param({**EC, "crv": "P-384"}, id="other-curve"),
        pytest.param({**EC, "y": vectors.A3_KEY["x"]}, id="off-the-curve"),
        pytest.param({**EC, "x": 7}, id="number-for-text"),
        pytest.param({**EC, "x": "=="}, id="not-base64url"),
        pytest.param({**EC, "use": ["sig"]}, id="list-for-text"),
        pytest.param({k: v for k, v in EC.items() if k != "y"}, id="member-missing"),
        pytest.param({k: v for k, v in EC.items() if k != "kid"}, id="no-kid"),
        pytest.param({**EC, "kid": "k" * 129}, id="long-kid"),
        pytest.param({**EC, "kid": 5}, id="number-kid"),
        pytest.param({"kty": "OKP", "crv": "Ed448", "x": "A" * 76, "kid": "k"}, id="ed448"),
        pytest.param({"kty": "OKP", "crv": "X25519", "x": vectors.ED25519_KEY["x"], "kid": "k"}, id="x25519"),
        pytest.param({"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "kid": "k"}, id="short-ed25519"),
        pytest.param({"kty": ["EC"], "kid": "k"}, id="list-kty"),
        pytest.param({"kty": "EC", "crv": ["P-256"], "kid": "k"}, id="list-crv"),
        pytest.param({}, id="empty"),
    ],
)
def test_a_public_key_that_cannot_be_used_here_is_refused(jwk: dict[str, Any]) -> None:
    with pytest.raises(jwt.KeyRefused):
        jwt.load_public_key(jwk)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff",
        b"[]",
        b"[" * 100_000,
        b'"text"',
        b'{"kty":"oct","k":"c2hvcnQ","kid":"k"}',
        b'{"kty":"oct","k":5,"kid":"k"}',
        b'{"kty":"oct","kid":"k"}',
        json.dumps(EC).encode(),
        json.dumps({**EC, "d": vectors.ED25519_KEY["d"]}).encode(),
    ],
    ids=[
        "empty",
        "bytes",
        "list",
        "deep",
        "text",
        "short-secret",
        "number-secret",
        "no-secret",
        "public-half-only",
        "halves-of-two",
    ],
)
def test_what_is_no_private_key_is_refused(raw: bytes) -> None:
    with pytest.raises(jwt.KeyRefused):
        jwt.load_key(raw)
