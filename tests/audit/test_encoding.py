"""The bytes that a MAC covers: no two rows share them."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.core.audit.chain import HEAD, PRUNED, ChainKeys, Link, Place, UnknownKey, encoded
from gatepost.kernel.purpose import PurposeKeys

SCALARS = st.none() | st.integers() | st.text() | st.binary()
ROWS = st.lists(SCALARS, max_size=6)
KEYS = PurposeKeys(b"one secret that is long enough 0123456789")
OTHER = PurposeKeys(b"another secret long enough 0123456789 ab")


_READERS: dict[bytes, Callable[[bytes], object]] = {
    b"n": lambda _: None,
    b"i": int,
    b"s": lambda body: body.decode("utf-8", "surrogatepass"),
    b"b": bytes,
}


def decoded(raw: bytes) -> list[object]:
    """Read the encoding back: what can be read back without loss is shared by no other row."""
    count, raw = int.from_bytes(raw[:4]), raw[4:]
    found: list[object] = []
    for _ in range(count):
        kind, size = raw[:1], int.from_bytes(raw[1:9])
        body, raw = raw[9 : 9 + size], raw[9 + size :]
        assert len(body) == size
        found.append(_READERS[kind](body))
    assert not raw
    return found


@given(ROWS)
def test_a_row_can_be_read_back_from_its_encoding(row: list[object]) -> None:
    assert decoded(encoded(row)) == row


@given(ROWS, ROWS)
def test_two_rows_have_two_encodings(one: list[object], other: list[object]) -> None:
    assert (encoded(one) == encoded(other)) == (one == other)


@given(st.text(), st.text(), st.integers(0, 10))
def test_what_moves_from_one_column_to_the_next_changes_the_encoding(left: str, right: str, cut: int) -> None:
    whole = left + right
    moved = (whole[:cut], whole[cut:])
    assert (encoded([left, right]) == encoded(moved)) == ((left, right) == moved)


def test_a_number_is_not_its_text_and_nothing_is_not_an_empty_text() -> None:
    assert len({encoded([value]) for value in (None, "", b"", 0, "0", b"0", 0.0, "None")}) == 8


@given(ROWS, st.integers(0, 1 << 40), st.integers(0, 1 << 50))
def test_a_link_is_good_for_its_row_place_time_and_predecessor_only(row: list[object], position: int, at: int) -> None:
    keys, before = ChainKeys(KEYS), Place(position, b"m" * 32)
    link = keys.link(before, at, row)
    assert keys.is_link(link, before, row)
    assert not keys.is_link(link, before, [*row, None])
    assert not keys.is_link(link, Place(position, b"n" * 32), row)
    assert not keys.is_link(link, Place(position + 1, before.mac), row)
    assert not keys.is_link(Link(link.position + 1, at, link.key_id, link.mac), before, row)
    assert not keys.is_link(Link(link.position, at + 1, link.key_id, link.mac), before, row)
    assert not keys.is_link(Link(link.position, at, link.key_id, bytes(32)), before, row)


def test_a_link_is_not_good_for_what_moved_from_one_column_to_the_next() -> None:
    keys, before = ChainKeys(KEYS), Place(0, bytes(32))
    link = keys.link(before, 1, ["ab", "c", None, 1])
    for other in (["a", "bc", None, 1], ["ab", "c", "", 1], ["ab", "c", "None", 1], ["ab", "c", None, "1"]):
        assert not keys.is_link(link, before, other)


def test_a_mark_is_good_for_its_name_place_and_time_only() -> None:
    keys, place = ChainKeys(KEYS), Place(7, b"m" * 32)
    mark = keys.mark(HEAD, place, 5)
    assert keys.is_mark(mark)
    for other in (keys.mark(PRUNED, place, 5), keys.mark(HEAD, Place(8, b"m" * 32), 5), keys.mark(HEAD, place, 6)):
        assert other.signature != mark.signature
    # the MAC of a link is no signature of a mark, though both come from one key
    assert keys.link(Place(6, bytes(32)), 5, []).mac != mark.signature


def test_another_secret_knows_neither_links_nor_marks() -> None:
    link, mark = ChainKeys(KEYS).link(Place(0, bytes(32)), 1, []), ChainKeys(KEYS).mark(HEAD, Place(1, bytes(32)), 1)
    with pytest.raises(UnknownKey):
        ChainKeys(OTHER).is_link(link, Place(0, bytes(32)), [])
    with pytest.raises(UnknownKey):
        ChainKeys(OTHER).is_mark(mark)
    assert "secret" not in repr(ChainKeys(KEYS))


@given(st.integers(0, 10**18), st.binary(min_size=32, max_size=32))
def test_a_head_is_read_back_as_it_was_printed(position: int, mac: bytes) -> None:
    assert Place.read(f" {Place(position, mac)}\n") == Place(position, mac)


@pytest.mark.parametrize(
    "text", ["", "1", "1:", ":" + "0" * 64, "-1:" + "0" * 64, "1:" + "0" * 63, "1:" + "G" * 64, "01:" + "0" * 64]
)
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="POSITION:MAC"):
        Place.read(text)
