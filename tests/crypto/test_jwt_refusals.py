"""Every way to be refused for what a token says, one vector each; the threat table's part on JWT and keys."""

import json
import socket
from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gatepost.crypto import jwt
from tests.crypto.tokens import AUDIENCE, EC, ED, GOOD, HMAC, ISSUER, NOW, RSA, header, refusal, signed, verify
from tests.crypto.vectors import hs256


@pytest.mark.parametrize("key", [HMAC, RSA, EC, ED], ids=lambda key: key.algorithm)
def test_a_good_token_is_accepted(key: jwt.TokenKey) -> None:
    assert verify(jwt.sign(GOOD, key)) == GOOD
    assert verify(signed(header(key), GOOD, key)) == GOOD


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", None, 5, ["ES256"], "es256", "HS256", "ES384"])
@pytest.mark.parametrize("tail", ["", "AA", "signed"])
def test_the_header_cannot_choose_the_algorithm(alg: object, tail: str) -> None:
    token = signed(header(alg=alg), GOOD)
    if tail != "signed":
        token = token.rpartition(".")[0] + "." + tail
    assert refusal(token) == "algorithm"


@pytest.mark.parametrize("key", [RSA, EC], ids=["rsa", "ec"])
@pytest.mark.parametrize("form", ["pem", "pkcs1-or-point", "der", "jwk", "jwk-public"])
@pytest.mark.parametrize("alg", ["HS256", "own"])
def test_a_public_key_is_no_hmac_secret(key: jwt.TokenKey, form: str, alg: str) -> None:
    public: Any = key._key.public_key
    raw_encoding, raw_format = (
        (Encoding.PEM, PublicFormat.PKCS1) if key is RSA else (Encoding.X962, PublicFormat.UncompressedPoint)
    )
    secrets: dict[str, Callable[[], bytes]] = {
        "pem": lambda: bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)),
        "pkcs1-or-point": lambda: bytes(public.public_bytes(raw_encoding, raw_format)),
        "der": lambda: bytes(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)),
        "jwk": lambda: json.dumps(key.public_jwk()).encode(),
        "jwk-public": lambda: json.dumps(key.public_jwk(), separators=(",", ":")).encode(),
    }
    named = key.algorithm if alg == "own" else alg
    token = hs256(secrets[form](), header(key, alg=named), GOOD)
    assert refusal(token) == ("signature" if alg == "own" else "algorithm")


def test_another_keys_kid_does_not_help() -> None:
    assert refusal(signed(header(RSA, alg="ES256"), GOOD, EC)) == "algorithm"
    other = jwt.load_key(jwt.generate_key("ES256"))
    assert refusal(signed(header(EC), GOOD, other)) == "signature"


def test_a_key_in_the_header_is_not_used() -> None:
    attacker = jwt.load_key(jwt.generate_key("ES256"))
    jwk = attacker.public_jwk()
    assert refusal(signed(header(attacker, jwk=jwk), GOOD, attacker)) == "unknown_key"
    assert refusal(signed(header(EC, jwk=jwk), GOOD, attacker)) == "signature"


