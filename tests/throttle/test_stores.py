"""What every store of budgets promises, asked of memory, SQLite, PostgreSQL and Redis."""

import asyncio
import random

import pytest

from gatepost.core.throttle.domain import Budget, Level, Refusal, ThrottleStore, Unit
from gatepost.core.throttle.memory import MemoryStore
from gatepost.core.throttle.redis import RedisStore
from gatepost.core.throttle.sql import CLEAR, READ, SqlStore
from gatepost.kernel.clock import Clock
from tests.throttle.conftest import database
from tests.throttle.model import LeakyBucket

pytestmark = pytest.mark.anyio

SLOW = Budget("slow", 3, 3_000)
WIDE = Budget("wide", 1_000, 3_600)


async def how_many(store: ThrottleStore, unit: Unit, most: int = 20) -> int:
    """Take until refused."""
    taken = 0
    while taken < most and await store.take([unit]) is None:
        taken += 1
    return taken


@pytest.mark.parametrize("limit", [1, 7, 50])
async def test_200_parallel_takes_against_a_limit_give_exactly_the_limit(store: ThrottleStore, limit: int) -> None:
    unit = Unit(Budget("parallel", limit, 86_400), "198.51.100.7")
    outcomes = await asyncio.gather(*(store.take([unit]) for _ in range(200)))
    assert outcomes.count(None) == limit


async def test_two_databases_over_one_store_share_a_budget_exactly(database_url: str, clock: Clock) -> None:
    unit = Unit(Budget("parallel", 9, 86_400), "ann")
    async with database(database_url, clock) as one, database(database_url, clock) as other:
        stores = [SqlStore(one), SqlStore(other)]
        outcomes = await asyncio.gather(*(stores[n % 2].take([unit]) for n in range(100)))
    assert outcomes.count(None) == 9


async def test_parallel_lists_with_shared_and_own_units_neither_lose_nor_invent_any(store: ThrottleStore) -> None:
    address, user = Budget("address", 60, 86_400), Budget("user", 5, 86_400)
    lists = [[Unit(address, "one"), Unit(user, f"user{n % 10}")] for n in range(100)]
    outcomes = await asyncio.gather(*(store.take(units) for units in lists))
    refused_by = [refusal.budget.name for refusal in outcomes if refusal is not None]
    # 60 lists pass the address; of those each user has five.
    assert refused_by.count("address") == 40
    spent = [await how_many(store, Unit(user, f"user{n}")) for n in range(10)]
    assert outcomes.count(None) == sum(5 - left for left in spent)


@pytest.mark.parametrize("seed", range(4))
async def test_a_random_history_is_decided_as_by_a_leaky_bucket(store: ThrottleStore, clock: Clock, seed: int) -> None:
    # Half intervals of 500 s: the seconds that the test itself takes decide nothing.
    rng, bucket, unit = random.Random(seed), LeakyBucket(SLOW), Unit(SLOW, f"history{seed}")
    for _ in range(60):
        match rng.choice(["take", "take", "take", "give back", "wait"]):
            case "take":
                assert (await store.take([unit]) is None) == bucket.take()
            case "give back":
                await store.give_back([unit])
                bucket.give_back()
            case _:
                halves = rng.randrange(5)
                clock.advance(500 * halves)
                bucket.wait(500_000_000 * halves)


async def test_a_refusal_says_which_budget_and_when(store: ThrottleStore, clock: Clock) -> None:
    units = [Unit(WIDE, "x"), Unit(SLOW, "x"), Unit(WIDE, "y")]
    for _ in range(3):
        assert await store.take(units) is None
    refusal = await store.take(units)
    assert refusal is not None
    assert refusal.budget == SLOW
    assert 970 <= refusal.retry_after <= 1_000
    clock.advance(refusal.retry_after)
    assert await store.take(units) is None


async def test_units_before_the_refusal_stay_taken_and_those_after_it_are_not(store: ThrottleStore) -> None:
    before, spent, after = (Unit(Budget(name, limit, 86_400), "x") for name, limit in [("b", 5), ("s", 1), ("a", 5)])
    assert await store.take([spent]) is None
    assert await store.take([before, spent, after]) == Refusal(spent.budget, 86_400)
    assert await how_many(store, before) == 4
    assert await how_many(store, after) == 5


