"""Two hundred wrong passwords at once against a budget of N: at most N are verified, wherever budgets are kept."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from gatepost.crypto.passwords import Verdict
from tests.harness import EMAIL, PASSWORD, Running, around, running

pytestmark = pytest.mark.anyio

ATTEMPTS, LIMIT = 200, 5
SPENT = f"{LIMIT}/3600"


@pytest.fixture(params=["memory", "sqlite", "postgres", "redis"])
def stores(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return the settings that keep the budgets of addresses in this store."""
    database = "postgres_url" if request.param == "postgres" else "sqlite_url"
    found = {"database_url": request.getfixturevalue(database), "hash_queue": 2 * ATTEMPTS}
    if request.param == "memory":
        found["throttle"] = "memory"
    if request.param == "redis":
        found["redis_url"] = request.getfixturevalue("redis_url")
    return found


def counting(it: Running, monkeypatch: pytest.MonkeyPatch) -> list[Verdict]:
    """Note the verdict on each password that is verified."""
    verified: list[Verdict] = []

    async def note(verdict: Verdict) -> None:
        verified.append(verdict)

    hasher = it.core.passwords.hasher
    monkeypatch.setattr(hasher, "verify", around(hasher.verify, after=note))
    return verified


@pytest.mark.parametrize("budget", ["login_budget_address", "login_budget_pair", "login_budget_account"])
@pytest.mark.parametrize("who", [EMAIL, "nobody@example.com"])
async def test_no_more_than_the_budget_is_verified(
    stores: dict[str, Any], monkeypatch: pytest.MonkeyPatch, budget: str, who: str
) -> None:
    async with running(**{**stores, budget: SPENT}) as it:
        await it.register()
        verified = counting(it, monkeypatch)
        answers = await asyncio.gather(*(it.login(who, f"wrong {number}") for number in range(ATTEMPTS)))
        assert Counter(answer.status_code for answer in answers) == {401: LIMIT, 429: ATTEMPTS - LIMIT}
        assert len(verified) == LIMIT
        refused = next(answer for answer in answers if answer.status_code == 429)

        right = await it.login(who, PASSWORD)
        assert len(verified) == LIMIT
        assert (right.status_code, right.json()) == (429, refused.json())
        assert 1 <= int(right.headers["Retry-After"]) <= 3600


async def test_a_success_gives_back_only_its_own_unit(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(database_url, login_budget_account=SPENT) as it:
        await it.register()
        for number in range(LIMIT - 1):
            assert (await it.token(EMAIL, f"wrong {number}")).status_code == 400  # without a device that is known
            assert (await it.token()).status_code == 200
        assert (await it.token(EMAIL, "wrong")).status_code == 400
        assert (await it.token()).status_code == 429


async def test_a_full_hash_queue_burns_no_budget(database_url: str) -> None:
    async with running(database_url, login_budget_account=SPENT, hash_queue=1, hash_threads=1) as it:
        await it.register()
        answers = await asyncio.gather(*(it.login() for _ in range(20)))
        counted = Counter(answer.status_code for answer in answers)
        assert counted == {200: 2, 503: 18}
        assert all(answer.headers.get("Retry-After") for answer in answers if answer.status_code == 503)
        for _ in range(LIMIT + 1):
            assert (await it.login()).status_code == 200


async def test_two_gates_count_in_one_budget(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with (
        running(database_url, login_budget_account=SPENT) as one,
        running(database_url, login_budget_account=SPENT) as other,
    ):
        await one.register()
        answers = await asyncio.gather(*(gate.login(EMAIL, "wrong") for gate in (one, other) for _ in range(40)))
        assert Counter(answer.status_code for answer in answers) == {401: LIMIT, 429: 80 - LIMIT}
