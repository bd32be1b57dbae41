"""The change index refuses what was ended, whatever the order and however often a change is read."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from gatepost.core.changes.domain import MAX_SILENCE_S, Change, ChangeIndex, ChangeKind

IDS = [uuid.UUID(int=number) for number in range(4)]
SOME = st.sampled_from(IDS)
STORED = st.sampled_from([kind for kind in ChangeKind if kind is not ChangeKind.GAP])


@st.composite
def changes(draw: st.DrawFn) -> Change:
    kind = draw(STORED)
    epoch = draw(st.integers(1, 5)) if kind in {ChangeKind.USER_EPOCH, ChangeKind.GLOBAL_EPOCH} else None
    subject = None if kind in {ChangeKind.KEYS, ChangeKind.GLOBAL_EPOCH} else draw(SOME)
    return Change(kind, subject, epoch, draw(st.integers(0, 100)))


MANY = st.lists(changes(), max_size=12)


def applied(sequence: list[Change]) -> ChangeIndex:
    index = ChangeIndex()
    for change in sequence:
        index.apply(change)
    return index


def refusals(index: ChangeIndex) -> list[bool]:
    """Return what the index says of every session, user and epoch."""
    return [
        index.refuses(session, user, epoch, global_epoch)
        for session in IDS
        for user in IDS
        for epoch in range(6)
        for global_epoch in range(6)
    ]


@given(MANY, st.data())
def test_neither_order_nor_repetition_matters(sequence: list[Change], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(sequence * 2))
    assert refusals(applied(shuffled)) == refusals(applied(sequence))


@given(MANY, changes())
def test_nothing_that_was_refused_becomes_good_by_another_change(sequence: list[Change], more: Change) -> None:
    index = applied(sequence)
    before = refusals(index)
    index.apply(more)
    assert all(after or not earlier for earlier, after in zip(before, refusals(index), strict=True))


@given(MANY, st.integers(0, 120))
def test_what_lives_longer_than_now_survives_the_pruning(sequence: list[Change], now: int) -> None:
    index = applied(sequence)
    index.prune(now)
    for change in sequence:
        if change.subject is None or change.keep_until <= now:
            continue
        if change.kind is ChangeKind.SESSION_ENDED:
            assert index.refuses(change.subject, IDS[0], 99, 99)
        if change.kind is ChangeKind.USER_EPOCH and change.epoch is not None:
            assert index.refuses(uuid.uuid4(), change.subject, change.epoch - 1, 99)
    assert len(index.ended) + len(index.epochs) <= len(sequence)


@given(MANY, MANY, st.integers(0, 120))
def test_what_was_cached_before_a_change_of_it_is_never_current_again(
    before: list[Change], after: list[Change], now: int
) -> None:
    index = applied(before)
    position = index.position
    assert all(index.is_current(position, one) for one in IDS)
    for change in after:
        index.apply(change)
    index.prune(now)
    about_all = {ChangeKind.GLOBAL_EPOCH}
    touched = {change.subject for change in after}
    for one in IDS:
        is_touched = one in touched or any(change.kind in about_all for change in after)
        assert index.is_current(position, one) is not is_touched
        assert index.is_current(index.position, one)


@given(MANY, st.floats(0, 1000))
def test_a_long_silence_makes_everything_doubtful(sequence: list[Change], seconds: float) -> None:
    index = applied(sequence)
    position = index.position
    index.note_silence(seconds)
    assert index.is_current(position, IDS[0]) is (seconds <= MAX_SILENCE_S)


@given(MANY)
def test_who_waits_is_woken_by_what_concerns_him_alone(sequence: list[Change]) -> None:
    index = ChangeIndex()
    events = {one: index.wait_on(one) for one in IDS}
    for change in sequence:
        index.apply(change)
    to_all = any(change.kind is ChangeKind.GLOBAL_EPOCH for change in sequence)
    for one, event in events.items():
        assert event.is_set() is (to_all or any(change.subject == one for change in sequence))
        index.stop_waiting(event, one)
    assert not index._waiting
