"""A process that slept, or whose feed lost its database: it decides nothing by what it knew before. Never open."""

import shutil
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import make_url

from gatepost.core.changes.domain import MAX_SILENCE_S
from gatepost.core.changes.feed_postgres import PostgresFeed
from gatepost.core.changes.feed_sqlite import SqliteFeed
from gatepost.kernel.tasks import end_tasks
from tests.backends import PostgresServer
from tests.harness import Running, bearer, eventually, query, running

pytestmark = pytest.mark.anyio


async def stop_following(it: Running) -> None:
    """End what reads the feed in the background, as sleep does; requests alone are left to find out."""
    feed = it.core.feed
    assert isinstance(feed, PostgresFeed | SqliteFeed)
    await end_tasks(feed._tasks if isinstance(feed, PostgresFeed) else [feed._poller] if feed._poller else [])


def assert_unavailable(answer: httpx2.Response) -> None:
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1


async def test_a_process_that_slept_sees_what_was_ended_meanwhile(database_url: str) -> None:
    async with running(database_url) as it, running(database_url) as other:
        token = (await it.enrolled())["access_token"]
        assert (await it.principal(token)).status_code == 200
        await stop_following(it)
        assert (await other.logout(token)).status_code == 204
        it.clock.advance(30)
        assert (await it.principal(token)).status_code == 401


async def test_a_process_that_wakes_without_its_database_refuses_everybody(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    async with running(postgres_url) as it, running(postgres_url) as other:
        tokens = [(await it.enrolled())["access_token"], (await it.signed_in())["access_token"]]
        for token in tokens:
            assert (await it.principal(token)).status_code == 200
        await stop_following(it)
        assert (await other.logout(tokens[0])).status_code == 204
        postgres_server.stop()
        it.clock.advance(30)
        for token in tokens:
            assert_unavailable(await it.principal(token))
            assert_unavailable(await it.client.get("/auth/me", headers=bearer(token)))
        postgres_server.start()
        assert [(await it.principal(token)).status_code for token in tokens] == [401, 200]


async def test_a_database_that_goes_away_is_noticed_within_the_bound(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    async with running(postgres_url) as it:
        token = (await it.enrolled())["access_token"]
        assert (await it.principal(token)).status_code == 200
        postgres_server.crash()
        it.clock.advance(1.0)
        assert_unavailable(await it.principal(token))


async def test_a_file_that_was_replaced_is_not_believed(sqlite_url: str) -> None:
    path = Path(str(make_url(sqlite_url).database))
    async with running(sqlite_url) as it:
        token = (await it.enrolled())["access_token"]
        assert (await it.principal(token)).status_code == 200
        shutil.copy(path, path.with_name("restored.db"))
        path.with_name("restored.db").rename(path)

        async def is_refused() -> bool:
            return (await it.principal(token)).status_code != 200

        await eventually(is_refused)
        assert_unavailable(await it.principal(token))


async def test_a_connection_of_the_feed_that_broke_refuses_everybody(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        token = (await it.enrolled())["access_token"]
        feed = it.core.feed
        assert isinstance(feed, SqliteFeed)
        feed._connection.close()
        assert_unavailable(await it.principal(token))


async def test_a_long_silence_empties_the_caches(database_url: str) -> None:
    """The session's end came and left the feed while nobody read it: only the row knows."""
    async with running(database_url) as it:
        await it.register()
        await it.login()
        assert (await it.client.get("/principal")).status_code == 200
        await stop_following(it)
        query(database_url, "UPDATE gatepost_session SET revoked_at = 1")
        assert (await it.client.get("/principal")).status_code == 200  # no row of the feed says so
        it.clock.advance(MAX_SILENCE_S + 5)
        assert (await it.client.get("/principal")).status_code == 401


async def test_a_long_silence_empties_the_cache_of_users(database_url: str) -> None:
    async with running(database_url) as it:
        token = (await it.enrolled())["access_token"]
        assert (await it.user(token)).json()["full_name"] is None
        await stop_following(it)
        query(database_url, "UPDATE gatepost_user SET full_name = 'Ada'")
        assert (await it.user(token)).json()["full_name"] is None
        it.clock.advance(MAX_SILENCE_S + 5)
        assert (await it.user(token)).json()["full_name"] == "Ada"


async def test_a_key_that_was_removed_during_a_long_silence_verifies_nothing(database_url: str) -> None:
    async with running(database_url, access_lifetime=3600) as it, running(database_url) as other:
        token = (await it.enrolled())["access_token"]
        assert (await it.principal(token)).status_code == 200
        await stop_following(it)
        await other.core.keyring.rotate(immediately=True)
        query(database_url, "DELETE FROM gatepost_change")
        it.clock.advance(MAX_SILENCE_S + 5)
        assert (await it.principal(token)).status_code == 401


async def test_a_clock_that_steps_back_ends_no_session_and_revives_none(database_url: str) -> None:
    async with running(database_url) as it:
        ended, kept = (await it.enrolled())["access_token"], await it.signed_in()
        assert (await it.logout(ended)).status_code == 204
        it.clock.offset_ms -= 5_000
        assert (await it.principal(ended)).status_code == 401
        assert (await it.principal(kept["access_token"])).status_code == 200
        assert (await it.refresh(kept["refresh_token"])).status_code == 200


async def test_nothing_is_served_before_the_start_and_after_the_stop(database_url: str) -> None:
    async with running(database_url) as it:
        token = (await it.enrolled())["access_token"]
        client = it.browser()
    assert_unavailable(await client.get("/principal", headers=bearer(token)))
    await client.aclose()


async def test_a_feed_that_stopped_is_not_fresh(database_url: str) -> None:
    async with running(database_url) as it:
        feed = it.core.feed
        assert feed.is_fresh()
    assert not feed.is_fresh()


def test_the_silence_is_shorter_than_the_life_of_a_row() -> None:
    """Else a row could come and go unread by a process that does not count itself silent."""
    from gatepost.core.changes.store import GRACE_MS

    assert MAX_SILENCE_S * 1000 < GRACE_MS
