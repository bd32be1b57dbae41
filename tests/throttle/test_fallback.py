"""Redis gone: the database decides, nobody waits for the dead, and Redis is used again when it is back."""

import asyncio
import socket
import time
from collections.abc import Sequence

import pytest

from gatepost.core.throttle.domain import Budget, Level, Refusal, Unit
from gatepost.core.throttle.fallback import FIRST_PAUSE_S, LONGEST_PAUSE_S, FallbackStore
from gatepost.core.throttle.memory import MemoryStore
from gatepost.core.throttle.redis import TIMEOUT_S, RedisStore
from gatepost.core.throttle.sql import SqlStore
from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import ConfigurationError, Unavailable
from tests.backends import RedisServer

pytestmark = pytest.mark.anyio

UNIT = Unit(Budget("address", 5, 86_400), "198.51.100.7")


class Switched(MemoryStore):
    """A store that can be switched off, and counts who asks."""

    __slots__ = ("calls", "gate", "is_up")

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.is_up = True
        self.calls = 0
        self.gate: asyncio.Event | None = None

    async def read(self, unit: Unit) -> Level:
        if not self.is_up:
            raise Unavailable("switched off")
        return await super().read(unit)

    async def take(self, units: Sequence[Unit]) -> Refusal | None:
        self.calls += 1
        if self.gate is not None:
            await self.gate.wait()
        if not self.is_up:
            raise Unavailable("switched off")
        return await super().take(units)


async def successes(store: FallbackStore, tries: int) -> int:
    return [await store.take([UNIT]) for _ in range(tries)].count(None)


@pytest.mark.redis
async def test_redis_killed_midway_then_the_database_decides_and_redis_comes_back(
    redis_server: RedisServer,
    redis_store: RedisStore,
    sql_store: SqlStore,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = FallbackStore(redis_store, sql_store, clock)
    assert await successes(store, 3) == 3
    redis_server.crash()
    with caplog.at_level("WARNING", "gatepost.throttle"):
        outcomes = await asyncio.gather(*(store.take([UNIT]) for _ in range(50)))
    assert outcomes.count(None) == 5  # the database's own budget, exactly
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert caplog.messages[0].startswith("throttle.primary_is_gone")
    caplog.clear()

    redis_server.start()
    clock.advance(FIRST_PAUSE_S)
    with caplog.at_level("WARNING", "gatepost.throttle"):
        assert await successes(store, 8) == 5  # Redis lost what it knew
    assert caplog.messages == ["throttle.primary_is_back"]
    assert not store.is_degraded
    assert await redis_store.take([UNIT]) is not None


@pytest.mark.redis
async def test_a_restarted_redis_needs_no_new_store(redis_server: RedisServer, redis_store: RedisStore) -> None:
    assert await redis_store.take([UNIT]) is None
    await asyncio.to_thread(redis_server.restart)  # the loop runs on, and sees the connection close
    assert await redis_store.take([UNIT]) is None


@pytest.mark.redis
@pytest.mark.parametrize("ailment", ["CONFIG SET maxmemory 1", "CONFIG SET min-replicas-to-write 1"])
async def test_a_redis_that_refuses_writes_counts_as_gone(
    redis_server: RedisServer, redis_store: RedisStore, ailment: str
) -> None:
    try:
        assert redis_server.send(ailment).startswith(b"+OK")
        with pytest.raises(Unavailable, match="redis"):
            await redis_store.take([UNIT])
    finally:
        redis_server.send("CONFIG SET maxmemory 0")
        redis_server.send("CONFIG SET min-replicas-to-write 0")


async def test_a_redis_that_does_not_answer_costs_one_short_wait_and_not_one_a_request(
    sqlite_store: SqlStore, clock: Clock
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        redis_store = RedisStore.from_url(f"redis://:hidden@127.0.0.1:{deaf.getsockname()[1]}", clock)
        store = FallbackStore(redis_store, sqlite_store, clock)
        started = time.monotonic()
        assert await successes(store, 40) == 5
        assert time.monotonic() - started < 4 * TIMEOUT_S
        with pytest.raises(Unavailable) as failure:
            await redis_store.clear(UNIT)
        assert "hidden" not in str(failure.value)
        await redis_store.close()


async def test_both_gone_is_unavailable_and_never_open(clock: Clock) -> None:
    primary, secondary = Switched(clock), Switched(clock)
    store = FallbackStore(primary, secondary, clock)
    primary.is_up = secondary.is_up = False
    for _ in range(3):
        with pytest.raises(Unavailable):
            await store.take([UNIT])
        clock.advance(LONGEST_PAUSE_S)


async def test_the_dead_store_is_asked_at_growing_distances(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    primary = Switched(clock)
    store = FallbackStore(primary, MemoryStore(clock), clock)
    primary.is_up = False
    with caplog.at_level("WARNING", "gatepost.throttle"):
        asked = []
        for _ in range(240):
            await store.take([UNIT])
            asked.append(primary.calls)
            clock.advance(0.5)
    # In 120 s: at once, then after 1, 2, 4, 8, 16 s, then every 30 s.
    assert asked[-1] == 8
    assert [message.partition(":")[0] for message in caplog.messages] == ["throttle.primary_is_gone"]


async def test_one_caller_tries_and_the_others_do_not_wait(clock: Clock) -> None:
    primary = Switched(clock)
    store = FallbackStore(primary, MemoryStore(clock), clock)
    primary.is_up = False
    await store.take([UNIT])
    clock.advance(FIRST_PAUSE_S)
    primary.is_up, primary.gate, primary.calls = True, asyncio.Event(), 0
    probe = asyncio.create_task(store.take([UNIT]))
    await asyncio.sleep(0)  # it now waits for the primary store
    assert await successes(store, 3) == 3
    assert primary.calls == 1
    primary.gate.set()
    assert await probe is None
    assert not store.is_degraded


async def test_a_late_answer_of_the_dying_store_does_not_end_the_pause(clock: Clock) -> None:
    primary = Switched(clock)
    store = FallbackStore(primary, MemoryStore(clock), clock)
    primary.gate = gate = asyncio.Event()
    slow = asyncio.create_task(store.take([UNIT]))
    await asyncio.sleep(0)
    primary.is_up, primary.gate = False, None
    await store.take([UNIT])
    primary.is_up = True
    gate.set()
    assert await slow is None
    assert store.is_degraded


async def test_giving_back_and_clearing_reach_the_store_that_is_left(clock: Clock) -> None:
    primary, secondary = Switched(clock), MemoryStore(clock)
    store = FallbackStore(primary, secondary, clock)
    primary.is_up = False
    assert await successes(store, 6) == 5
    await store.give_back([UNIT])
    assert await successes(store, 2) == 1
    assert (await store.read(UNIT)).spent == 5
    await store.clear(UNIT)
    assert (await store.read(UNIT)).spent == 0
    assert await successes(store, 6) == 5
    clock.advance(100_000)
    assert await store.prune() == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1", "nonsense", "redis://127.0.0.1:port"])
def test_a_url_that_is_none_says_which_setting(url: str, clock: Clock) -> None:
    with pytest.raises(ConfigurationError, match="GATEPOST_REDIS_URL"):
        RedisStore.from_url(url, clock)