async def test_one_unit_comes_back_after_each_interval(store: ThrottleStore, clock: Clock) -> None:
    unit = Unit(SLOW, "x")
    assert await how_many(store, unit) == 3
    clock.advance(990)
    assert await how_many(store, unit) == 0
    clock.advance(10)
    assert await how_many(store, unit) == 1
    clock.advance(100_000)
    assert await how_many(store, unit) == 3


async def test_giving_back_returns_exactly_one(store: ThrottleStore) -> None:
    unit = Unit(SLOW, "x")
    assert await how_many(store, unit) == 3
    await store.give_back([unit])
    assert await how_many(store, unit) == 1


async def test_giving_back_what_was_never_taken_adds_nothing(store: ThrottleStore) -> None:
    unit = Unit(SLOW, "x")
    await store.give_back([unit, unit])
    assert await store.take([unit]) is None
    await store.give_back([unit, unit, unit, unit, unit])
    assert await how_many(store, unit) == 3


async def test_200_parallel_takes_and_returns_leave_the_budget_whole(store: ThrottleStore) -> None:
    unit = Unit(Budget("churn", 4, 86_400), "x")

    async def succeed() -> bool:
        refusal = await store.take([unit])
        if refusal is None:
            await store.give_back([unit])
        return refusal is None

    outcomes = await asyncio.gather(*(succeed() for _ in range(200)))
    assert any(outcomes)
    assert await how_many(store, unit) == 4


async def test_a_cleared_key_has_its_whole_budget_and_the_others_theirs(store: ThrottleStore) -> None:
    ann, ben = Unit(SLOW, "ann"), Unit(SLOW, "ben")
    assert await how_many(store, ann) == await how_many(store, ben) == 3
    await store.clear(ann)
    assert await how_many(store, ann) == 3
    assert await how_many(store, ben) == 0


async def test_reading_a_key_tells_what_is_spent_and_takes_nothing(store: ThrottleStore, clock: Clock) -> None:
    unit = Unit(SLOW, "x")
    assert await store.read(unit) == Level(SLOW, 0, 0)
    for spent in (1, 2):
        assert await store.take([unit]) is None
        assert [await store.read(unit) for _ in range(3)] == [Level(SLOW, spent, 0)] * 3
    assert await store.take([unit]) is None
    level = await store.read(unit)
    assert (level.spent, level.is_locked) == (3, False)
    assert 990 <= level.retry_after <= 1_000
    clock.advance(1_500)
    assert await store.read(unit) == Level(SLOW, 2, 0)
    await store.give_back([unit])
    assert await store.read(unit) == Level(SLOW, 1, 0)
    assert await store.read(Unit(SLOW, "y")) == Level(SLOW, 0, 0)
    clock.advance(100_000)
    assert await store.read(unit) == Level(SLOW, 0, 0)


@pytest.mark.parametrize("seed", range(2))
async def test_what_is_read_is_what_a_take_decides(store: ThrottleStore, clock: Clock, seed: int) -> None:
    rng, unit = random.Random(seed), Unit(SLOW, f"read{seed}")
    for _ in range(40):
        clock.advance(500 * rng.randrange(4))
        level = await store.read(unit)
        refusal = await store.take([unit])
        assert (level.retry_after > 0) == (refusal is not None) == (level.spent == SLOW.limit)
        if refusal is not None:
            assert abs(refusal.retry_after - level.retry_after) <= 2


async def test_a_key_that_is_absurdly_far_ahead_is_read_as_it_is_decided(store: ThrottleStore, clock: Clock) -> None:
    unit = Unit(SLOW, "x")
    clock.advance(1_000_000)
    assert await how_many(store, unit) == 3
    clock.advance(-1_000_000)
    assert await store.read(unit) == Level(SLOW, 2, 0)
    assert await how_many(store, unit) == 1


async def test_the_same_key_in_two_budgets_is_two_keys(store: ThrottleStore) -> None:
    assert await how_many(store, Unit(SLOW, "x")) == 3
    assert await store.take([Unit(WIDE, "x")]) is None


