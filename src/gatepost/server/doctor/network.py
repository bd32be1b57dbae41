"""What is reached over the network besides the database."""

from collections.abc import AsyncIterator

from gatepost.server.doctor import rules
from gatepost.server.doctor.rules import Finding
from gatepost.settings import Settings

_TIMEOUT_S = 3.0


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Yield what does not answer."""
    if settings.redis_url is None:
        return
    try:
        from redis.asyncio import Redis  # noqa: PLC0415 - an extra

        client = Redis.from_url(
            settings.redis_url.get_secret_value(), socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S
        )
        try:
            await client.ping()
        finally:
            await client.aclose()
    except ImportError:
        yield Finding(rules.REDIS, "the driver is not installed", "pip install 'gatepost[redis]'")
    except Exception as error:  # noqa: BLE001 - whatever it is, Redis did not answer; its text may hold the password
        yield Finding(
            rules.REDIS,
            f"Redis does not answer ({type(error).__name__}); SQL keeps the budgets of addresses meanwhile",
            "see that it runs, and that GATEPOST_REDIS_URL is right",
        )
