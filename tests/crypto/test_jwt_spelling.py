"""A token has one spelling and a bounded size, its parts are one JSON object each: refused for how it is written."""

import json

import pytest

from gatepost.crypto import base64url, jwt
from tests.crypto.tokens import EC, ED, GOOD, HMAC, RSA, header, refusal, signed
from tests.crypto.vectors import b64


def test_size_is_bounded_before_anything_is_read() -> None:
    assert refusal("a" * 100_000) == "too_large"
    assert refusal(signed(header(), {**GOOD, "pad": "x" * 100_000})) == "too_large"
    with pytest.raises(ValueError, match="fewer claims"):
        jwt.sign({**GOOD, "pad": "x" * jwt.MAX_TOKEN_BYTES}, EC)


TOKEN = jwt.sign(GOOD, EC)


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "....",
        "\x00.\x00.\x00",
        TOKEN + "=",
        TOKEN + "==",
        TOKEN.replace(".", "=.", 1),
        " " + TOKEN,
        TOKEN + " ",
        TOKEN + "\n",
        TOKEN.replace(".", ".\n", 1),
        TOKEN + ".",
        "." + TOKEN,
        TOKEN + ".a.b",
        TOKEN + "é",
        TOKEN.replace(".", "\uff0e"),
        TOKEN.rpartition(".")[0] + ".",
        TOKEN.rpartition(".")[0],
        TOKEN[:-1],
        TOKEN + "A",
        TOKEN + "+",
        TOKEN + "/",
    ],
    ids=range(24),
)
def test_another_spelling_is_refused(token: str) -> None:
    assert refusal(token) in {"malformed", "signature"}


def test_a_jwe_of_five_parts_is_malformed() -> None:
    head = b64({"alg": "dir", "enc": "A256GCM", "kid": EC.kid})
    assert refusal(f"{head}..{b64(b'0' * 12)}.{b64(json.dumps(GOOD))}.{b64(b'1' * 16)}") == "malformed"


@pytest.mark.parametrize("key", [HMAC, EC, ED, RSA], ids=lambda key: key.algorithm)
def test_the_spare_bits_of_the_signature_have_one_spelling(key: jwt.TokenKey) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = jwt.sign(GOOD, key)
    others = [token[:-1] + last for last in alphabet if last != token[-1]]
    assert {refusal(other) for other in others} <= {"malformed", "signature"}
    assert base64url.decode(token.rpartition(".")[2])  # the one that was left out is good


@pytest.mark.parametrize(
    "text",
    [
        '{"alg":"ES256","alg":"ES256","kid":"%s","typ":"at+jwt"}',
        '{"alg":"none","alg":"ES256","kid":"%s","typ":"at+jwt"}',
        '{"alg":"ES256","kid":"%s","typ":"at+jwt","x":{"a":1,"a":2}}',
        '{"alg":"ES256","kid":"%s","typ":"at+jwt","x":NaN}',
        '{"alg":"ES256","kid":"%s","typ":"at+jwt",}',
        '{"alg":"ES256","kid":"%s","typ":"at+jwt"} x',
        '\ufeff{"alg":"ES256","kid":"%s","typ":"at+jwt"}',
        '["%s"]',
        '"%s"',
        "5",
        "null",
        "",
        "[" * 4000,
        '{"a":' * 1000,
        "9" * 4500,
    ],
    ids=range(15),
)
def test_a_header_that_is_not_one_json_object_is_malformed(text: str) -> None:
    raw = text.replace("%s", EC.kid)
    assert refusal(signed(raw, GOOD)) == "malformed"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1"])
def test_only_utf_8_is_json(encoding: str) -> None:
    assert refusal(signed(json.dumps({**header(), "é": "é"}, ensure_ascii=False).encode(encoding), GOOD)) == "malformed"


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(GOOD)[:-1] + ',"sub":"admin"}',
        json.dumps(GOOD)[:-1] + ',"x":Infinity}',
        json.dumps(GOOD)[:-1] + ',"x":' + "[" * 2000 + "]" * 2000 + "}",
        json.dumps(GOOD)[:-1] + ',"exp":' + "9" * 4400 + "}",
        "[]",
        '"x"',
        "",
    ],
    ids=["duplicate", "infinity", "deep", "long-number", "list", "text", "empty"],
)
def test_claims_that_are_not_one_json_object_are_malformed(text: str) -> None:
    assert refusal(signed(header(), text)) == "malformed"


def test_claims_are_not_read_before_the_signature_is_right() -> None:
    token = signed(header(), "[" * 2000, jwt.load_key(jwt.generate_key("ES256")))
    assert refusal(token) == "signature"
