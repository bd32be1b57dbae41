"""Nobody locks a user out from one address: a stranger's guesses never use up what the owner needs."""

from pathlib import Path
from typing import Any

import pytest

from gatepost import Gatepost, Settings
from gatepost.kernel.errors import ConfigurationError
from tests.harness import CHEAP, EMAIL, PASSWORD, Running, running

pytestmark = pytest.mark.anyio

BUDGETS = ("login_budget_address", "login_budget_pair", "login_budget_account")
DEFAULTS: dict[str, Any] = {name: Settings.model_fields[name].default for name in BUDGETS}
STRANGER, OWNER = "203.0.113.9", "198.51.100.7"
HOURS = 5
STRONG = "q7J2vXn4Zt9LwB6cYk3Rf8HdP1sGmU5eNa0TiKoV"


async def login(it: Running, ip: str, password: str) -> int:
    account = {"identifier": EMAIL, "password": password}
    async with it.browser() as nowhere_known:
        return (await nowhere_known.post("/auth/login", json=account, headers={"X-Forwarded-For": ip})).status_code


@pytest.mark.parametrize("pause", [30, 90, 200])
async def test_a_stranger_who_guesses_for_hours_never_locks_the_owner_out(sqlite_url: str, pause: int) -> None:
    async with running(sqlite_url, trusted_proxies=1, **DEFAULTS) as it:
        assert (await it.register()).status_code == 201
        guesses, owner = [], []
        for step in range(HOURS * 3600 // pause):
            it.clock.advance(pause)
            guesses.append(await login(it, STRANGER, "a wrong password"))
            if step % 20 == 0:
                owner.append(await login(it, OWNER, PASSWORD))
        assert set(owner) == {200}
        assert 401 in guesses


async def test_a_stranger_who_always_uses_up_all_there_is_never_locks_the_owner_out(sqlite_url: str) -> None:
    async with running(sqlite_url, trusted_proxies=1, **DEFAULTS) as it:
        assert (await it.register()).status_code == 201
        guesses = 0
        for _ in range(HOURS * 3600 // 600):
            it.clock.advance(600)
            while await login(it, STRANGER, "a wrong password") == 401:
                guesses += 1
            assert await login(it, OWNER, PASSWORD) == 200
        assert guesses > 10


def production(folder: Path, **budgets: Any) -> Settings:  # noqa: ANN401 - as the settings take them
    given = {name: value for name, value in CHEAP.items() if name not in {*BUDGETS, "env", "secret"}}
    url = f"sqlite:///{folder / 'gatepost.db'}"
    return Settings(
        _env_file=None,
        **given,
        secret=STRONG,
        public_url="https://example.com",
        database_url=url,
        mail="none",
        **budgets,
    )


async def start_in_production(folder: Path, **budgets: str) -> None:
    """Start over a database that has its tables already."""
    settings = production(folder, **budgets)
    async with running(settings.url_of_database, secret=STRONG):
        pass
    async with Gatepost(settings).lifespan():
        pass


@pytest.mark.parametrize(("pair", "account"), [("10/900", "20/3600"), ("11/3600", "20/3600"), ("5/60", "9/60")])
async def test_production_refuses_a_pair_that_can_use_up_more_than_half_of_an_account(
    tmp_path: Path, pair: str, account: str
) -> None:
    with pytest.raises(ConfigurationError, match="GATEPOST_LOGIN_BUDGET_PAIR"):
        await start_in_production(tmp_path, login_budget_pair=pair, login_budget_account=account)


async def test_production_takes_the_defaults_and_a_pair_of_half_an_account(tmp_path: Path) -> None:
    await start_in_production(tmp_path)
    await start_in_production(tmp_path, login_budget_pair="10/3600", login_budget_account="20/3600")