async def test_nothing_to_take_is_never_refused(store: ThrottleStore) -> None:
    assert await store.take([]) is None
    await store.give_back([])


async def test_a_clock_stepped_back_neither_locks_for_long_nor_opens(store: ThrottleStore, clock: Clock) -> None:
    unit = Unit(SLOW, "x")
    clock.advance(1_000_000)
    assert await how_many(store, unit) == 3
    clock.advance(-1_000_000)
    assert await how_many(store, unit) == 1  # far in the future: counts as spent to the last unit
    clock.advance(1_000)
    assert await how_many(store, unit) == 1


async def test_a_budget_made_shorter_does_not_lock_for_its_old_period(store: ThrottleStore, clock: Clock) -> None:
    assert await how_many(store, Unit(Budget("b", 2, 2_000_000), "x")) == 2
    shorter = Unit(Budget("b", 2, 200), "x")
    assert await how_many(store, shorter) == 1
    clock.advance(100)
    assert await how_many(store, shorter) == 1


async def test_pruning_forgets_whole_budgets_only(sql_store: SqlStore, clock: Clock) -> None:
    for n in range(1_203):  # more than one batch
        await sql_store.take([Unit(WIDE, f"old{n}")])
    clock.advance(4)
    await sql_store.take([Unit(SLOW, "fresh")])
    assert await sql_store.prune() == 1_203
    assert await sql_store.prune() == 0
    assert await how_many(sql_store, Unit(SLOW, "fresh")) == 2


async def test_pruning_memory_forgets_whole_budgets_only(clock: Clock) -> None:
    memory = MemoryStore(clock)
    await memory.take([Unit(WIDE, "old"), Unit(SLOW, "fresh")])
    clock.advance(4)
    assert await memory.prune() == 1
    assert await how_many(memory, Unit(SLOW, "fresh")) == 2


async def test_pruning_while_units_are_taken_frees_nobody(sql_store: SqlStore) -> None:
    unit = Unit(Budget("b", 5, 86_400), "x")
    takes = [sql_store.take([Unit(Budget("quick", 1, 0.001), f"{n}"), unit]) for n in range(60)]
    prunes = [sql_store.prune() for _ in range(20)]
    outcomes = await asyncio.gather(*takes, *prunes)
    assert outcomes[:60].count(None) == 5


async def test_a_full_memory_keeps_what_is_spent(clock: Clock) -> None:
    memory = MemoryStore(clock, max_keys=100)
    spent = Unit(SLOW, "spent")
    assert await how_many(memory, spent) == 3
    for n in range(1_000):
        assert await memory.take([Unit(WIDE, f"{n}")]) is None
    assert len(memory._tats) == 100
    assert await how_many(memory, spent) == 0


async def test_a_row_that_is_pruned_between_refusal_and_reading_is_refused_all_the_same(
    sqlite_store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = Unit(SLOW, "x")
    assert await how_many(sqlite_store, unit) == 3
    hot = sqlite_store._database.hot
    assert await hot.read(READ, {"unit_key": unit.name})

    async def nothing(*_: object) -> list[tuple[int, ...]]:
        return []

    monkeypatch.setattr(hot, "read", nothing)
    assert await sqlite_store.take([unit]) == Refusal(SLOW, 1)
    await hot.run((CLEAR, {"unit_key": unit.name}))


@pytest.mark.redis
async def test_redis_keys_expire_when_they_say_nothing_any_more(redis_store: RedisStore) -> None:
    await redis_store.take([Unit(SLOW, "x")])
    await redis_store.take([Unit(SLOW, "x")])
    milliseconds = await redis_store._client.pttl("gatepost:{throttle}:slow:x")
    assert 1_990_000 < milliseconds <= 2_000_001


@pytest.mark.redis
async def test_a_canceled_request_does_not_leave_its_answer_to_the_next(redis_store: RedisStore) -> None:
    wide, spent = Unit(WIDE, "x"), Unit(SLOW, "x")
    assert await how_many(redis_store, spent) == 3
    for n in range(60):
        task = asyncio.create_task(redis_store.take([wide]))
        for _ in range(n % 12):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        refusal = await redis_store.take([spent])
        assert refusal is not None
        assert refusal.budget == SLOW
