"""`gatepost db restored`: nothing that was issued before it is accepted, in running processes too."""

import json
import sqlite3
import uuid
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import make_url

from gatepost.core.changes.feed_postgres import PostgresFeed
from tests.harness import EMAIL, Running, query, running
from tests.server.terminal import PRODUCTION, Terminal

pytestmark = pytest.mark.anyio
EPOCH = "SELECT value FROM gatepost_meta WHERE name = 'global_epoch'"
PAST_THE_BOUND = 2


async def sign_in_both_ways(house: Running) -> tuple[dict[str, Any], str]:
    """Return tokens and the value of a cookie."""
    async with house.browser() as browser:
        response = await browser.post("/auth/login", json={"identifier": EMAIL, "password": "correct horse battery"})
        return await house.signed_in(), response.cookies[house.gate.web.session_cookie]


async def by_cookie(house: Running, value: str) -> int:
    response = await house.client.get("/principal", headers={"Cookie": f"{house.gate.web.session_cookie}={value}"})
    return response.status_code


async def accepted(house: Running, tokens: dict[str, Any], cookie: str) -> list[int]:
    """Return what each credential is answered with by a process that has heard what there is to hear."""
    house.clock.advance(PAST_THE_BOUND)
    by_token, cookie_status = await house.principal(tokens["access_token"]), await by_cookie(house, cookie)
    return [by_token.status_code, cookie_status, (await house.refresh(tokens["refresh_token"])).status_code]


async def test_everything_from_before_is_refused_by_every_running_process(database_url: str) -> None:
    async with running(database_url) as one, running(database_url) as other:
        await one.register()
        tokens, cookie = await sign_in_both_ways(one)
        for house in (one, other):  # both have verified it, and keep that in memory
            assert (await house.principal(tokens["access_token"])).status_code == 200
            assert await by_cookie(house, cookie) == 200
        said = await Terminal(database_url).aside("db", "restored")
        assert said.startswith("2 sessions ended, 0 waiting mails")
        for house in (one, other):
            assert await accepted(house, tokens, cookie) == [401, 401, 400]
        tokens, cookie = await sign_in_both_ways(other)
        for house in (one, other):
            assert await accepted(house, tokens, cookie) == [200, 200, 200]


async def test_it_ends_all_sessions_and_voids_the_outbox_and_is_recorded(database_url: str) -> None:
    terminal = Terminal(database_url)
    async with running(database_url, email_verification="off") as house:
        await house.enrolled()
    columns = "id, sealed, created_at, due_at, attempts, leased_until"
    mail = f"INSERT INTO gatepost_outbox ({columns}) VALUES ('{uuid.uuid4().hex}', '00', 0, 0, 0, 0)"
    query(database_url, mail)
    said = await terminal.aside("db", "restored")
    assert said.startswith("1 sessions ended, 1 waiting mails dropped")
    assert query(database_url, "SELECT count(*) FROM gatepost_session WHERE revoked_at IS NULL") == [(0,)]
    assert query(database_url, "SELECT count(*) FROM gatepost_outbox") == [(0,)]
    events = "SELECT detail FROM gatepost_audit WHERE event = 'session.everybody_ended'"
    (detail,) = query(database_url, events)[0]
    assert json.loads(detail) == {"sessions": 1, "mails": 1, "epoch": query(database_url, EPOCH)[0][0]}


async def test_a_token_of_a_higher_epoch_than_the_restored_row_is_refused(database_url: str) -> None:
    terminal = Terminal(database_url)
    async with running(database_url) as house:
        await house.register()
        await terminal.aside("db", "restored")
        house.clock.advance(PAST_THE_BOUND)
        tokens, cookie = await sign_in_both_ways(house)
        assert await accepted(house, tokens, cookie) == [200, 200, 200]
        tokens, cookie = await sign_in_both_ways(house)
        query(database_url, "DELETE FROM gatepost_meta")  # the backup is older than the first restore
        await terminal.aside("db", "restored")
        assert await accepted(house, tokens, cookie) == [401, 401, 400]
    async with running(database_url) as fresh:
        assert await accepted(fresh, tokens, cookie) == [401, 401, 400]


async def test_an_epoch_of_the_future_still_moves_on(database_url: str) -> None:
    terminal = Terminal(database_url)
    await terminal.aside("db", "upgrade")
    await terminal.aside("db", "restored")
    query(database_url, "UPDATE gatepost_meta SET value = 9000000000000")  # somebody's clock was wrong
    await terminal.aside("db", "restored")
    await terminal.aside("db", "restored")
    assert query(database_url, EPOCH) == [(9000000000002,)]


async def test_it_needs_neither_a_secret_nor_a_key(database_url: str) -> None:
    bare = Terminal(database_url, **PRODUCTION).with_settings(secret=None, public_url=None)
    await bare.aside("db", "upgrade")
    assert (await bare.aside("db", "restored")).startswith("0 sessions ended")


async def test_a_file_restored_under_a_running_process_is_heard_from_again(sqlite_url: str) -> None:
    terminal, path = Terminal(sqlite_url), str(make_url(sqlite_url).database)
    async with running(sqlite_url) as house:
        await house.register()
        with closing(sqlite3.connect(path)) as live, closing(sqlite3.connect(f"{path}.copy")) as copy:
            live.backup(copy)
        for _ in range(5):  # the feed goes further than the backup knows
            await house.logout((await house.signed_in())["access_token"])
        tokens, cookie = await sign_in_both_ways(house)
        with closing(sqlite3.connect(f"{path}.copy")) as copy, closing(sqlite3.connect(path)) as live:
            copy.backup(live)
        await terminal.aside("db", "restored")
        assert await accepted(house, tokens, cookie) == [401, 401, 400]
        tokens = await house.signed_in()
        await terminal.aside("users", "disable", EMAIL)
        assert (await house.principal(tokens["access_token"])).status_code == 401


async def test_a_server_whose_transactions_are_counted_anew_is_heard_from_again(postgres_url: str) -> None:
    async with running(postgres_url) as house, running(postgres_url) as other:
        tokens = await house.enrolled()
        assert isinstance(other.core.feed, PostgresFeed)
        other.core.feed._xmin = 1 << 40  # as though it had followed a server that did much more
        await house.logout(tokens["access_token"])
        other.clock.advance(PAST_THE_BOUND)
        assert (await other.principal(tokens["access_token"])).status_code == 401
