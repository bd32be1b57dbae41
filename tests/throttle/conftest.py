"""Budgets on every engine: each store is asked the same questions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gatepost.core.throttle.domain import ThrottleStore
from gatepost.core.throttle.memory import MemoryStore
from gatepost.core.throttle.redis import RedisStore
from gatepost.core.throttle.sql import SqlStore
from gatepost.kernel.clock import Clock
from gatepost.storage.database import Database
from gatepost.storage.schema import metadata, throttle


@asynccontextmanager
async def database(url: str, clock: Clock) -> AsyncIterator[Database]:
    opened = Database(url, clock)
    await opened.start()
    try:
        async with opened.engine.begin() as connection:
            await connection.run_sync(lambda sync: metadata.create_all(sync, tables=[throttle]))
        yield opened
    finally:
        await opened.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def sql_store(database_url: str, clock: Clock) -> AsyncIterator[SqlStore]:
    async with database(database_url, clock) as opened:
        yield SqlStore(opened)


@pytest.fixture
async def sqlite_store(sqlite_url: str, clock: Clock) -> AsyncIterator[SqlStore]:
    async with database(sqlite_url, clock) as opened:
        yield SqlStore(opened)


@pytest.fixture
async def redis_store(redis_url: str, clock: Clock) -> AsyncIterator[RedisStore]:
    store = RedisStore.from_url(redis_url, clock)
    yield store
    await store.close()


@pytest.fixture(
    params=[
        "memory",
        "sqlite",
        pytest.param("postgres", marks=pytest.mark.postgres),
        pytest.param("redis", marks=pytest.mark.redis),
    ]
)
async def store(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[ThrottleStore]:
    if request.param == "memory":
        yield MemoryStore(clock)
    elif request.param == "redis":
        redis = RedisStore.from_url(request.getfixturevalue("redis_url"), clock)
        yield redis
        await redis.close()
    else:
        async with database(request.getfixturevalue(f"{request.param}_url"), clock) as opened:
            yield SqlStore(opened)
