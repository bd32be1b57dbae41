"""The life of signing keys: at every moment one signs, and whatever it signed verifies until it expires."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.core.keys.domain import (
    KeyPolicy,
    KeyRow,
    KeyState,
    is_of_another_algorithm,
    needs_successor,
    signer_of,
    state_of,
)
from gatepost.crypto.jwt import Algorithm

ALGORITHMS: Sequence[Algorithm] = ("ES256", "EdDSA")
MINUTE = 60_000


def policy_of(algorithm: Algorithm) -> KeyPolicy:
    return KeyPolicy(algorithm=algorithm, rotation=7200, jwks_max_age=300, token_lifetime=910)


Step = tuple[int, Algorithm, bool]
STEPS: st.SearchStrategy[list[Step]] = st.lists(
    st.tuples(st.integers(1, 150), st.sampled_from(ALGORITHMS), st.booleans()), min_size=1, max_size=12
)


def history(steps: list[Step]) -> list[tuple[int, KeyPolicy, list[KeyRow]]]:
    """Return moments with the keys there are then: each step waits some minutes and makes the successor that is due.

    A step is a wait in minutes, the algorithm that is configured from then on, and whether somebody rotates by hand.
    """
    rows: list[KeyRow] = []
    moments = []
    now = 1_000 * MINUTE
    for wait, algorithm, by_hand in steps:
        for _ in range(wait):
            now += MINUTE
            policy = policy_of(algorithm)
            due = needs_successor(rows, policy, now) or is_of_another_algorithm(rows, policy)
            if due or (by_hand and _ == 0):
                ahead = policy.publish_ahead_ms if rows else 0
                number = len(rows) + 1
                rows = [*rows, KeyRow(number, f"key{number}", algorithm, now, now + ahead, None)]
            moments.append((now, policy, rows))
    return moments


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_exactly_one_key_is_active_at_every_moment(steps: list[Step]) -> None:
    for now, policy, rows in history(steps):
        states = [state_of(row, rows, policy, now) for row in rows]
        assert states.count(KeyState.ACTIVE) == 1
        signer = signer_of(rows, policy, now)
        assert signer is not None
        assert states[rows.index(signer)] is KeyState.ACTIVE


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_a_token_verifies_until_it_expires(steps: list[Step]) -> None:
    signed: list[tuple[int, KeyRow]] = []
    for now, policy, rows in history(steps):
        living = [(at, row) for at, row in signed if now < at + policy.token_lifetime * 1000]
        for _, row in living:
            assert state_of(row, rows, policy, now) is not KeyState.REMOVED
        signer = signer_of(rows, policy, now)
        assert signer is not None
        signed = [*living, (now, signer)]


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_a_key_was_published_for_as_long_as_others_cache_before_it_signs(steps: list[Step]) -> None:
    for now, policy, rows in history(steps):
        signer = signer_of(rows, policy, now)
        assert signer is not None
        assert signer.sequence == 1 or now - signer.created_at >= policy.jwks_max_age * 1000


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_a_key_goes_forward_through_its_states_and_ends(steps: list[Step]) -> None:
    order = list(KeyState)
    last: dict[str, int] = {}
    for now, policy, rows in history(steps):
        for row in rows:
            place = order.index(state_of(row, rows, policy, now))
            assert place >= last.get(row.kid, 0)
            last[row.kid] = place
        newest = rows[-1]
        assert all(
            state_of(row, rows, policy, now) is KeyState.REMOVED
            for row in rows[:-1]
            if now >= newest.active_from + policy.keep_after_ms
        )


@given(st.integers(-3600, 0), st.sampled_from(ALGORITHMS))
def test_a_clock_behind_the_database_signs_with_the_key_that_was_just_made(skew: int, algorithm: Algorithm) -> None:
    policy, made = policy_of(algorithm), 1_000 * MINUTE
    rows = [KeyRow(1, "leaked", algorithm, 0, 0, made), KeyRow(2, "new", algorithm, made, made, None)]
    states = [state_of(row, rows, policy, made + skew * 1000) for row in rows]
    assert states == [KeyState.REMOVED, KeyState.ACTIVE]
