"""`gatepost secret`: changing the one value that everything derives from, without losing a session or a key."""

from typing import Any

import pytest

from gatepost import ConfigurationError
from tests.harness import EMAIL, PASSWORD, Running, query, running
from tests.server.terminal import PRODUCTION, Terminal

OLD, NEW = "an-old-one-0123456789-abcdefghijklmnop", "the-new-one-0123456789-abcdefghijklmnop"
KEYS = "SELECT sequence, kid, sealed, removed_at FROM gatepost_key ORDER BY sequence"


async def entered(house: Running) -> tuple[dict[str, Any], dict[str, str]]:
    """Make a user; return tokens, and the header of a cookie."""
    tokens = await house.enrolled()
    async with house.browser() as browser:
        response = await browser.post("/auth/login", json={"identifier": EMAIL, "password": PASSWORD})
        name = house.gate.web.session_cookie
        return tokens, {"Cookie": f"{name}={response.cookies[name]}"}


@pytest.mark.anyio
async def test_the_secret_changes_under_living_sessions(database_url: str) -> None:
    terminal = Terminal(database_url, secret=NEW, secret_previous=OLD)
    async with running(database_url, secret=OLD) as house:
        tokens, cookie = await entered(house)
        before = query(database_url, KEYS)
    async with running(database_url, secret=NEW, secret_previous=OLD) as house:
        assert (await house.principal(tokens["access_token"])).status_code == 200
        assert (await house.client.get("/principal", headers=cookie)).status_code == 200
        response = await house.refresh(tokens["refresh_token"])
        assert response.status_code == 200
        tokens = response.json()
    assert query(database_url, KEYS) == before
    assert (await terminal.aside("secret", "rotate")).startswith("signing keys sealed anew: 1\nkeep")
    after = query(database_url, KEYS)
    assert [row[:2] for row in after] == [row[:2] for row in before]
    assert after[0][2] != before[0][2]
    assert (await terminal.aside("secret", "rotate")).startswith("every signing key is sealed under this secret")
    async with running(database_url, secret=NEW) as house:
        assert (await house.principal(tokens["access_token"])).status_code == 200
        assert (await house.refresh(tokens["refresh_token"])).status_code == 200
        assert (await house.client.get("/principal", headers=cookie)).status_code == 401


@pytest.mark.anyio
async def test_without_the_previous_secret_nothing_starts_and_nothing_is_touched(database_url: str) -> None:
    async with running(database_url, secret=OLD):
        before = query(database_url, KEYS)
    with pytest.raises(ConfigurationError, match="GATEPOST_SECRET_PREVIOUS"):
        async with running(database_url, secret=NEW):
            pass
    assert query(database_url, KEYS) == before
    async with running(database_url, secret=OLD) as house:
        assert house.core.keyring.signer().kid == before[0][1]


@pytest.mark.parametrize(
    "words", [("serve",), ("keys", "rotate"), ("keys", "rotate", "--immediately"), ("secret", "rotate")]
)
def test_no_command_replaces_a_key_that_it_cannot_open(
    terminal: Terminal, sqlite_url: str, words: tuple[str, ...]
) -> None:
    house = terminal.with_settings(**PRODUCTION)
    house.says("db", "upgrade")
    house.says("keys", "list")
    before = query(sqlite_url, KEYS)
    result = house.with_settings(secret="fedcba9876543210" * 3)(*words)
    assert (result.exit_code, "GATEPOST_SECRET_PREVIOUS" in result.stderr) == (1, True)
    assert query(sqlite_url, KEYS) == before


def test_a_removed_key_of_a_forgotten_secret_stands_in_nobodys_way(terminal: Terminal, sqlite_url: str) -> None:
    first, second = terminal.with_settings(secret=OLD), terminal.with_settings(secret=NEW)
    first.says("keys", "list")
    second.with_settings(secret_previous=OLD).says("keys", "rotate", "--immediately")
    forgotten = query(sqlite_url, KEYS)[0]
    third = terminal.with_settings(secret="a-third-one-0123456789-abcdefghijklmn", secret_previous=NEW)
    assert third.says("secret", "rotate").startswith("signing keys sealed anew: 1")
    assert query(sqlite_url, KEYS)[0] == forgotten
    third.with_settings(secret_previous=None).says("keys", "list")


def test_a_generated_secret_is_new_each_time_and_starts_production(terminal: Terminal) -> None:
    one, other = terminal.says("secret", "generate"), terminal.says("secret", "generate")
    assert one != other
    house = terminal.with_settings(**PRODUCTION).with_settings(secret=one)
    house.says("db", "upgrade")
    assert "active" in house.says("keys", "list")
