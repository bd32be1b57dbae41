"""A row that was read before a change never stands in a cache after it."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

import pytest

from gatepost.core.sessions import store
from tests.harness import EMAIL, PASSWORD, Running, around, running

pytestmark = pytest.mark.anyio

P = ParamSpec("P")
T = TypeVar("T")


def pausing(read: Callable[P, Awaitable[T]]) -> tuple[Callable[P, Awaitable[T]], asyncio.Event, asyncio.Event]:
    """Return a read whose first answer is held back, and its two events: the row was read, it may go on."""
    reached, released = asyncio.Event(), asyncio.Event()

    async def pause(_: T) -> None:
        if not reached.is_set():
            reached.set()
            await released.wait()

    return around(read, after=pause), reached, released


async def until_forgotten(it: Running) -> None:
    """Let time pass until the index has dropped what it refuses; by steps that are no silence of the feed."""
    index = it.core.feed.index
    await it.core.feed.freshen()
    floor = index._floor
    assert index.ended or index.epochs
    while index.ended or index.epochs:
        it.clock.advance(100)
        await it.core.feed.freshen()
        index.prune(it.clock.now_ms())
    assert index._floor == floor, "that was a silence, which empties the caches by itself"


async def test_a_user_read_before_a_change_is_not_kept_after_it(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(database_url) as it:
        token = (await it.enrolled())["access_token"]
        paused, reached, released = pausing(it.core.users.get)
        monkeypatch.setattr(it.core.users, "get", paused)
        overtaken = asyncio.create_task(it.user(token))
        await reached.wait()
        user_id = uuid.UUID((await it.principal(token)).json()["sub"])
        await it.core.users.update(user_id, full_name="Ada Lovelace", profile=it.gate.profile())
        await it.core.feed.freshen()  # its own change comes back to it before the fill
        released.set()
        assert (await overtaken).json()["full_name"] is None
        assert (await it.user(token)).json()["full_name"] == "Ada Lovelace"


async def test_a_user_read_before_the_disabling_elsewhere_is_refused_after_it(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(database_url) as it, running(database_url) as other:
        token = (await it.enrolled())["access_token"]
        user_id = uuid.UUID((await it.principal(token)).json()["sub"])
        paused, reached, released = pausing(it.core.users.get)
        monkeypatch.setattr(it.core.users, "get", paused)
        overtaken = asyncio.create_task(it.user(token))
        await reached.wait()
        await other.core.users.disable(user_id)
        await it.core.feed.freshen()
        released.set()
        await overtaken
        assert (await it.user(token)).status_code == 401


@pytest.mark.parametrize("end", ["one session", "every session"])
async def test_a_session_read_before_its_end_is_not_kept_after_it(
    database_url: str, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    async with running(database_url) as it, running(database_url) as other:
        await it.register()
        await it.login()
        paused, reached, released = pausing(store.read_session)
        monkeypatch.setattr(store, "read_session", paused)
        overtaken = asyncio.create_task(it.client.get("/principal"))
        await reached.wait()
        ids = it.rows("SELECT id, user_id FROM gatepost_session")[0]
        session_id, user_id = (uuid.UUID(str(one)) for one in ids)
        if end == "one session":
            assert await other.core.sessions.end(session_id, user_id)
        else:
            assert await other.core.users.sign_out_everywhere(user_id)
        await it.core.feed.freshen()
        released.set()
        await overtaken
        await until_forgotten(it)
        assert (await it.client.get("/principal")).status_code == 401


async def test_a_session_read_before_a_role_was_given_is_not_kept_without_it(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(database_url) as it:
        user_id = uuid.UUID((await it.register()).json()["id"])
        await it.login()
        paused, reached, released = pausing(store.read_session)
        monkeypatch.setattr(store, "read_session", paused)
        overtaken = asyncio.create_task(it.client.get("/principal"))
        await reached.wait()
        await it.core.users.grant_role(user_id, "editor")
        await it.core.feed.freshen()
        released.set()
        assert (await overtaken).json()["roles"] == []
        assert (await it.client.get("/principal")).json()["roles"] == ["editor"]


async def test_a_cached_session_does_not_come_back_when_its_end_is_forgotten(database_url: str) -> None:
    async with running(database_url) as it, running(database_url) as other:
        await it.register()
        cookie = dict((await it.login()).cookies)
        for gate in (it, other):
            gate.clock.advance(2000)  # long after the session was opened
        assert (await it.client.get("/principal")).status_code == 200
        other.client.cookies.update(cookie)
        assert (await other.client.post("/auth/logout")).status_code == 204
        await until_forgotten(it)
        assert (await it.client.get("/principal")).status_code == 401


async def test_the_end_of_an_old_session_stays_in_the_feed_until_every_process_has_read_it(database_url: str) -> None:
    from gatepost.core.changes import prune_changes

    async with running(database_url) as it:
        await it.register()
        await it.client.post("/auth/login", json={"identifier": EMAIL, "password": PASSWORD})
        it.clock.advance(7 * 86_400)
        assert (await it.client.post("/auth/logout")).status_code == 204
        await prune_changes(it.core.database)
        assert it.value("SELECT count(*) FROM gatepost_change WHERE kind = 1") == 1
        it.clock.advance(120)
        await prune_changes(it.core.database)
        assert it.value("SELECT count(*) FROM gatepost_change WHERE kind = 1") == 1


async def test_tokens_of_a_removed_key_are_refused_though_they_were_verified_before(database_url: str) -> None:
    async with running(database_url) as it, running(database_url) as other:
        token = (await it.enrolled())["access_token"]
        assert (await it.principal(token)).status_code == 200
        await other.core.keyring.rotate(immediately=True)
        await it.core.feed.freshen()
        assert (await it.principal(token)).status_code == 401
        assert (await it.principal((await it.signed_in())["access_token"])).status_code == 200
