"""The budgets of one attempt: their order, what a refusal leaves, what a success gives back."""

import pytest

from gatepost.core.throttle import Budget, Throttle, Unit
from gatepost.core.throttle.memory import MemoryStore
from gatepost.core.throttle.sql import SqlStore
from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import ThrottleSpent

pytestmark = pytest.mark.anyio

ADDRESS = Unit(Budget("address", 5, 86_400), "198.51.100.7")
PAIR = Unit(Budget("pair", 3, 86_400), "hash1")
USER = Unit(Budget("user", 4, 86_400), "hash2")


@pytest.fixture(params=["one store", "two stores"])
def throttle(request: pytest.FixtureRequest, sql_store: SqlStore, clock: Clock) -> Throttle:
    return Throttle(sql_store, sql_store if request.param == "one store" else MemoryStore(clock))


async def spend(throttle: Throttle, *, address: Unit = ADDRESS) -> str | None:
    """Return the name of the budget that refused."""
    try:
        await throttle.take(address=[address], account=[PAIR, USER])
    except ThrottleSpent as refusal:
        return refusal.detail
    return None


async def test_a_refusal_says_when_to_come_back(throttle: Throttle) -> None:
    assert [await spend(throttle) for _ in range(3)] == [None] * 3
    with pytest.raises(ThrottleSpent, match="pair") as refusal:
        await throttle.take(address=[ADDRESS], account=[PAIR, USER])
    assert refusal.value.retry_after is not None
    assert 86_400 // 3 - 60 <= refusal.value.retry_after <= 86_400 // 3


async def test_address_units_are_spent_even_where_the_account_refuses(throttle: Throttle) -> None:
    assert [await spend(throttle) for _ in range(7)] == [None] * 3 + ["pair"] * 2 + ["address"] * 2


async def test_a_success_gives_back_its_own_units_once(throttle: Throttle) -> None:
    assert await spend(throttle) is None
    taken = await throttle.take(address=[ADDRESS], account=[PAIR, USER])
    assert await spend(throttle) is None
    await taken.give_back()
    await taken.give_back()
    # Two failures stand; of three one is left.
    assert [await spend(throttle) for _ in range(2)] == [None, "pair"]


async def test_a_cleared_account_can_try_again(throttle: Throttle) -> None:
    other = Unit(ADDRESS.budget, "198.51.100.8")
    assert [await spend(throttle) for _ in range(4)] == [None] * 3 + ["pair"]
    await throttle.clear(account=[PAIR, USER])
    assert await spend(throttle, address=other) is None


async def test_pruning_reaches_every_store(throttle: Throttle, clock: Clock) -> None:
    assert await spend(throttle) is None
    clock.advance(90_000)
    assert await throttle.prune() == 3
    assert await throttle.prune() == 0


async def test_nothing_to_take_takes_nothing(throttle: Throttle) -> None:
    await (await throttle.take()).give_back()
    assert await throttle.prune() == 0
