"""A stream that is out of order, replayed or somebody else's is not believed; what was believed is only added to."""

import uuid

import pytest

from gatepost.kernel.changes import Change, ChangeKind
from gatepost.kernel.clock import Clock
from gatepost.kernel.principal import Actor, Principal
from gatepost.kernel.revocations import Beat, Event, Part, Snapshot
from gatepost.trust import known_revocations
from gatepost.trust.freshness import Untrue
from gatepost.trust.known_revocations import KnownRevocations, Reading

ISSUER = "https://auth.example"
USER, SESSION, OTHER = (uuid.UUID(int=number) for number in (1, 2, 3))
FAR = 1 << 52


def principal(epoch: int = 0, gep: object = 0, actor: Actor | None = None) -> Principal:
    return Principal(USER, SESSION, epoch=epoch, claims={"gep": gep}, actor=actor)


def ended(session: uuid.UUID = SESSION) -> Change:
    return Change(ChangeKind.SESSION_ENDED, session, None, FAR)


class Desk:
    """A reader, its clock, and the words of a server whose clock shows 1000 when a request comes."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.known = KnownRevocations(self.clock, 5.0)

    def snapshot(self, parts: int = 0, issuer: str = ISSUER, nonce: str = "n", global_epoch: int = 0) -> Snapshot:
        return Snapshot(issuer, nonce, 1000.0, self.clock.now_ms(), global_epoch, parts)

    def beat(self, read: float = 1000.0) -> Beat:
        return Beat(read, self.clock.now_ms())

    def read(self, *events: Event) -> None:
        reading = Reading(self.known, issuer=ISSUER, sent=self.clock.boottime(), nonce="n")
        for event in events:
            reading.take(event)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_it_is_fresh_after_a_snapshot_with_all_its_parts_and_a_beat(desk: Desk) -> None:
    desk.read(desk.snapshot(parts=1), Part((ended(),)))
    assert not desk.known.is_fresh(), "nobody said how old it is"
    desk.read(desk.snapshot(parts=1), Part((ended(),)), desk.beat())
    assert desk.known.is_fresh()
    assert desk.known.refuses(principal())


@pytest.mark.parametrize("gap", [4.9, 5.1])
def test_it_is_not_fresh_once_the_bound_has_passed(desk: Desk, gap: float) -> None:
    desk.read(desk.snapshot(), desk.beat())
    desk.clock.advance(gap)
    assert desk.known.is_fresh() == (gap < 5)


def test_a_beat_before_the_snapshot_or_before_its_last_part_is_not_believed(desk: Desk) -> None:
    for events in (
        [desk.beat()],
        [ended()],
        [Part(())],
        [desk.snapshot(parts=2), Part(()), desk.beat()],
        [desk.snapshot(), Part(())],
        [desk.snapshot(), desk.snapshot()],
    ):
        with pytest.raises(Untrue):
            desk.read(*events)
    assert not desk.known.is_fresh()


def test_another_issuer_s_stream_and_one_that_answers_another_request_are_not_believed(desk: Desk) -> None:
    for snapshot in (desk.snapshot(issuer=f"{ISSUER}/"), desk.snapshot(nonce=""), desk.snapshot(nonce="m")):
        with pytest.raises(Untrue):
            desk.read(snapshot, desk.beat())
    assert not desk.known.is_fresh()


def test_a_beat_that_goes_back_or_comes_from_the_future_is_not_believed(desk: Desk) -> None:
    desk.read(desk.snapshot())
    with pytest.raises(Untrue):
        desk.read(desk.snapshot(), desk.beat(1000.001))
    desk.clock.advance(1)
    with pytest.raises(Untrue):
        desk.read(desk.snapshot(), desk.beat(999.9), desk.beat(999.8))


def test_a_later_stream_that_does_not_know_what_is_over_makes_nothing_good_again(desk: Desk) -> None:
    desk.read(desk.snapshot(global_epoch=3), ended(), Change(ChangeKind.USER_EPOCH, USER, 5, FAR), desk.beat())
    desk.read(desk.snapshot(global_epoch=0), Change(ChangeKind.USER_EPOCH, USER, 2, FAR), desk.beat())
    assert desk.known.refuses(principal(epoch=9, gep=9)), "its session is over"
    assert desk.known.index.epochs[USER][0] == 5
    assert desk.known.index.global_epoch == 3


def test_epochs_refuse_what_was_issued_under_older_ones(desk: Desk) -> None:
    desk.read(desk.snapshot(global_epoch=3), Change(ChangeKind.USER_EPOCH, USER, 5, FAR), desk.beat())
    assert desk.known.refuses(principal(epoch=4, gep=3))
    assert desk.known.refuses(principal(epoch=5, gep=2))
    assert not desk.known.refuses(principal(epoch=5, gep=3))


@pytest.mark.parametrize("gep", [None, "3", 3.0, True, []])
def test_a_principal_without_a_global_epoch_is_refused(desk: Desk, gep: object) -> None:
    desk.read(desk.snapshot(), desk.beat())
    assert desk.known.refuses(principal(gep=gep))


def test_what_ends_an_administrator_s_session_ends_what_they_do_as_somebody_else(desk: Desk) -> None:
    acting = principal(actor=Actor(OTHER, OTHER, 0))
    desk.read(desk.snapshot(), desk.beat())
    assert not desk.known.refuses(acting)
    desk.read(desk.snapshot(), ended(OTHER), desk.beat())
    assert desk.known.refuses(acting)


def test_a_step_of_the_clock_ahead_and_back_forgets_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    until = desk.clock.now_ms() + 60_000
    desk.read(desk.snapshot(), Change(ChangeKind.SESSION_ENDED, SESSION, None, until), desk.beat())
    date = desk.clock.now_ms()
    monkeypatch.setattr(Clock, "now_ms", lambda _: date + 10**9)
    monkeypatch.setattr(known_revocations, "_PRUNE_EVERY_S", -1)
    desk.read(Snapshot(ISSUER, "n", 1000.0, date, 0, 0), Beat(1000.0, date))
    assert desk.known.refuses(principal())
    desk.read(Snapshot(ISSUER, "n", 1000.0, date, 0, 0), Beat(1000.0, until + 1))
    assert not desk.known.refuses(principal()), "the server's date has passed it, and so has every token"


def test_after_a_silence_of_two_minutes_every_cache_is_distrusted(desk: Desk) -> None:
    desk.read(desk.snapshot(), desk.beat())
    position = desk.known.index.position
    desk.clock.advance(100)
    desk.read(desk.snapshot(), desk.beat())
    assert desk.known.index.is_current(position)
    desk.clock.advance(121)
    desk.read(desk.snapshot(), desk.beat())
    assert not desk.known.index.is_current(position)


def test_a_snapshot_of_what_is_known_wakes_nobody(desk: Desk) -> None:
    desk.read(desk.snapshot(parts=1), Part((ended(),)), desk.beat())
    position, event = desk.known.index.position, desk.known.index.wait_on(SESSION)
    desk.read(desk.snapshot(parts=1), Part((ended(),)), desk.beat())
    assert (desk.known.index.position, event.is_set()) == (position, False)


def test_more_than_can_be_remembered_is_not_taken_in(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_revocations, "_MAX_ENTRIES", 3)
    with pytest.raises(Untrue):
        desk.read(desk.snapshot(), *(ended(uuid.uuid4()) for _ in range(9)), desk.beat())
    assert not desk.known.is_fresh()
