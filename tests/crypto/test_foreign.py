"""What others sign with is verified and never signed with; no text, key set or URL gets further than its refusal."""

import json
from typing import Any, get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gatepost.crypto import jwt
from gatepost.crypto.foreign import MAX_FOREIGN_TOKEN_BYTES, ForeignToken, verify_foreign
from gatepost.crypto.jwk import VerifiedAlgorithm, load_key, load_public_key
from gatepost.crypto.reading import TokenRefused
from tests.crypto.tokens import NOW
from tests.trust.issuer import Signer, signer

FOREIGN = sorted(set(get_args(VerifiedAlgorithm)) - set(get_args(jwt.Algorithm)))
PUBLIC = sorted(set(get_args(VerifiedAlgorithm)) - {"HS256"})
ISSUER = "https://issuer.example"
GOOD: dict[str, Any] = {"iss": ISSUER, "aud": "api", "sub": "u1", "exp": NOW + 60, "iat": NOW}
TYPES = frozenset({"at+jwt", None})


def verify(token: str, by: Signer, **more: Any) -> ForeignToken:  # noqa: ANN401 - one argument in another's place
    wanted: dict[str, Any] = {
        "expected_issuer": ISSUER,
        "expected_audience": "api",
        "expected_types": TYPES,
        "now": NOW,
        "leeway": 0,
    }
    return verify_foreign(token, {by.kid: load_public_key(by.jwk())}, **{**wanted, **more})


def refusal(token: str, by: Signer, **more: Any) -> str:  # noqa: ANN401 - likewise
    with pytest.raises(TokenRefused) as refused:
        verify(token, by, **more)
    return refused.value.reason


@pytest.mark.parametrize("algorithm", PUBLIC)
def test_every_algorithm_of_others_is_verified_with_its_own_key(algorithm: VerifiedAlgorithm) -> None:
    by = signer(algorithm, algorithm)
    found = verify(by.token(GOOD, typ="application/AT+JWT"), by)
    assert found == ForeignToken("at+jwt", algorithm, GOOD)
    other = Signer(algorithm, algorithm, type(by)("x", algorithm, signer(f"other {algorithm}", algorithm).key).key)
    assert refusal(other.token(GOOD, typ="at+jwt"), by) == "signature"


def test_claims_nested_as_deep_as_they_can_be_read_are_refused_and_nothing_worse() -> None:
    by, said = signer(), json.dumps(GOOD)[:-1]

    def outcome(depth: int) -> str:
        body = f'{said},"deep":{"[" * depth}{"]" * depth}}}'.encode()
        try:
            verify(by.sign({"alg": by.algorithm, "kid": by.kid}, body), by)
        except TokenRefused as refused:
            return refused.reason
        return "good"

    assert {outcome(depth) for depth in range(800, 1100)} == {"good", "malformed"}


@pytest.mark.parametrize("algorithm", FOREIGN)
def test_nothing_is_signed_with_what_only_others_use(algorithm: VerifiedAlgorithm) -> None:
    by = signer(algorithm, algorithm)
    private = {**by.key.as_dict(private=True), "kid": "k", "alg": algorithm}
    with pytest.raises(jwt.KeyRefused, match="nothing is signed"):
        load_key(json.dumps(private).encode())


@pytest.mark.parametrize("algorithm", ["RS256", "ES384", "ES512", "EdDSA", "ES256"])
def test_a_key_that_names_no_algorithm_has_the_one_of_its_kind(algorithm: VerifiedAlgorithm) -> None:
    by = signer(algorithm, algorithm)
    unnamed = {name: value for name, value in by.jwk().items() if name != "alg"}
    assert load_public_key(unnamed).algorithm == algorithm


@pytest.mark.parametrize("named", [*PUBLIC, "HS256", "none", "ES256K", "RSA-OAEP", "", 5, ["RS256"]])
@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "ES384", "EdDSA"])
def test_a_key_names_only_an_algorithm_of_its_kind(algorithm: VerifiedAlgorithm, named: object) -> None:
    jwk = {**signer(algorithm, algorithm).jwk(), "alg": named}
    is_of_rsa = algorithm == "RS256" and str(named)[:2] in {"RS", "PS"} and named in PUBLIC
    if named == algorithm or is_of_rsa:
        assert load_public_key(jwk).algorithm == named
    else:
        with pytest.raises(jwt.KeyRefused):
            load_public_key(jwk)


def test_who_judges_the_audience_itself_gets_any_and_a_subject_may_be_left_out() -> None:
    by = signer()
    nobody = {name: value for name, value in GOOD.items() if name not in {"sub", "aud"}}
    token = by.token(nobody, typ="at+jwt")
    assert refusal(token, by) == "audience"
    assert refusal(token, by, expected_audience=None) == "claims"
    assert verify(token, by, expected_audience=None, requires_subject=False).claims == nobody


def test_a_large_token_of_others_is_read_and_a_larger_one_is_not() -> None:
    by = signer()
    groups = {**GOOD, "groups": ["x" * 36] * 500}
    assert verify(by.token(groups, typ="at+jwt"), by).claims == groups
    assert refusal(by.token({**GOOD, "x": "x" * MAX_FOREIGN_TOKEN_BYTES}, typ="at+jwt"), by) == "too_large"


many = settings(max_examples=100, deadline=None)  # the first signature makes its key
TEXT = st.text(st.characters(exclude_categories=()), max_size=9)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
VALUE = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@many
@given(st.dictionaries(st.sampled_from(["iss", "aud", "sub", "exp", "iat", "nbf", "typ", "x"]), VALUE))
@example({"exp": float("inf")})
@example({"sub": "\ud800"})
def test_whatever_a_signed_token_says_is_accepted_or_refused_and_nothing_else(changes: dict[str, Any]) -> None:
    by = signer()
    token = by.sign({"alg": "ES256", "kid": "one"}, json.dumps({**GOOD, **changes}).encode())
    try:
        found = verify(token, by)
    except TokenRefused:
        return
    json.dumps(found.claims, ensure_ascii=False).encode()
    assert found.claims["iss"] == ISSUER
    assert 0 <= found.claims["iat"] <= NOW < found.claims["exp"]


@many
@given(
    st.text(max_size=60) | st.lists(st.binary(max_size=40), max_size=5).map(lambda parts: ".".join(map(repr, parts)))
)
def test_no_text_is_a_token(text: str) -> None:
    assert refusal(text, signer()) in {"malformed", "unknown_key", "too_large"}


@many
@given(
    st.sampled_from(["RS256", "ES256", "EdDSA"]),
    st.dictionaries(st.sampled_from(["kty", "crv", "n", "e", "x", "y", "alg", "use", "key_ops", "kid", "d"]), VALUE),
)
def test_whatever_a_key_set_says_of_a_key_it_is_loaded_or_refused(algorithm: Any, changes: dict[str, Any]) -> None:  # noqa: ANN401
    try:
        key = load_public_key({**signer(algorithm, algorithm).jwk(), **changes})
    except jwt.KeyRefused:
        return
    assert key.algorithm in PUBLIC
    assert not key.can_sign
