"""A key has one spelling, checks itself, and is stored only as a keyed hash."""

import re
import zlib

from hypothesis import given
from hypothesis import strategies as st

from gatepost.kernel.api_keys import API_KEY_PREFIX, hashes_of, mint_api_key, parse_api_key
from gatepost.kernel.purpose import PurposeKeys

KEYS = PurposeKeys(b"a" * 32, (b"b" * 32,))
SCANNER = re.compile(r"\bgpk_[0-9A-Za-z]{49}\b")
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def test_a_key_is_found_by_a_scanner_that_knows_its_form_and_its_checksum() -> None:
    key = mint_api_key()
    assert SCANNER.findall(f'api_key = "{key}"; other = "gpk_short"') == [key]
    number = 0
    for letter in key[-6:]:
        number = number * 62 + DIGITS.index(letter)
    assert number == zlib.crc32(key[len(API_KEY_PREFIX) : -6].encode())


def test_no_two_keys_are_alike() -> None:
    assert len({mint_api_key() for _ in range(1_000)}) == 1_000


def test_a_key_is_its_own_only_spelling() -> None:
    key = mint_api_key()
    assert parse_api_key(key) == key
    wrong = [key[:-1], key + "0", key + "=", key + "\n", " " + key, key.upper(), key.lower(), key[4:], key.swapcase()]
    wrong += [key[:20] + "é" + key[21:], key[:20] + "\u0660" + key[21:], key + key, "GPK_" + key[4:], ""]
    assert [parse_api_key(text) for text in wrong] == [None] * len(wrong)


@given(place=st.integers(4, 52), letter=st.sampled_from(DIGITS))
def test_one_changed_letter_is_noticed_without_a_look_at_the_database(place: int, letter: str) -> None:
    key = mint_api_key()
    changed = key[:place] + letter + key[place + 1 :]
    assert (parse_api_key(changed) is None) == (changed != key)


@given(st.text(max_size=80))
def test_any_other_text_is_no_key(text: str) -> None:
    assert parse_api_key(text) is None
    assert parse_api_key(API_KEY_PREFIX + text) is None


def test_the_hash_needs_the_secret_of_the_server() -> None:
    key = mint_api_key()
    current, previous = hashes_of(KEYS, key)
    assert current != previous
    assert hashes_of(PurposeKeys(b"a" * 32), key) == (current,)
    assert hashes_of(PurposeKeys(b"c" * 32), key)[0] not in {current, previous}
    assert key not in current
    assert len(current) == 64
