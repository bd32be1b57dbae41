"""A token of another client, request, key or time is shown as an ID token (OpenID Connect Core 1.0, 3.1.3.7)."""

import json
from typing import Any, get_args

import pytest

from gatepost.crypto.jwk import VerifiedAlgorithm
from gatepost.crypto.reading import TokenRefused
from gatepost.trust.id_tokens import verify_id_token
from gatepost.trust.jwks import read_keys
from tests.crypto.vectors import hs256
from tests.trust.issuer import Signer, signer
from tests.trust.tokens import CLIENT, ISSUER, NONCE, NOW, ONE, at_hash, claims, expected, id_refusal, logout, of


@pytest.mark.parametrize("algorithm", sorted(set(get_args(VerifiedAlgorithm)) - {"HS256"}))
def test_a_good_id_token_of_every_algorithm_is_accepted(algorithm: VerifiedAlgorithm) -> None:
    by = signer(algorithm, algorithm)
    known = read_keys({"keys": [by.jwk()]})
    name = "sha512" if algorithm == "EdDSA" else f"sha{algorithm[-3:]}"
    said = claims(at_hash=at_hash("the access token", name))
    assert verify_id_token(by.token(said), known, **expected(), access_token="the access token") == said
    assert id_refusal(by.token(said), known, access_token="another") == "access_token_hash"
    assert id_refusal(by.token(said)[:-8] + "AAAAAAAA", known) in {"signature", "malformed"}


@pytest.mark.parametrize(
    "alg", ["none", "None", "nOnE", "", None, 5, ["ES256"], "es256", "HS256", "RS256", "ES384", "PS256", "absent"]
)
@pytest.mark.parametrize("tail", ["signed", "empty"])
def test_the_header_of_an_id_token_cannot_choose_the_algorithm(alg: object, tail: str) -> None:
    token = signer().token(claims(), alg=alg)
    assert id_refusal(token if tail == "signed" else token.rpartition(".")[0] + ".") == "algorithm"


def test_a_public_key_is_no_secret_of_an_id_token() -> None:
    by = signer("rsa", "RS256")
    known = read_keys({"keys": [by.jwk()]})
    secrets = [by.key.as_pem(private=False), by.key.as_der(private=False), json.dumps(by.jwk()).encode()]
    for secret in secrets:
        for alg, reason in (("HS256", "algorithm"), ("RS256", "signature")):
            assert id_refusal(hs256(secret, {"alg": alg, "kid": "rsa", "typ": "JWT"}, claims()), known) == reason


def test_a_key_of_one_algorithm_verifies_no_other_of_its_type() -> None:
    by = signer("rsa", "RS256")
    known = read_keys({"keys": [by.jwk()]})
    for other in ("RS384", "RS512", "PS256"):
        as_other = Signer("rsa", other, by.key)
        assert id_refusal(as_other.token(claims()), known) == "algorithm"
        assert id_refusal(as_other.token(claims(), alg="RS256"), known) == "signature"


def test_a_token_without_a_key_name_is_checked_with_the_only_key_of_its_algorithm() -> None:
    token = signer().token(claims(), kid="absent")
    assert verify_id_token(token, ONE, **expected())
    unnamed = read_keys({"keys": [{k: v for k, v in signer().jwk().items() if k != "kid"}]})
    assert verify_id_token(token, unnamed, **expected())
    two = read_keys({"keys": [signer().jwk(), signer("two").jwk()]})
    assert id_refusal(token, two) == "unknown_key"
    assert id_refusal(token, {}) == "unknown_key"
    for kid in (None, "", 5, ["one"], "k" * 5000):
        assert id_refusal(signer().token(claims(), kid=kid)) == "unknown_key"


@pytest.mark.parametrize("more", [{"crit": ["exp"]}, {"b64": False}])
def test_critical_extensions_of_others_are_refused_too(more: dict[str, Any]) -> None:
    assert id_refusal(signer().token(claims(), **more)) == "critical"


@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "logout+jwt", "", None, 3, ["JWT"], "JWE", "dpop+jwt"])
def test_a_token_of_another_type_is_no_id_token(typ: object) -> None:
    assert id_refusal(signer().token(claims(), typ=typ)) == "type"


@pytest.mark.parametrize("typ", ["JWT", "jwt", "application/jwt", "absent"])
def test_an_id_token_may_say_that_it_is_a_jwt(typ: str) -> None:
    assert verify_id_token(signer().token(claims(), typ=typ), ONE, **expected())


@pytest.mark.parametrize("iss", ["absent", None, "", f"{ISSUER}/", ISSUER.upper(), "https://evil.example", [ISSUER], 5])
def test_an_id_token_of_another_issuer_is_refused(iss: object) -> None:
    assert id_refusal(of(iss=iss)) == "issuer"


@pytest.mark.parametrize("aud", ["absent", None, "", [], "other", ["other"], ["client "], {CLIENT: 1}, 5, [[CLIENT]]])
def test_an_id_token_for_another_client_is_refused(aud: object) -> None:
    assert id_refusal(of(aud=aud)) == "audience"


