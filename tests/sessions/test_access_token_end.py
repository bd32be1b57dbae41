"""No access token outlives its session: neither the absolute end nor the idle end."""

import base64
import json
from typing import Any

import pytest

from tests.harness import Running, running

pytestmark = pytest.mark.anyio

ABSOLUTE: dict[str, Any] = {"session_lifetime": 60, "access_lifetime": 600}
IDLE: dict[str, Any] = {"session_idle": 60, "access_lifetime": 600}


def exp_of(tokens: dict[str, Any]) -> int:
    part = tokens["access_token"].split(".")[1]
    return int(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["exp"])


def assert_within_the_session(it: Running, tokens: dict[str, Any]) -> None:
    absolute, idle = it.rows("SELECT expires_at, idle_expires_at FROM gatepost_session")[0]
    assert exp_of(tokens) * 1000 <= min(absolute, idle)
    assert 0 < tokens["expires_in"] <= 60


@pytest.mark.parametrize("lifetimes", [ABSOLUTE, IDLE], ids=["absolute", "idle"])
async def test_an_access_token_ends_with_its_session_at_the_latest(
    database_url: str, lifetimes: dict[str, Any]
) -> None:
    async with running(database_url, **lifetimes) as it:
        tokens = await it.enrolled()
        assert_within_the_session(it, tokens)
        it.clock.advance(30)
        refreshed = (await it.refresh(tokens["refresh_token"])).json()
        assert_within_the_session(it, refreshed)
        repeated = (await it.refresh(tokens["refresh_token"])).json()
        assert_within_the_session(it, repeated)
        assert (await it.principal(refreshed["access_token"])).status_code == 200
        it.clock.advance(60 + it.gate.settings.leeway)
        for answered in (tokens, refreshed, repeated):
            assert (await it.principal(answered["access_token"])).status_code == 401


async def test_a_refresh_does_not_move_the_absolute_end(database_url: str) -> None:
    async with running(database_url, **ABSOLUTE) as it:
        tokens = await it.enrolled()
        it.clock.advance(30)
        refreshed = (await it.refresh(tokens["refresh_token"])).json()
        assert exp_of(refreshed) <= exp_of(tokens)
        assert refreshed["expires_in"] <= 31
