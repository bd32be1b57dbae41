"""A seal opens in its place, under its secret, unchanged; otherwise not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.crypto.sealed import SealBroken, is_current, seal, unseal
from gatepost.kernel.purpose import PurposeKeys

OLD, NEW, OTHER = b"o" * 32, b"n" * 32, b"x" * 32
KEYS = PurposeKeys(NEW)


@given(st.binary(max_size=300), st.text())
def test_a_seal_opens_in_its_context(plaintext: bytes, context: str) -> None:
    assert unseal(KEYS, seal(KEYS, plaintext, context=context), context=context) == plaintext


def test_every_changed_byte_breaks_it() -> None:
    sealed = seal(KEYS, b"seed", context="key:1")
    for at in range(len(sealed)):
        for bit in (1, 0x80):
            with pytest.raises(SealBroken):
                unseal(KEYS, sealed[:at] + bytes([sealed[at] ^ bit]) + sealed[at + 1 :], context="key:1")


def test_every_other_length_breaks_it() -> None:
    sealed = seal(KEYS, b"seed", context="key:1")
    for changed in [sealed[:end] for end in range(len(sealed))] + [sealed + b"\0", b"\0" + sealed]:
        with pytest.raises(SealBroken):
            unseal(KEYS, changed, context="key:1")


@pytest.mark.parametrize("context", ["key:2", "key:", "", "key:1 ", "KEY:1"])
def test_another_context_does_not_open_it(context: str) -> None:
    with pytest.raises(SealBroken):
        unseal(KEYS, seal(KEYS, b"seed", context="key:1"), context=context)


def test_another_secret_does_not_open_it() -> None:
    with pytest.raises(SealBroken):
        unseal(PurposeKeys(OTHER, (OLD,)), seal(KEYS, b"seed", context="c"), context="c")


def test_a_previous_secret_opens_it_and_says_that_it_is_not_current() -> None:
    sealed = seal(PurposeKeys(OLD), b"seed", context="c")
    rotated = PurposeKeys(NEW, (OTHER, OLD))
    assert unseal(rotated, sealed, context="c") == b"seed"
    assert not is_current(rotated, sealed)
    resealed = seal(rotated, b"seed", context="c")
    assert is_current(rotated, resealed)
    assert unseal(KEYS, resealed, context="c") == b"seed"


def test_two_seals_of_one_thing_differ_and_show_nothing_of_it() -> None:
    first, second = (seal(KEYS, b"plaintext" * 4, context="c") for _ in range(2))
    assert first != second
    assert b"plaintext" not in first


def test_keys_that_share_an_id_are_all_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatepost.crypto.sealed._key_id", lambda key: b"same")
    sealed = seal(PurposeKeys(OLD), b"seed", context="c")
    assert unseal(PurposeKeys(NEW, (OLD,)), sealed, context="c") == b"seed"


def test_a_format_of_another_version_is_not_guessed_at(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as later:
        later.setattr("gatepost.crypto.sealed._VERSION", b"\x02")
        sealed = seal(KEYS, b"seed", context="c")
    assert not is_current(KEYS, sealed)
    with pytest.raises(SealBroken):
        unseal(KEYS, sealed, context="c")


def test_what_does_not_open_says_nothing_of_what_is_in_it() -> None:
    with pytest.raises(SealBroken) as caught:
        unseal(PurposeKeys(OTHER), seal(KEYS, b"plaintext", context="context"), context="context")
    assert "plaintext" not in str(caught.value)
    assert caught.value.__cause__ is None
