"""Redis lost in the middle of traffic: account budgets are exact, revocation does not notice, nothing fails open."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.backends import RedisServer
from tests.harness import EMAIL, around, eventually, running

pytestmark = pytest.mark.anyio

LIMIT = 5
SPENT = f"{LIMIT}/3600"


@pytest.mark.parametrize("budget", ["login_budget_pair", "login_budget_account"])
async def test_the_budgets_of_a_user_are_exact_while_redis_dies(
    database_url: str, redis_server: RedisServer, redis_url: str, monkeypatch: pytest.MonkeyPatch, budget: str
) -> None:
    # Connections for everybody: on a busy machine some would wait too long for one, and be told so (503).
    changes: dict[str, Any] = {"redis_url": redis_url, "hash_queue": 400, "database_pool_size": 30, budget: SPENT}
    async with running(database_url, **changes) as it:
        await it.register()
        verified, hasher = 0, it.core.passwords.hasher

        async def count() -> None:
            nonlocal verified
            verified += 1
            if verified == 2:
                redis_server.crash()

        monkeypatch.setattr(hasher, "verify", around(hasher.verify, before=count))
        answers = await asyncio.gather(*(it.login(EMAIL, f"wrong {number}") for number in range(200)))
        assert Counter(answer.status_code for answer in answers) == {401: LIMIT, 429: 200 - LIMIT}
        assert verified == LIMIT
        redis_server.start()
        assert (await it.login()).status_code == 429
        assert verified == LIMIT


async def test_the_budget_of_an_address_holds_without_redis(
    database_url: str, redis_server: RedisServer, redis_url: str
) -> None:
    async with running(database_url, redis_url=redis_url, login_budget_address=SPENT) as it:
        await it.register()
        redis_server.stop()
        answers = await asyncio.gather(*(it.login(EMAIL, "wrong") for _ in range(40)))
        assert Counter(answer.status_code for answer in answers) == {401: LIMIT, 429: 40 - LIMIT}


async def test_sessions_end_and_open_without_redis(
    database_url: str, redis_server: RedisServer, redis_url: str
) -> None:
    async with running(database_url, redis_url=redis_url) as it, running(database_url, redis_url=redis_url) as other:
        token = (await it.enrolled())["access_token"]
        assert (await other.principal(token)).status_code == 200
        redis_server.stop()
        assert (await it.logout(token)).status_code == 204

        async def is_refused() -> bool:
            return (await other.principal(token)).status_code == 401

        await eventually(is_refused)
        tokens = await other.signed_in()
        assert (await it.refresh(tokens["refresh_token"])).status_code == 200


async def test_a_start_without_redis_serves(database_url: str, redis_server: RedisServer, redis_url: str) -> None:
    redis_server.stop()
    async with running(database_url, redis_url=redis_url) as it:
        token = (await it.enrolled())["access_token"]
        assert (await it.principal(token)).status_code == 200
