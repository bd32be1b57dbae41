"""Clearing gives a user back what anybody has spent, from wherever; nobody else's budget moves."""

from typing import Any

import pytest

from tests.harness import EMAIL, PASSWORD, Running, running

pytestmark = pytest.mark.anyio
WRONG = "a wrong password"


async def statuses(it: Running, who: str, ip: str, *passwords: str) -> list[int]:
    found = []
    for password in passwords:
        async with it.browser() as client:
            account = {"identifier": who, "password": password}
            answer = await client.post("/auth/login", json=account, headers={"X-Forwarded-For": ip})
            found.append(answer.status_code)
    return found


@pytest.mark.parametrize("stores", [{}, {"throttle": "memory"}])
@pytest.mark.parametrize("budget", ["login_budget_pair", "login_budget_account"])
async def test_a_cleared_user_signs_in_at_once(database_url: str, budget: str, stores: dict[str, Any]) -> None:
    changes: dict[str, Any] = {"trusted_proxies": 1, budget: "3/3600", **stores}
    async with running(database_url, **changes) as it:
        user_id = (await it.register()).json()["id"]
        await it.register("other@example.com")
        for who in (EMAIL, "other@example.com"):
            assert await statuses(it, who, "192.0.2.1", *[WRONG] * 3, PASSWORD) == [401, 401, 401, 429]
        user = await it.gate.users.find(EMAIL)
        assert user is not None
        assert str(user.id) == user_id
        await it.core.login.clear_budgets(user.id)
        assert await statuses(it, EMAIL, "192.0.2.1", PASSWORD, *[WRONG] * 3, PASSWORD) == [200, 401, 401, 401, 429]
        assert await statuses(it, "other@example.com", "192.0.2.1", PASSWORD) == [429]