@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c", "x5t", "x5t#S256"])
def test_header_keys_are_ignored_and_nothing_is_fetched(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> NoReturn:
        pytest.fail("verification opened a socket")

    monkeypatch.setattr(socket, "socket", forbidden)
    monkeypatch.setattr(socket, "getaddrinfo", forbidden)
    attacker = jwt.load_key(jwt.generate_key("ES256"))
    where = "http://127.0.0.1:1/jwks.json"
    assert verify(signed(header(EC, **{name: where}), GOOD)) == GOOD
    assert refusal(signed(header(EC, **{name: where}), GOOD, attacker)) == "signature"
    assert refusal(signed(header(attacker, **{name: where}), GOOD, attacker)) == "unknown_key"


@pytest.mark.parametrize(
    "kid",
    [
        "../../../../dev/null",
        "/etc/passwd",
        "x' UNION SELECT 'key' --",
        "https://evil.example/key",
        "unknown",
        "",
        "k" * 129,
        "k" * 5000,
        None,
        7,
        True,
        ["a"],
        {"a": 1},
        "\x00",
    ],
    ids=repr,
)
def test_a_kid_is_only_a_name(kid: object) -> None:
    assert refusal(signed(header(kid=kid), GOOD)) == "unknown_key"


def test_a_kid_has_a_bounded_length_even_if_there_is_such_a_key() -> None:
    token = signed(header(kid="k" * 129), GOOD)
    with pytest.raises(jwt.TokenRefused, match="unknown_key"):
        jwt.verify(token, {"k" * 129: EC}, expected_issuer=ISSUER, expected_audience=AUDIENCE, now=NOW, leeway=0)


def test_a_token_without_kid_is_refused_even_if_there_is_one_key() -> None:
    token = signed({"alg": "ES256", "typ": "at+jwt"}, GOOD)
    with pytest.raises(jwt.TokenRefused, match="unknown_key"):
        jwt.verify(token, {EC.kid: EC}, expected_issuer=ISSUER, expected_audience=AUDIENCE, now=NOW, leeway=0)


@pytest.mark.parametrize("more", [{"crit": ["exp"]}, {"crit": []}, {"crit": None}, {"b64": False}, {"b64": True}])
def test_critical_extensions_are_refused(more: dict[str, Any]) -> None:
    assert refusal(signed(header(**more), GOOD)) == "critical"


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"])
def test_the_type_is_a_media_type(typ: str) -> None:
    assert verify(signed(header(typ=typ), GOOD)) == GOOD


@pytest.mark.parametrize(
    "typ", ["JWT", "jwt", "id+jwt", "logout+jwt", "", None, 3, ["at+jwt"], "text/at+jwt", "at+jwt "]
)
def test_a_token_of_another_type_is_refused(typ: object) -> None:
    assert refusal(signed(header(typ=typ), GOOD)) == "type"


def test_a_missing_type_is_refused() -> None:
    assert refusal(signed({"alg": "ES256", "kid": EC.kid}, GOOD)) == "type"


def test_an_access_token_is_not_another_kind_of_token() -> None:
    assert refusal(jwt.sign(GOOD, EC), expected_type="logout+jwt") == "type"
    assert verify(jwt.sign(GOOD, EC, typ="logout+jwt"), expected_type="logout+jwt") == GOOD


@pytest.mark.parametrize("name", ["exp", "iat"])
@pytest.mark.parametrize(
    "value", ["absent", None, "1800000600", -1, 10**18, 1e18, True, NOW + 0.5, [NOW], {"a": 1}, 100_000_000_001]
)
def test_a_date_that_is_no_date_is_refused(name: str, value: object) -> None:
    claims = {**GOOD, name: value}
    if value == "absent":
        del claims[name]
    assert refusal(signed(header(), claims)) == "claims"


@pytest.mark.parametrize("value", [None, "1800000600", -1, 10**18, 1e18, True, NOW + 0.5])
def test_nbf_may_be_absent_but_not_wrong(value: object) -> None:
    assert "nbf" not in GOOD
    assert refusal(signed(header(), {**GOOD, "nbf": value})) == "claims"


def test_a_token_lives_from_nbf_until_before_exp() -> None:
    token = jwt.sign({**GOOD, "nbf": NOW + 60}, EC)
    assert refusal(token, now=NOW + 59.9) == "not_yet_valid"
    assert verify(token, now=NOW + 60)
    assert verify(token, now=NOW + 599.9)
    assert refusal(token, now=NOW + 600) == "expired"


def test_a_token_issued_in_the_future_is_refused_whatever_its_nbf() -> None:
    token = jwt.sign({**GOOD, "nbf": NOW - 60}, EC)
    assert refusal(token, now=NOW - 1) == "not_yet_valid"


def test_leeway_widens_both_ends() -> None:
    token = jwt.sign(GOOD, EC)
    assert verify(token, now=NOW - 10, leeway=10)
    assert refusal(token, now=NOW - 10.1, leeway=10) == "not_yet_valid"
    assert verify(token, now=NOW + 609.9, leeway=10)
    assert refusal(token, now=NOW + 610, leeway=10) == "expired"


@pytest.mark.parametrize("aud", [AUDIENCE, [AUDIENCE], ["other", AUDIENCE]])
def test_an_audience_may_be_one_or_many(aud: object) -> None:
    assert verify(signed(header(), {**GOOD, "aud": aud}))["aud"] == aud


@pytest.mark.parametrize(
    "aud",
    ["absent", None, "", [], "other", ["other"], [AUDIENCE + "/"], AUDIENCE.upper(), {AUDIENCE: 1}, 5, [[AUDIENCE]]],
)
def test_another_audience_is_refused(aud: object) -> None:
    claims = {**GOOD, "aud": aud}
    if aud == "absent":
        del claims["aud"]
    assert refusal(signed(header(), claims)) == "audience"


@pytest.mark.parametrize("iss", ["absent", None, "", ISSUER + "/", ISSUER.upper(), "https://evil.example", [ISSUER], 5])
def test_another_issuer_is_refused(iss: object) -> None:
    claims = {**GOOD, "iss": iss}
    if iss == "absent":
        del claims["iss"]
    assert refusal(signed(header(), claims)) == "issuer"


@pytest.mark.parametrize("sub", ["absent", None, "", 5, True, ["u1"]])
def test_a_subject_is_text(sub: object) -> None:
    claims = {**GOOD, "sub": sub}
    if sub == "absent":
        del claims["sub"]
    assert refusal(signed(header(), claims)) == "claims"


def test_inspect_shows_what_cannot_be_believed_and_refuses_what_cannot_be_read() -> None:
    forged = signed(header(alg="none", jku="http://evil.example"), {**GOOD, "exp": "never"})
    assert jwt.inspect(forged) == (header(alg="none", jku="http://evil.example"), {**GOOD, "exp": "never"})
    for unreadable in ("", "a.b.c", "x" * 100_000, "a.b.c.d.e"):
        with pytest.raises(jwt.TokenRefused):
            jwt.inspect(unreadable)


def test_a_refusal_says_nothing_of_the_token() -> None:
    with pytest.raises(jwt.TokenRefused) as caught:
        verify(jwt.sign(GOOD, EC), now=NOW + 601)
    assert str(caught.value) == "expired"


def test_a_number_that_is_not_json_is_not_signed() -> None:
    with pytest.raises(ValueError, match="JSON"):
        jwt.sign({**GOOD, "x": float("nan")}, EC)
