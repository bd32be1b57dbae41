"""The examples of RFC 7515 (appendix A), RFC 7519 and RFC 8037 hold here."""

import pytest

from gatepost.crypto import base64url, jwt
from tests.crypto import vectors

PUBLISHED = [
    pytest.param(vectors.A1_KEY, vectors.A1_TOKEN, "HS256", id="rfc7515-a1-hs256"),
    pytest.param(vectors.A2_KEY, vectors.A2_TOKEN, "RS256", id="rfc7515-a2-rs256"),
    pytest.param(vectors.A3_KEY, vectors.A3_TOKEN, "ES256", id="rfc7515-a3-es256"),
    pytest.param(vectors.ED25519_KEY, vectors.ED25519_TOKEN, "EdDSA", id="rfc8037-a4-eddsa"),
]


@pytest.mark.parametrize(("jwk", "token", "algorithm"), PUBLISHED)
def test_a_published_signature_is_right_and_a_changed_one_is_not(
    jwk: dict[str, str], token: str, algorithm: str
) -> None:
    key = jwt.load_key(vectors.with_kid(jwk))
    message, _, signature = token.rpartition(".")
    raw = base64url.decode(signature)
    assert key.algorithm == algorithm
    assert key.signature_is_right(message.encode(), raw)
    assert not key.signature_is_right(message.encode() + b"x", raw)
    assert not key.signature_is_right(message.encode(), raw[:-1] + bytes([raw[-1] ^ 1]))
    assert not key.signature_is_right(message.encode(), raw[:-1])
    assert not key.signature_is_right(message.encode(), b"")


@pytest.mark.parametrize(("jwk", "token", "algorithm"), [case for case in PUBLISHED if "es256" not in str(case.id)])
def test_a_deterministic_algorithm_makes_the_published_signature(
    jwk: dict[str, str], token: str, algorithm: str
) -> None:
    message, _, signature = token.rpartition(".")
    made = jwt.load_key(vectors.with_kid(jwk)).signature_of(message.encode())
    assert base64url.encode(made) == signature


def test_the_public_half_verifies_alone() -> None:
    public = jwt.load_key(vectors.with_kid(vectors.A3_KEY)).public_jwk()
    assert public is not None
    message, _, signature = vectors.A3_TOKEN.rpartition(".")
    assert jwt.load_public_key(public).signature_is_right(message.encode(), base64url.decode(signature))


def test_rfc_7519_section_3_1_is_read() -> None:
    assert jwt.inspect(vectors.A1_TOKEN) == (
        {"typ": "JWT", "alg": "HS256"},
        {"iss": "joe", "exp": 1300819380, "http://example.com/is_root": True},
    )


def test_rfc_7519_section_6_1_an_unsecured_token_is_shown_and_never_accepted() -> None:
    assert jwt.inspect(vectors.UNSECURED_TOKEN)[0] == {"alg": "none"}
    key = jwt.load_key(vectors.with_kid(vectors.A1_KEY))
    with pytest.raises(jwt.TokenRefused):
        jwt.verify(
            vectors.UNSECURED_TOKEN, {"k": key}, expected_issuer="joe", expected_audience="x", now=1300819379, leeway=0
        )


def test_rfc_8037_appendix_a3_thumbprint_is_the_kid_of_a_generated_key() -> None:
    from joserfc.jwk import OKPKey

    assert OKPKey.import_key({**vectors.ED25519_KEY}).thumbprint() == vectors.ED25519_THUMBPRINT
