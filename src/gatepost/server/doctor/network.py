"""What is reached over the network besides the database."""

from collections.abc import AsyncIterator

from aiosmtplib import SMTPException

from gatepost.core.outbox.smtp import SmtpMailer
from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import ConfigurationError
from gatepost.server.doctor import rules
from gatepost.server.doctor.rules import Finding
from gatepost.settings import Settings

_TIMEOUT_S = 3.0


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Yield what does not answer."""
    async for finding in _mail(settings):
        yield finding
    if settings.redis_url is not None:
        async for finding in _redis(settings.redis_url.get_secret_value()):
            yield finding


async def _mail(settings: Settings) -> AsyncIterator[Finding]:
    try:
        way = settings.mail_way()
        policy = settings.smtp_policy() if way == "smtp" else None
    except ConfigurationError as error:
        yield Finding(rules.MAIL, str(error), "the sentence says it")
        return
    if way == "none":
        yield Finding(
            rules.NO_MAIL,
            "GATEPOST_MAIL is none: nobody can replace a forgotten password, or hears of a change",
            "set GATEPOST_SMTP_URL",
        )
    if policy is None:
        return
    try:
        await SmtpMailer(policy, Clock()).greet()
    except (ConfigurationError, SMTPException, OSError) as error:
        yield Finding(
            rules.MAIL,
            f"the mail server {policy.host}:{policy.port} cannot be used ({type(error).__name__})",
            "see that it runs, that its certificate is for this name, and that GATEPOST_SMTP_URL is right",
        )


async def _redis(url: str) -> AsyncIterator[Finding]:
    try:
        from redis.asyncio import Redis  # noqa: PLC0415 - an extra

        client = Redis.from_url(url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S)
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
