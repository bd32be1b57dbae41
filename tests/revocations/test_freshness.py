"""The arithmetic of freshness: whatever the network does, nobody believes to be fresher than he is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.trust.freshness import DRIFT, MAX_BEHIND_MS, NEVER, Anchor, Freshness, Untrue

seconds = st.floats(0, 10_000, allow_nan=False)
origins = st.floats(0, 1e6, allow_nan=False)
# Two clocks that together are no further apart than what is taken off.
rates = st.floats(1 - DRIFT / 2.001, 1 + DRIFT / 2.001)


class World:
    """True time, which nobody knows, and two clocks that began some time and run not quite as they should."""

    def __init__(self, here: tuple[float, float], there: tuple[float, float]) -> None:
        self._here, self._there = here, there

    def here(self, time: float) -> float:
        return self._here[0] + self._here[1] * time

    def there(self, time: float) -> float:
        return self._there[0] + self._there[1] * time


worlds = st.builds(World, st.tuples(origins, rates), st.tuples(origins, rates))


@given(worlds, seconds, seconds, st.lists(st.tuples(seconds, seconds), min_size=1, max_size=20))
def test_what_is_proved_is_never_later_than_the_read(
    world: World, sent: float, request: float, beats: list[tuple[float, float]]
) -> None:
    """Each beat is read some time after the request came, and arrives any time later: held back, in bursts, late."""
    received = sent + request
    anchor, known = Anchor(world.here(sent), world.there(received)), Freshness(5)
    last_arrival = newest = 0.0
    for after, held in sorted(beats):
        read = received + after
        last_arrival, newest = max(last_arrival, read + held), read
        known.prove(anchor, world.there(read), 0, world.here(last_arrival) + 1e-6)
    assert known.proved_at <= world.here(newest) + 1e-6


@given(worlds, seconds, seconds, st.floats(0, 1, allow_nan=False))
def test_a_read_from_before_the_request_proves_nothing_later_than_itself(
    world: World, sent: float, request: float, earlier: float
) -> None:
    received = sent + request
    read = received - earlier
    assert Anchor(world.here(sent), world.there(received)).proves(world.there(read)) <= world.here(read) + 1e-6


@given(worlds, seconds, st.lists(st.tuples(seconds, seconds, seconds, seconds), min_size=1, max_size=10), seconds)
def test_connections_one_after_the_other_to_servers_with_clocks_of_their_own_prove_no_more(
    world: World, begin: float, connections: list[tuple[float, float, float, float]], origin: float
) -> None:
    known, now, newest = Freshness(5), begin, 0.0
    for number, (request, after, held, pause) in enumerate(connections):
        sent, received = now, now + request
        shift = origin * number  # another process, another machine, a restart
        read = received + after
        newest = max(newest, read)
        now = read + held
        anchor = Anchor(world.here(sent), world.there(received) + shift)
        known.prove(anchor, world.there(read) + shift, 0, world.here(now) + 1e-6)
        assert known.proved_at <= world.here(newest) + 1e-6
        now += pause


@given(st.floats(0.1, 60), st.floats(0, 1_000), st.floats(0, 200))
def test_it_is_fresh_for_the_bound_and_no_longer(bound: float, at: float, later: float) -> None:
    known = Freshness(bound)
    known.prove(Anchor(at, 7), 7, 0, at)
    assert known.is_fresh(at + later, round((at + later) * 1000) + 1) == (at + later - at < bound)


def test_nothing_is_fresh_before_the_first_beat() -> None:
    known = Freshness(50)
    assert known.proved_at == NEVER
    assert not known.is_fresh(1e9, 0)


def test_a_beat_from_the_future_is_not_believed() -> None:
    known = Freshness(5)
    with pytest.raises(Untrue):
        known.prove(Anchor(100, 7), 9, 0, 101)
    assert not known.is_fresh(101, 0)


def test_an_older_beat_that_comes_later_changes_nothing() -> None:
    known = Freshness(5)
    known.prove(Anchor(100, 7), 9, 102_000, 102)
    known.prove(Anchor(100, 7), 8, 50_000, 102)
    assert known.proved_at == pytest.approx(102, abs=0.01)
    assert known.is_fresh(102, 102_000)


@pytest.mark.parametrize(("behind_ms", "is_fresh"), [(-(10**9), True), (0, True), (59_000, True), (61_000, False)])
def test_a_date_here_that_is_more_than_a_minute_behind_is_not_fresh(behind_ms: int, is_fresh: bool) -> None:  # noqa: FBT001
    known, date = Freshness(5), 1_700_000_000_000
    known.prove(Anchor(100, 7), 7, date, 100)
    assert known.is_fresh(101, date + 1_000 - behind_ms) == is_fresh
    assert MAX_BEHIND_MS == 60_000
