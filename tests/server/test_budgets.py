"""`gatepost budgets show`, `clear`."""

from typing import Any

import pytest

from tests.harness import EMAIL, PASSWORD, query, running
from tests.server.terminal import Terminal

SMALL: dict[str, Any] = {
    "budgets": {},
    "login_budget_address": "50/3600",
    "login_budget_pair": "2/3600",
    "login_budget_account": "40/3600",
}


@pytest.mark.anyio
async def test_what_is_spent_is_shown_and_given_back(terminal: Terminal, sqlite_url: str) -> None:
    terminal = terminal.with_settings(**SMALL)
    async with running(sqlite_url, **SMALL) as it:
        await it.register()
        for who in (EMAIL, "nobody@example.com"):
            for _ in range(2):
                assert (await it.login(who, password="a wrong password")).status_code == 401
            lines = (await terminal.aside("budgets", "show", who)).splitlines()
            assert lines[0].split() == ["BUDGET", "SPENT", "NEXT", "IN", "STATE"]
            pair, account = (lines[n].split() for n in (1, 2))
            assert (pair[:2], pair[3:]) == (["sign_in.pair", "2/2"], ["s", "locked"])
            assert account[:3] == ["sign_in.account", "2/40", "-"]
            assert (await it.login(who)).status_code == 429
            assert await terminal.aside("budgets", "clear", who) == f"{who}: every budget is whole"
        assert (await it.login(password=PASSWORD)).status_code == 200
    user_id = str(query(sqlite_url, "SELECT id FROM gatepost_user")[0][0])
    assert await terminal.aside("budgets", "show", user_id) == "every budget is whole"
    assert "sign_in.address" in await terminal.aside("budgets", "show", "--address", "127.0.0.1")
    await terminal.aside("budgets", "clear", "--address", "127.0.0.1")
    assert await terminal.aside("budgets", "show", "--address", "127.0.0.1") == "every budget is whole"
    assert len(query(sqlite_url, "SELECT 1 FROM gatepost_audit WHERE event = 'budget.cleared'")) == 3


@pytest.mark.parametrize("verb", ["show", "clear"])
@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ((), 2, "name a user, or give --address"),
        (("ada@example.com", "--address", "192.0.2.1"), 2, "name a user, or give --address"),
        (("--address", "elsewhere"), 2, "address: is not an IP address"),
        (("two words",), 2, "identifier"),
    ],
)
def test_what_is_refused_is_one_sentence(
    terminal: Terminal, verb: str, words: tuple[str, ...], code: int, sentence: str
) -> None:
    terminal.says("users", "list")
    result = terminal("budgets", verb, *words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_budgets_in_the_memory_of_a_server_are_not_taken_for_whole(terminal: Terminal) -> None:
    result = terminal.with_settings(throttle="memory")("budgets", "show", EMAIL)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "only the server itself knows its budgets" in result.stderr
