"""The throttle of one Gatepost: accounts in SQL (or one process's memory), addresses in Redis where there is one."""

from typing import Any

from gatepost.core.throttle import AccountStore, Throttle
from gatepost.core.throttle.fallback import FallbackStore
from gatepost.core.throttle.memory import MemoryStore
from gatepost.core.throttle.sql import SqlStore
from gatepost.storage.database import Database


def opened_throttle(database: Database, *, redis_url: str | None, in_memory: bool) -> tuple[Throttle, Any]:
    """Return the throttle, and the Redis to close at the end, where there is one."""
    if in_memory:
        memory = MemoryStore(database.clock, write=database.hot.run)
        return Throttle(memory, memory), None
    sql: AccountStore = SqlStore(database)
    if redis_url is None:
        return Throttle(sql, sql), None
    from gatepost.core.throttle.redis import RedisStore  # noqa: PLC0415 - an extra

    redis = RedisStore.from_url(redis_url, database.clock)
    return Throttle(sql, FallbackStore(redis, sql, database.clock)), redis
