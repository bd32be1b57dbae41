"""`gatepost keys`: a rotation refuses nobody; one for a leaked key refuses everybody at once, in every process."""

from typing import Any

import pytest

from gatepost.crypto import jwt
from tests.harness import Running, bearer, query, running
from tests.server.terminal import Terminal

pytestmark = pytest.mark.anyio
PAST_THE_BOUND = 2


def kid_of(tokens: dict[str, Any]) -> str:
    kid: str = jwt.inspect(tokens["access_token"])[0]["kid"]
    return kid


async def published(house: Running) -> list[str]:
    response = await house.client.get("/auth/.well-known/jwks.json")
    return [key["kid"] for key in response.json()["keys"]]


async def status(house: Running, token: str) -> int:
    """Ask a route that needs no row, in a process that has just heard the feed."""
    return (await house.client.get("/principal", headers=bearer(token))).status_code


async def test_a_rotation_refuses_no_token_and_the_new_key_signs_when_every_cache_has_it(database_url: str) -> None:
    terminal = Terminal(database_url)
    async with running(database_url) as house:
        first = await house.enrolled()
        old, policy = kid_of(first), house.core.keyring.policy
        new = (await terminal.aside("keys", "rotate")).split()[0]
        house.clock.advance(PAST_THE_BOUND)
        assert await status(house, first["access_token"]) == 200
        assert await published(house) == [old, new]
        house.clock.advance(policy.publish_ahead_ms / 1000 - 2 * PAST_THE_BOUND)
        last = await house.signed_in()
        assert kid_of(last) == old
        house.clock.advance(2 * PAST_THE_BOUND)
        next_ = await house.signed_in()
        assert kid_of(next_) == new
        for tokens in (first, last, next_):
            assert await status(house, tokens["access_token"]) == 200
        house.clock.advance(jwt.inspect(last["access_token"])[1]["exp"] - house.clock.now() - 1)
        assert await status(house, last["access_token"]) == 200
        renewed = await house.refresh(last["refresh_token"])
        assert (renewed.status_code, kid_of(renewed.json())) == (200, new)


async def test_a_key_is_gone_when_the_last_token_that_it_can_have_signed_is_dead(database_url: str) -> None:
    terminal = Terminal(database_url)
    async with running(database_url) as house:
        tokens = await house.enrolled()
        keyring = house.core.keyring
        old, leaked = kid_of(tokens), keyring.signer()
        _, claims = jwt.inspect(tokens["access_token"])
        forged = jwt.sign({**claims, "exp": claims["exp"] + 86_400}, leaked)  # somebody copied the key
        await terminal.aside("keys", "rotate")
        house.clock.advance((keyring.policy.publish_ahead_ms + keyring.policy.keep_after_ms) / 1000 - PAST_THE_BOUND)
        assert await status(house, forged) == 200
        assert old in await published(house)
        house.clock.advance(2 * PAST_THE_BOUND)
        assert await status(house, forged) == 401
        assert old not in await published(house)


async def test_an_immediate_rotation_refuses_old_tokens_in_every_process(database_url: str) -> None:
    terminal = Terminal(database_url)
    async with running(database_url) as one, running(database_url) as other:
        tokens = await one.enrolled()
        for house in (one, other):
            assert await status(house, tokens["access_token"]) == 200
        new = (await terminal.aside("keys", "rotate", "--immediately")).split()[0]
        for house in (one, other):
            house.clock.advance(PAST_THE_BOUND)
            assert await status(house, tokens["access_token"]) == 401
            assert await published(house) == [new]
        renewed = await other.refresh(tokens["refresh_token"])
        assert kid_of(renewed.json()) == new
        for house in (one, other):
            assert await status(house, renewed.json()["access_token"]) == 200


async def test_the_list_shows_every_key_and_its_state(terminal: Terminal) -> None:
    heads, first = (await terminal.aside("keys", "list")).splitlines()
    assert heads.split() == ["KEY", "STATE", "ALGORITHM", "MADE", "SIGNS", "FROM"]
    old = first.split()[0]
    assert first.split()[1:3] == ["active", "ES256"]
    new = (await terminal.aside("keys", "rotate")).split()[0]
    assert states(await terminal.aside("keys", "list")) == {old: "active", new: "next"}
    newest = (await terminal.aside("keys", "rotate", "--immediately")).split()[0]
    assert states(await terminal.aside("keys", "list")) == {old: "removed", new: "removed", newest: "active"}


def states(listing: str) -> dict[str, str]:
    return {line.split()[0]: line.split()[1] for line in listing.splitlines()[1:]}


async def test_another_algorithm_gets_a_key_of_its_own(terminal: Terminal, sqlite_url: str) -> None:
    await terminal.aside("keys", "list")
    await terminal.with_settings(signing_algorithm="EdDSA").aside("users", "list")
    rows = query(sqlite_url, "SELECT algorithm FROM gatepost_key ORDER BY sequence")
    assert rows == [("ES256",), ("EdDSA",)]
