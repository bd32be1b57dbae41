"""A spent budget is locked for longer each time, up to its period, and for everybody who counts there alike."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.core.throttle.domain import MOST_READ, AccountStore, Budget, Level, Unit, next_lock_us
from gatepost.core.throttle.memory import MemoryStore
from gatepost.core.throttle.sql import READ, TAKE, SqlStore
from gatepost.kernel.clock import Clock
from gatepost.storage.statement import Step
from tests.throttle.conftest import database

pytestmark = pytest.mark.anyio
BUDGET = Budget("b", 4, 4_000)
PAIR, ACCOUNT = Unit(Budget("pair", 4, 4_000), "x"), Unit(BUDGET, "x")
WIDE = Budget("mark", 1_000_000, 1_000_000)


def mark(name: str) -> Step:
    """Return a statement that leaves a row of this name."""
    return TAKE, {"unit_key": f"mark:{name}", "interval_us": WIDE.interval_us, "window_us": WIDE.window_us}


@dataclass
class Door:
    """A store of account budgets, and what it wrote as evidence."""

    store: AccountStore
    clock: Clock
    written: list[str] = field(default_factory=list)

    async def fail(self, unit: Unit = ACCOUNT, *before: Unit) -> bool:
        return await self.store.fail([mark("failed")], [*before, unit], locked=[mark("locked")], first=[mark("first")])

    async def guess(self, *units: Unit) -> bool:
        """Return whether a wrong guess was verified."""
        units = units or (ACCOUNT,)
        if await self.store.take(units) is not None:
            return False
        await self.fail(units[-1], *units[:-1])
        return True

    async def guesses(self, most: int = 50) -> int:
        taken = 0
        while taken < most and await self.guess():
            taken += 1
        return taken

    async def wait(self) -> int:
        """Return the seconds until there is a unit again."""
        refusal = await self.store.take([ACCOUNT])
        assert refusal is not None
        return refusal.retry_after

    async def marks(self) -> list[str]:
        if isinstance(self.store, SqlStore):
            hot, names = self.store._database.hot, ["failed", "locked", "first"]
            return [name for name in names if await hot.read(READ, {"unit_key": f"mark:{name}"})]
        return list(dict.fromkeys(self.written))


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def door(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[Door]:
    if request.param == "memory":
        written: list[str] = []

        async def write(*steps: Step) -> None:
            written.extend(str(values["unit_key"]).removeprefix("mark:") for _, values in steps)

        yield Door(MemoryStore(clock, write=write), clock, written)
    else:
        async with database(request.getfixturevalue(f"{request.param}_url"), clock) as opened:
            yield Door(SqlStore(opened), clock)


async def test_delays_double_up_to_the_period_and_stay_there(door: Door) -> None:
    assert await door.guesses() == 4
    waits = []
    for _ in range(6):
        wait = await door.wait()
        waits.append(round(wait, -2))
        door.clock.advance(wait - 20)
        assert await door.guesses() == 0
        door.clock.advance(20)
        assert await door.guesses() == 1
    assert waits == [1_000, 2_000, 4_000, 4_000, 4_000, 4_000]


async def test_a_lock_that_is_hammered_at_neither_grows_nor_stays(door: Door) -> None:
    assert await door.guesses() == 4
    wait = await door.wait()
    for _ in range(20):
        door.clock.advance(wait / 25)
        assert not await door.guess()
    door.clock.advance(wait / 5)
    assert await door.store.take([ACCOUNT]) is None


async def test_a_whole_budget_forgets_the_locks_before_it(door: Door) -> None:
    assert await door.guesses() == 4
    for _ in range(4):
        door.clock.advance(await door.wait())
        assert await door.guess()
    door.clock.advance(4_000 + 4_000)
    assert await door.guesses() == 4
    assert round(await door.wait(), -2) == 1_000


async def test_of_fifty_failures_at_once_one_locks(door: Door) -> None:
    for _ in range(4):
        assert await door.store.take([ACCOUNT]) is None
    outcomes = await asyncio.gather(*(door.fail() for _ in range(50)))
    assert outcomes.count(True) == 1
    assert round(await door.wait(), -2) == 1_000


async def test_two_hundred_guesses_at_once_verify_no_more_than_the_budget(door: Door) -> None:
    assert (await asyncio.gather(*(door.guess() for _ in range(200)))).count(True) == 4
    door.clock.advance(1_000)
    assert (await asyncio.gather(*(door.guess() for _ in range(200)))).count(True) == 1
    door.clock.advance(1_000)
    assert (await asyncio.gather(*(door.guess() for _ in range(200)))).count(True) == 0


async def test_evidence_goes_with_the_failure_and_the_first_lock_alone_is_told(door: Door) -> None:
    assert await door.guess()
    assert await door.marks() == ["failed"]
    assert await door.guesses() == 3
    assert await door.marks() == ["failed", "locked", "first"]


async def test_a_second_lock_in_a_row_is_not_told_again(door: Door) -> None:
    assert await door.guesses() == 4
    door.clock.advance(await door.wait())
    assert await door.store.take([ACCOUNT]) is None
    locked = await door.store.fail([], [ACCOUNT], locked=[mark("locked again")], first=[mark("told again")])
    assert locked
    if isinstance(door.store, SqlStore):
        hot = door.store._database.hot
        assert await hot.read(READ, {"unit_key": "mark:locked again"})
        assert not await hot.read(READ, {"unit_key": "mark:told again"})
    else:
        assert "locked again" in door.written
        assert "told again" not in door.written


async def test_every_unit_of_a_failure_is_locked(door: Door) -> None:
    wide = Unit(WIDE, "x")
    for _ in range(4):
        assert await door.guess(PAIR, wide)
    door.clock.advance(900)
    refusal = await door.store.take([PAIR])
    assert refusal is not None
    door.clock.advance(refusal.retry_after)
    assert await door.guess(PAIR, wide)
    refusal = await door.store.take([PAIR])
    assert refusal is not None
    assert round(refusal.retry_after, -2) == 2_000


async def test_a_success_gives_back_and_locks_nothing(door: Door) -> None:
    for _ in range(20):
        assert await door.store.take([ACCOUNT]) is None
        await door.store.give_back([ACCOUNT])
    assert await door.guesses() == 4


async def test_a_lock_is_read_while_it_lasts(door: Door) -> None:
    assert await door.guesses(2) == 2
    assert await door.store.read(ACCOUNT) == Level(BUDGET, 2, 0)
    assert await door.guesses() == 2
    level = await door.store.read(ACCOUNT)
    assert (level.spent, level.is_locked, level.retry_after) == (4, True, await door.wait())
    door.clock.advance(level.retry_after)
    assert await door.store.read(ACCOUNT) == Level(BUDGET, 3, 0)


async def test_a_family_is_read_whole_and_bounded_and_no_other(door: Door) -> None:
    for name, spent in {"x": 1, "x.1": 4, "x.2": 2, "xx": 4, "x_1": 4, "y.x.1": 4}.items():
        for _ in range(spent):
            assert await door.guess(Unit(BUDGET, name))
    levels = await door.store.read_family(ACCOUNT)
    assert [(level.spent, level.is_locked) for level in levels] == [(4, True), (2, False), (1, False)]
    for n in range(MOST_READ + 5):
        await door.store.take([Unit(BUDGET, f"x.y{n}")])
    levels = await door.store.read_family(ACCOUNT)
    assert len(levels) == MOST_READ
    assert levels[0].is_locked
    door.clock.advance(100_000)
    assert list(await door.store.read_family(ACCOUNT)) == []


async def test_a_family_is_cleared_whole_and_no_other(door: Door) -> None:
    family = [Unit(BUDGET, "x"), Unit(BUDGET, "x.1"), Unit(BUDGET, "x.2")]
    others = [Unit(BUDGET, "xx"), Unit(BUDGET, "x_1"), Unit(BUDGET, "y.x.1"), Unit(WIDE, "x")]
    for unit in [*family, *others]:
        for _ in range(4):
            await door.guess(unit)
    await door.store.clear_family(ACCOUNT)
    for unit in family:
        assert [await door.guess(unit) for _ in range(5)] == [True] * 4 + [False]
    for unit in others[:3]:
        assert not await door.guess(unit)


@given(st.integers(1, 1_000), st.integers(1, 1_000_000), st.integers(0, 2**50))
def test_a_lock_is_never_shorter_than_the_last_nor_longer_than_the_period(limit: int, period: int, last: int) -> None:
    budget = Budget("b", limit, period)
    last = min(last, budget.window_us)
    found = next_lock_us(budget, last)
    assert budget.interval_us <= found <= budget.window_us
    assert found >= last
    assert found == budget.window_us or found >= 2 * last


@settings(deadline=None, max_examples=150)
@given(
    st.integers(1, 6),
    st.lists(st.tuples(st.sampled_from([1, 10, 500, 1_000, 2_000, 4_000, 9_000]), st.integers(1, 8)), max_size=30),
)
def test_whatever_strangers_do_guesses_are_few_and_every_lock_ends(limit: int, plan: list[tuple[int, int]]) -> None:
    budget = Budget("b", limit, 4_000)
    clock, unit = Clock(), Unit(budget, "x")
    door = Door(MemoryStore(clock), clock)

    async def attack() -> None:
        verified, passed = 0, 0
        for pause, tries in plan:
            clock.advance(pause)
            passed += pause
            verified += [await door.guess(unit) for _ in range(tries)].count(True)
            # Never more than the plain budget would allow, and a unit is there again within one period.
            assert verified <= limit + passed * limit / 4_000 + 1
            refusal = await door.store.take([unit])
            if refusal is None:
                await door.store.give_back([unit])
            else:
                assert refusal.retry_after <= 4_000 + 1

    asyncio.run(attack())
