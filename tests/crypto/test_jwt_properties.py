"""Whatever is done to a token's characters, it is refused; whatever is presented, nothing but a refusal comes out."""

import contextlib
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.crypto import base64url, jwt

NOW = 1_800_000_000
CLAIMS: dict[str, Any] = {"iss": "i", "aud": "a", "sub": "s", "exp": NOW + 600, "iat": NOW}
KEYS = {key.kid: key for key in (jwt.load_key(jwt.generate_key(name)) for name in ("HS256", "ES256", "EdDSA", "RS256"))}
TOKENS = [jwt.sign(CLAIMS, key) for key in KEYS.values()]


def verify(token: str) -> dict[str, Any]:
    return jwt.verify(token, KEYS, expected_issuer="i", expected_audience="a", now=NOW, leeway=0)


def test_the_tokens_that_are_mutated_below_are_good() -> None:
    assert [verify(token) for token in TOKENS] == [CLAIMS] * 4


@given(data=st.data(), token=st.sampled_from(TOKENS))
def test_one_other_character_is_refused(data: st.DataObject, token: str) -> None:
    at = data.draw(st.integers(0, len(token) - 1))
    alphabet = st.sampled_from(string.ascii_letters + string.digits + "-_.=+/ ") | st.characters()
    other = data.draw(alphabet.filter(lambda character: character != token[at]))
    with pytest.raises(jwt.TokenRefused):
        verify(token[:at] + other + token[at + 1 :])


@given(data=st.data(), token=st.sampled_from(TOKENS))
def test_characters_inserted_or_cut_out_are_refused(data: st.DataObject, token: str) -> None:
    start = data.draw(st.integers(0, len(token)))
    end = data.draw(st.integers(start, len(token)))
    inserted = data.draw(st.text(max_size=5))
    changed = token[:start] + inserted + token[end:]
    if changed == token:
        return
    with pytest.raises(jwt.TokenRefused):
        verify(changed)


@given(st.permutations([part for token in TOKENS for part in token.split(".")]))
def test_parts_of_several_tokens_do_not_make_another(parts: list[str]) -> None:
    made = ".".join(parts[:3])
    if made in TOKENS:
        return
    # Claims are the same in all, so only header and signature decide.
    if parts[1] in {token.split(".")[1] for token in TOKENS} and any(
        (parts[0], parts[2]) == tuple(token.split(".")[::2]) for token in TOKENS
    ):
        return
    with pytest.raises(jwt.TokenRefused):
        verify(made)


@given(
    st.text()
    | st.lists(st.binary(max_size=200), min_size=3, max_size=3).map(lambda p: ".".join(map(base64url.encode, p)))
)
def test_nothing_but_a_refusal_comes_out(token: str) -> None:
    with pytest.raises(jwt.TokenRefused):
        verify(token)
    with contextlib.suppress(jwt.TokenRefused):
        jwt.inspect(token)


@given(st.binary(max_size=100))
def test_base64url_has_one_spelling(raw: bytes) -> None:
    text = base64url.encode(raw)
    assert base64url.decode(text) == raw


@pytest.mark.parametrize(
    "text",
    [
        "A",
        "AAAAA",
        "AA==",
        "AAA=",
        "AB",
        "AAB",
        "AA++",
        "AA++++AA",
        "AA////AA",
        "AA====AA",
        "AA\n\n\n\nAA",
        "AA    AA",
        "ÄÄÄÄ",
    ],
)
def test_another_spelling_is_not_base64url(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - it is the caller who says what was malformed
        base64url.decode(text)


@given(st.text(st.sampled_from(string.ascii_letters + string.digits + "-_=+/ \n"), max_size=12))
def test_what_base64url_decodes_it_would_spell_so(text: str) -> None:
    try:
        raw = base64url.decode(text)
    except ValueError:
        return
    assert base64url.encode(raw) == text
