"""Opaque tokens have one spelling, one purpose and one owner; any mutation is refused."""

import base64
import string
import uuid

from hypothesis import assume, given
from hypothesis import strategies as st

from gatepost.kernel.purpose import PurposeKeys
from gatepost.kernel.tokens import (
    COOKIE_PREFIX,
    REFRESH_PREFIX,
    TokenMalformed,
    mint_cookie,
    mint_refresh,
    parse_cookie,
    parse_refresh,
)

SECRET, OTHER_SECRET = b"one secret of the tests 0123456789 abcdef", b"another secret of the tests 0123456789 abc"
KEYS = PurposeKeys(SECRET, ())
OTHER_KEYS = PurposeKeys(OTHER_SECRET, ())
SALTS = st.binary(min_size=16, max_size=16)
GENERATIONS = st.integers(0, (1 << 63) - 1)
CHARACTERS = string.ascii_letters + string.digits + "-_=+/. \n\t\0é%"


def refresh_is_authentic(text: str, salt: bytes, keys: PurposeKeys = KEYS) -> bool:
    try:
        return parse_refresh(text).mac_is_right(keys, salt)
    except TokenMalformed:
        return False


def cookie_is_authentic(text: str, salt: bytes, keys: PurposeKeys = KEYS) -> bool:
    try:
        return parse_cookie(text).mac_is_right(keys, salt)
    except TokenMalformed:
        return False


@given(st.uuids(), GENERATIONS, SALTS)
def test_a_refresh_token_comes_back_as_it_was_minted(session_id: uuid.UUID, generation: int, salt: bytes) -> None:
    text = mint_refresh(KEYS, session_id, generation, salt)
    token = parse_refresh(text)
    assert (token.session_id, token.generation) == (session_id, generation)
    assert token.mac_is_right(KEYS, salt)
    assert mint_refresh(KEYS, session_id, generation, salt) == text


@given(st.uuids(), GENERATIONS, SALTS, st.data())
def test_a_changed_character_is_refused(
    session_id: uuid.UUID, generation: int, salt: bytes, data: st.DataObject
) -> None:
    for text, is_authentic in (
        (mint_refresh(KEYS, session_id, generation, salt), refresh_is_authentic),
        (mint_cookie(KEYS, session_id, salt), cookie_is_authentic),
    ):
        place = data.draw(st.integers(0, len(text) - 1))
        character = data.draw(st.sampled_from(CHARACTERS))
        assume(character != text[place])
        assert is_authentic(text, salt)
        assert not is_authentic(text[:place] + character + text[place + 1 :], salt)
        assert not is_authentic(text[:place] + text[place + 1 :], salt)
        assert not is_authentic(text[:place] + character + text[place:], salt)
        assert not is_authentic(text.swapcase(), salt)


@given(st.uuids(), GENERATIONS, SALTS)
def test_the_last_character_has_one_spelling(session_id: uuid.UUID, generation: int, salt: bytes) -> None:
    """It carries two bits that mean nothing; with another value of them a text would be a second name of one secret."""
    refresh, cookie = mint_refresh(KEYS, session_id, generation, salt), mint_cookie(KEYS, session_id, salt)
    assert [c for c in CHARACTERS if refresh_is_authentic(refresh[:-1] + c, salt)] == [refresh[-1]]
    assert [c for c in CHARACTERS if cookie_is_authentic(cookie[:-1] + c, salt)] == [cookie[-1]]


@given(st.uuids(), GENERATIONS, SALTS, st.sampled_from(["", " ", "\n", "=", "==", "\0", "A", "AAAA"]))
def test_anything_around_it_is_refused(session_id: uuid.UUID, generation: int, salt: bytes, more: str) -> None:
    text = mint_refresh(KEYS, session_id, generation, salt)
    assert refresh_is_authentic(more + text, salt) is (more == "")
    assert refresh_is_authentic(text + more, salt) is (more == "")


@given(st.uuids(), GENERATIONS, SALTS, st.data())
def test_a_changed_bit_is_refused(session_id: uuid.UUID, generation: int, salt: bytes, data: st.DataObject) -> None:
    text = mint_refresh(KEYS, session_id, generation, salt)
    body = text.removeprefix(REFRESH_PREFIX)
    raw = bytearray(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    assert not refresh_is_authentic(REFRESH_PREFIX + base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), salt)


@given(st.uuids(), st.uuids(), GENERATIONS, SALTS, SALTS)
def test_it_belongs_to_one_secret_one_row_and_one_purpose(
    session_id: uuid.UUID, other_id: uuid.UUID, generation: int, salt: bytes, other_salt: bytes
) -> None:
    assume(salt != other_salt)
    assume(session_id != other_id)
    refresh, cookie = mint_refresh(KEYS, session_id, generation, salt), mint_cookie(KEYS, session_id, salt)
    assert not refresh_is_authentic(refresh, other_salt)
    assert not refresh_is_authentic(refresh, salt, OTHER_KEYS)
    assert not cookie_is_authentic(cookie, salt, OTHER_KEYS)
    assert not refresh_is_authentic(cookie, salt)
    assert not cookie_is_authentic(refresh, salt)
    assert not refresh_is_authentic(refresh.replace(REFRESH_PREFIX, COOKIE_PREFIX), salt)
    assert not cookie_is_authentic(refresh.replace(REFRESH_PREFIX, COOKIE_PREFIX), salt)
    assert mint_refresh(KEYS, other_id, generation, salt)[-43:] != refresh[-43:]


@given(st.uuids(), GENERATIONS, SALTS)
def test_the_previous_secret_verifies_and_does_not_mint(session_id: uuid.UUID, generation: int, salt: bytes) -> None:
    changed = PurposeKeys(OTHER_SECRET, (SECRET,))
    old = mint_refresh(KEYS, session_id, generation, salt)
    assert refresh_is_authentic(old, salt, changed)
    assert not refresh_is_authentic(mint_refresh(changed, session_id, generation, salt), salt, KEYS)


@given(st.one_of(st.text(), st.text(alphabet=CHARACTERS).map(lambda body: REFRESH_PREFIX + body)))
def test_no_text_is_more_than_refused(text: str) -> None:
    assert not refresh_is_authentic(text, b"0" * 16)
    assert not cookie_is_authentic(text, b"0" * 16)


@given(st.uuids(), st.integers(1 << 63, (1 << 64) - 1), SALTS)
def test_a_generation_that_no_database_holds_is_refused(session_id: uuid.UUID, generation: int, salt: bytes) -> None:
    try:
        parse_refresh(mint_refresh(KEYS, session_id, generation, salt))
    except TokenMalformed:
        return
    raise AssertionError("parsed")
