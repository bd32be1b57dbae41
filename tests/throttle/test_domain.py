"""The rule itself, against a leaky bucket."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.core.throttle.domain import Budget, level_of, next_tat, refuse
from tests.throttle.model import LeakyBucket

BUDGETS = st.builds(Budget, st.just("b"), st.integers(1, 20), st.floats(0.001, 10_000))
TAKE, GIVE_BACK = "take", "give back"
STEPS = st.lists(st.integers(0, 5_000_000_000) | st.just(TAKE) | st.just(GIVE_BACK), max_size=60)


@given(budget=BUDGETS, steps=STEPS, start=st.integers(0, 4_000_000_000_000_000))
def test_every_decision_is_that_of_a_leaky_bucket(budget: Budget, steps: list[int | str], start: int) -> None:
    bucket, tat, now = LeakyBucket(budget), 0, start
    for step in steps:
        if isinstance(step, int):
            now += step
            bucket.wait(step)
        elif step == GIVE_BACK:
            tat -= budget.interval_us
            tat = max(tat, now)
            bucket.give_back()
        else:
            moved = next_tat(budget, tat, now)
            assert (moved is not None) == bucket.take()
            if moved is None:
                assert refuse(budget, tat, now).retry_after == max(1, math.ceil(bucket.seconds_to_wait()))
            tat = tat if moved is None else moved
        level = level_of(budget, tat, now)
        assert level.spent == bucket.begun()
        assert (level.retry_after > 0) == (next_tat(budget, tat, now) is None)


@given(budget=BUDGETS, now=st.integers(0, 4_000_000_000_000_000))
def test_a_budget_gives_its_limit_at_once_and_one_more_after_the_interval(budget: Budget, now: int) -> None:
    tat = 0
    for _ in range(budget.limit):
        moved = next_tat(budget, tat, now)
        assert moved is not None
        tat = moved
    assert next_tat(budget, tat, now) is None
    assert next_tat(budget, tat, now + budget.interval_us - 1) is None
    assert next_tat(budget, tat, now + budget.interval_us) is not None


@given(budget=BUDGETS, now=st.integers(0, 4_000_000_000_000_000), tat=st.integers(0, 8_000_000_000_000_000))
def test_whatever_stands_there_a_key_is_never_locked_for_longer_than_two_windows(
    budget: Budget, now: int, tat: int
) -> None:
    moved = next_tat(budget, tat, now)
    if moved is None:
        assert refuse(budget, tat, now).retry_after <= math.ceil(2 * budget.window_us / 1_000_000)
    else:
        assert now < moved <= now + budget.window_us


@pytest.mark.parametrize(("limit", "period"), [(0, 1), (-1, 1), (1, 0), (1, -1), (1, math.inf), (1, math.nan)])
def test_a_budget_that_means_nothing_is_refused(limit: int, period: float) -> None:
    with pytest.raises(ValueError, match="budget b"):
        Budget("b", limit, period)
