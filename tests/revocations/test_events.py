"""The events on the wire: what is written is read again, and what is not one of ours is none."""

import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.kernel.changes import Change, ChangeIndex, ChangeKind
from gatepost.kernel.revocations import (
    MAX_LINE_BYTES,
    OPENING,
    PART_SIZE,
    TOLD,
    Beat,
    Event,
    Malformed,
    Part,
    Snapshot,
    read_event,
    write_beat,
    write_change,
    write_snapshot,
)
from gatepost.trust.event_lines import EventLines

ONE = uuid.UUID(int=1)
whole = st.integers(0, 2**50)
subjects = st.uuids()


def read(stream: bytes) -> list[Event]:
    lines = EventLines()
    return [event for line in stream.split(b"\n")[:-1] if (event := lines.feed(line)) is not None]


@given(
    st.builds(Change, st.just(ChangeKind.SESSION_ENDED), subjects, st.none(), whole)
    | st.builds(Change, st.just(ChangeKind.USER_EPOCH), subjects, whole, whole)
    | st.builds(Change, st.just(ChangeKind.GLOBAL_EPOCH), st.none(), whole, whole)
    | st.builds(Change, st.just(ChangeKind.KEYS), st.none(), st.none(), whole)
)
def test_a_change_is_read_as_it_was_written(change: Change) -> None:
    assert change.kind in TOLD
    assert read(write_change(change)) == [change]


@given(st.floats(0, 1e9), whole)
def test_a_beat_is_read_as_it_was_written(at: float, date: int) -> None:
    assert read(write_beat(Beat(at, date))) == [Beat(at, date)]


@pytest.mark.parametrize("count", [0, 1, PART_SIZE, PART_SIZE + 1, 3 * PART_SIZE - 1])
def test_a_snapshot_says_the_whole_index_in_as_many_parts_as_it_says(count: int) -> None:
    index = ChangeIndex()
    for number in range(count):
        index.apply(Change(ChangeKind.SESSION_ENDED, uuid.uuid4(), None, number))
        index.apply(Change(ChangeKind.USER_EPOCH, uuid.uuid4(), number, number))
    index.apply(Change(ChangeKind.GLOBAL_EPOCH, None, 7, 0))
    written = list(write_snapshot(index, issuer="https://a.example", nonce="n", received=1.5, date=2))
    first, *parts = read(b"".join(written))
    assert first == Snapshot("https://a.example", "n", 1.5, 2, 7, len(parts))
    merged = ChangeIndex()
    for part in parts:
        assert isinstance(part, Part)
        for change in part.changes:
            merged.apply(change)
    assert (merged.ended, merged.epochs) == (index.ended, index.epochs)
    assert max(len(line) for piece in written for line in piece.split(b"\n")) < MAX_LINE_BYTES


def test_a_change_of_a_kind_that_is_not_known_means_that_nothing_is_sure() -> None:
    data = b'{"kind":"of_tomorrow","subject":"x","epoch":{},"keep_until":5}'
    assert read_event("change", data) == Change(ChangeKind.GAP, None, None, 5)


def test_an_event_of_a_name_that_is_not_known_is_passed_over() -> None:
    assert read(OPENING + b"event: of_tomorrow\ndata: x\n\n" + write_beat(Beat(1, 2))) == [Beat(1, 2)]


GOOD: dict[str, dict[str, Any]] = {
    "snapshot": {"issuer": "i", "nonce": "n", "received": 1, "date": 2, "global_epoch": 0, "parts": 0},
    "change": {"kind": "user_epoch", "subject": str(ONE), "epoch": 1, "keep_until": 2},
    "beat": {"read": 1, "date": 2},
}
BAD: list[Any] = [None, -1, 1.5, True, "x", [], {}, 2**60, float("nan"), float("inf"), [[1, 2]], [["x", 1]]]


@pytest.mark.parametrize(("name", "member"), [(name, member) for name, each in GOOD.items() for member in each])
def test_a_member_that_is_missing_or_of_another_form_makes_an_event_none(name: str, member: str) -> None:
    assert read_event(name, json.dumps(GOOD[name]).encode())
    without = {key: value for key, value in GOOD[name].items() if key != member}
    with pytest.raises(Malformed):
        read_event(name, json.dumps(without).encode())
    good_type = type(GOOD[name][member])
    for value in BAD:
        is_number = member in {"received", "read"} and value in (1.5, 2**60)
        if (good_type is str and isinstance(value, str) and member != "subject") or is_number:
            continue
        with pytest.raises(Malformed):
            read_event(name, json.dumps({**GOOD[name], member: value}).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"1",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"ended": 1}',
        b'{"issuer": "i", "nonce": "n", "date": 2, "global_epoch": 0, "parts": 0, "ended": 1, "received": 1%b}'
        % (b"0" * 400),
        b'{"date": 2, "ended": 1, "read": 1%b}' % (b"0" * 400),
        b'{"ended": [1]}',
        b'{"ended": [["x", 1]]}',
        b'{"ended": {"a": 1}}',
        b'{"epochs": [["00000000-0000-0000-0000-000000000001", 1]]}',
        json.dumps({"ended": [[str(ONE), 1]] * (PART_SIZE + 1)}).encode(),
    ],
    ids=lambda data: data[:40].decode("latin-1"),
)
@pytest.mark.parametrize("name", ["snapshot", "part", "change", "beat"])
def test_what_is_no_event_is_malformed_and_nothing_else(name: str, data: bytes) -> None:
    with pytest.raises(Malformed):
        read_event(name, data)


@given(st.binary(max_size=200))
def test_no_line_at_all_does_more_than_being_malformed(line: bytes) -> None:
    lines = EventLines()
    try:
        for each in (b"event: beat", *line.split(b"\n"), b""):
            lines.feed(each)
    except Malformed:
        return


@pytest.mark.parametrize("line", [b"<!doctype html>", b"HTTP/1.1 200 OK", b"datas: x", b"data: one\ndata: two"])
def test_lines_of_something_else_are_malformed(line: bytes) -> None:
    with pytest.raises(Malformed):
        read(line + b"\n")
