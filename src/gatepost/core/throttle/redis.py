"""Budgets in Redis: one script for the whole list, so that it is exact and costs one round trip.

Time is Redis' own, keys expire when they say nothing any more, and every wait is short: a Redis that does not answer
must cost a sign-in less than the password does. Redis may lose keys (restart, eviction, failover); so only address
budgets belong here, and `FallbackStore` around it. All keys share a hash tag, so that a cluster keeps them together.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gatepost.core.throttle.domain import MICROSECONDS, Level, Refusal, Unit, level_of
from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import ConfigurationError, Unavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.commands.core import AsyncScript

TIMEOUT_S = 1.0  # much shorter, and a flood that keeps the event loop busy would look like a Redis that is gone
_PREFIX = "gatepost:{throttle}:"

# `domain.next_tat`, for each key in order. Lua counts in doubles, which hold microseconds exactly until the year 2255;
# only `string.format` writes them out in full.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2] + tonumber(ARGV[1])
for i, key in ipairs(KEYS) do
    local interval, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    local tat = tonumber(redis.call('GET', key) or 0)
    local moved
    if tat > now + 2 * window then
        moved = now + window
    else
        moved = math.max(tat, now) + interval
        if moved > now + window then return {i, moved - window - now} end
    end
    redis.call('SET', key, string.format('%.0f', moved), 'PX', math.ceil((moved - now) / 1000) + 1)
end
return {0, 0}
"""
_GIVE_BACK = """
for i, key in ipairs(KEYS) do
    local tat = tonumber(redis.call('GET', key) or 0)
    if tat > 0 then redis.call('SET', key, string.format('%.0f', tat - tonumber(ARGV[i])), 'KEEPTTL') end
end
"""


_READ = """
local time = redis.call('TIME')
return {time[1] * 1000000 + time[2] + tonumber(ARGV[1]), tonumber(redis.call('GET', KEYS[1]) or 0)}
"""


class RedisStore:
    """Keeps budgets in Redis; every failure of it is `Unavailable`."""

    def __init__(self, client: "Redis", clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._take = client.register_script(_TAKE)
        self._give_back = client.register_script(_GIVE_BACK)
        self._read = client.register_script(_READ)

    @classmethod
    def from_url(cls, url: str, clock: Clock, *, max_connections: int = 20) -> "RedisStore":
        """Return a store over a pool of its own; nothing is connected yet.

        Raises:
            ConfigurationError: the extra is not installed, or the URL is none.
        """
        try:
            from redis.asyncio import BlockingConnectionPool, Redis  # noqa: PLC0415 - an extra
            from redis.asyncio.retry import Retry  # noqa: PLC0415 - an extra
            from redis.backoff import NoBackoff  # noqa: PLC0415 - an extra
            from redis.maint_notifications import MaintNotificationsConfig  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise ConfigurationError("GATEPOST_REDIS_URL needs the extra: pip install 'gatepost[redis]'") from error
        try:
            pool = BlockingConnectionPool.from_url(
                url,
                max_connections=max_connections,
                timeout=TIMEOUT_S,
                socket_connect_timeout=TIMEOUT_S,
                socket_timeout=TIMEOUT_S,
                retry=Retry(NoBackoff(), 0),  # a unit taken twice would be a unit lost, and the fallback is near
                # With them on, redis-py 8 hands out connections that a restarted server has closed.
                maint_notifications_config=MaintNotificationsConfig(enabled=False),
            )
        except ValueError:
            raise ConfigurationError("GATEPOST_REDIS_URL is not a redis:// or rediss:// URL") from None
        return cls(Redis.from_pool(pool), clock)

    async def take(self, units: Sequence[Unit]) -> Refusal | None:
        """Take one of each in order; stop at the first refusal."""
        if not units:
            return None
        arguments = [self._clock.offset_ms * 1000]
        for unit in units:
            arguments += (unit.budget.interval_us, unit.budget.window_us)
        position, wait_us = await self._run(self._take, units, arguments)
        if position == 0:
            return None
        return Refusal(units[position - 1].budget, max(1, -(-wait_us // MICROSECONDS)))

    async def give_back(self, units: Sequence[Unit]) -> None:
        """Return one of each; below now it means nothing, and is read so."""
        if units:
            await self._run(self._give_back, units, [unit.budget.interval_us for unit in units])

    async def clear(self, unit: Unit) -> None:
        """Forget the key."""
        with _unavailable():
            await self._client.delete(_PREFIX + unit.name)

    async def read(self, unit: Unit) -> Level:
        """Tell how the key stands; nothing here locks."""
        now_us, tat = await self._run(self._read, [unit], [self._clock.offset_ms * 1000])
        return level_of(unit.budget, tat, now_us)

    async def prune(self) -> int:
        """Return 0: the keys expire by themselves."""
        return 0

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def _run(self, script: "AsyncScript", units: Sequence[Unit], arguments: Sequence[int]) -> Any:  # noqa: ANN401
        with _unavailable():
            return await script(keys=[_PREFIX + unit.name for unit in units], args=arguments)


@contextmanager
def _unavailable() -> Iterator[None]:
    from redis.exceptions import RedisError  # noqa: PLC0415 - an extra

    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise Unavailable(f"redis: {type(error).__name__}", retry_after=1) from error