@pytest.mark.parametrize(
    ("aud", "azp", "is_good"),
    [
        ([CLIENT], "absent", True),
        ([CLIENT], CLIENT, True),
        (CLIENT, CLIENT, True),
        ([CLIENT, "other"], CLIENT, True),
        ([CLIENT, "other"], "absent", False),
        ([CLIENT, "other"], "other", False),
        (CLIENT, "other", False),
        (CLIENT, None, False),
        (CLIENT, [CLIENT], False),
        ([CLIENT, CLIENT], "absent", False),
    ],
)
def test_the_authorized_party_is_this_client(aud: object, azp: object, *, is_good: bool) -> None:
    token = of(aud=aud, azp=azp)
    if is_good:
        assert verify_id_token(token, ONE, **expected())
    else:
        assert id_refusal(token) == "authorized_party"


@pytest.mark.parametrize("nonce", ["absent", None, "", "another", NONCE + " ", [NONCE], 5, True])
def test_an_id_token_of_another_request_is_refused(nonce: object) -> None:
    assert id_refusal(of(nonce=nonce)) == "nonce"


ABSENT = ("nbf", "absent")  # it may be
DATES = ["absent", None, "1800000300", "", -1, 10**18, 1e18, 1e400, True, False, [NOW], {"a": 1}, 100_000_000_001]


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name in ("exp", "iat", "nbf") for value in DATES if (name, value) != ABSENT]
)
def test_a_date_of_an_id_token_that_is_no_date_is_refused(name: str, value: object) -> None:
    said: dict[str, Any] = {name: value}
    text = json.dumps(claims(**said)).replace("Infinity", "1e999")
    assert id_refusal(signer().sign({"alg": "ES256", "kid": "one", "typ": "JWT"}, text.encode())) == "claims"


def test_an_id_token_is_good_from_its_first_moment_until_its_last_and_dates_may_have_fractions() -> None:
    token = of(iat=NOW - 0.5, nbf=NOW + 60.5, exp=NOW + 300.5)
    assert id_refusal(token, now=NOW + 60.4) == "not_yet_valid"
    assert verify_id_token(token, ONE, **{**expected(), "now": NOW + 60.5})
    assert verify_id_token(token, ONE, **{**expected(), "now": NOW + 300.4})
    assert id_refusal(token, now=NOW + 300.5) == "expired"
    assert verify_id_token(token, ONE, **{**expected(), "now": NOW + 300.5, "leeway": 1})
    assert id_refusal(of(iat=NOW + 1)) == "not_yet_valid"


@pytest.mark.parametrize("sub", ["absent", None, "", 5, True, ["u1"], "u" * 256, "a\x00b", "a\nb", "\u202eu"])
def test_a_subject_is_short_text(sub: object) -> None:
    assert id_refusal(of(sub=sub)) == "claims"


def test_text_that_cannot_be_stored_is_refused() -> None:
    header = {"alg": "ES256", "kid": "one", "typ": "JWT"}
    for text in ('{"name":"\\ud800"}', '{"\\udfff":1}', '{"a":[{"b":"\\udc00x"}]}'):
        said = json.dumps(claims())[:-1] + "," + text[1:]
        assert id_refusal(signer().sign(header, said.encode())) == "malformed"


@pytest.mark.parametrize(
    "claim", ["absent", at_hash("another"), "", None, 5, at_hash("at") + "=", at_hash("at", "sha512")]
)
def test_an_access_token_is_the_one_that_the_id_token_speaks_of(claim: object) -> None:
    if claim == "absent":  # it is optional where the code was redeemed (OIDC Core, 3.1.3.6)
        assert verify_id_token(of(), ONE, **expected(), access_token="at")
    else:
        assert id_refusal(of(at_hash=claim), access_token="at") == "access_token_hash"
    assert verify_id_token(of(at_hash=at_hash("at")), ONE, **expected(), access_token="at")


def test_a_sign_in_that_is_older_than_was_asked_for_is_refused() -> None:
    assert verify_id_token(of(auth_time=NOW - 60), ONE, **expected(), max_age=60)
    assert id_refusal(of(auth_time=NOW - 61), max_age=60) == "sign_in_too_old"
    for value in ("absent", None, "1800000000", -1, 1e18, True):
        assert id_refusal(of(auth_time=value), max_age=60) == "claims"


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "a.b.c.d.e",
        "x" * 100_000,
        "ü.b.c",
        " a.b.c",
        "a.b",
        "e30.e30.",
        "eyJhbGciOiJub25lIn0.e30.",
    ],
    ids=["empty", "one", "two", "three", "jwe", "huge", "ascii", "space", "two-parts", "no-header", "none"],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    assert id_refusal(token) in {"malformed", "too_large", "unknown_key"}
    with pytest.raises(TokenRefused):
        logout(token)


def test_two_spellings_of_one_token_are_not_two_tokens() -> None:
    token = of()
    for other in (token + "=", token + "\n", token[:-1] + chr(ord(token[-1]) ^ 1), token.replace(".", "..", 1)):
        assert id_refusal(other) in {"malformed", "signature"}
    assert id_refusal(signer().sign(b'{"alg":"ES256","alg":"ES256","kid":"one"}', claims())) == "malformed"
    doubled = json.dumps(claims())[:-1] + ',"sub":"u2"}'
    assert id_refusal(signer().sign({"alg": "ES256", "kid": "one"}, doubled.encode())) == "malformed"
