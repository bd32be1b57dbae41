"""A house behind one proxy, and what strangers do to it from any address."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from gatepost import Settings
from tests.harness import EMAIL, Running, eventually, running

WRONG, NEW = "a wrong password", "an entirely new phrase"
OFFICE = "192.0.2.1"
NAMES = ("login_budget_address", "login_budget_pair", "login_budget_account")
REAL: dict[str, Any] = {name: Settings.model_fields[name].default for name in NAMES} | {"budgets": {}}
FOUR: dict[str, Any] = {"login_budget_account": "4/3600"}


@asynccontextmanager
async def house(database_url: str, **changes: Any) -> AsyncIterator[Running]:  # noqa: ANN401 - settings
    """Run behind one proxy, with somebody who lives there."""
    async with running(database_url, **{"trusted_proxies": 1, **changes}) as it:
        assert (await it.register()).status_code == 201
        yield it


async def sign_in(
    client: httpx2.AsyncClient, password: str, ip: str, who: str = EMAIL, path: str = "/auth/login"
) -> httpx2.Response:
    headers = {"X-Forwarded-For": ip}
    if path == "/auth/token":
        form = {"grant_type": "password", "username": who, "password": password}
        return await client.post(path, data=form, headers=headers)
    return await client.post(path, json={"identifier": who, "password": password}, headers=headers)


async def stranger(it: Running, password: str, ip: str, who: str = EMAIL) -> int:
    """Try from a browser that nobody knows."""
    async with it.browser() as client:
        return (await sign_in(client, password, ip, who)).status_code


async def flood(it: Running, count: int, who: str = EMAIL) -> Counter[int]:
    """Guess from as many addresses."""
    guesses = (stranger(it, WRONG, f"198.51.{n // 250}.{n % 250 + 1}", who) for n in range(count))
    return Counter(await asyncio.gather(*guesses))


def verified(it: Running, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note every password that is verified or hashed."""
    found: list[str] = []
    hasher = it.core.passwords.hasher
    for name in ("verify", "hash"):
        inner = getattr(hasher, name)

        async def noting(*given: Any, inner: Any = inner, **more: Any) -> Any:  # noqa: ANN401 - passed through
            found.append(str(given[0]))
            return await inner(*given, **more)

        monkeypatch.setattr(hasher, name, noting)
    return found


async def mails(it: Running, subject: str) -> list[str]:
    """Return what was mailed under a subject once nothing is left to be sent."""

    async def is_empty() -> bool:
        return bool(it.value("SELECT count(*) FROM gatepost_outbox") == 0)

    await eventually(is_empty, within=10)
    return [mail.body for mail in it.mails.sent if subject in mail.subject]
