"""The feed on PostgreSQL under transactions that commit out of order, run long, or come back from a restore."""

import asyncio
import uuid

import psycopg
import pytest

from gatepost.core.changes.domain import ChangeKind
from gatepost.core.changes.feed_postgres import PostgresFeed
from tests.harness import Running, around, conninfo, eventually, query, running

pytestmark = pytest.mark.anyio

_END = f"""
INSERT INTO gatepost_change (xid, kind, subject, keep_until)
VALUES (CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT), {ChangeKind.SESSION_ENDED:d}, %s, 9999999999999)
""".encode()


def feed_of(it: Running) -> PostgresFeed:
    feed = it.core.feed
    assert isinstance(feed, PostgresFeed)
    return feed


async def read(it: Running) -> None:
    """Read the feed once more, beginning now."""
    await it.core.feed.freshen()


async def test_an_older_transaction_that_commits_later_is_not_missed(postgres_url: str) -> None:
    late, early = uuid.uuid4(), uuid.uuid4()
    async with running(postgres_url) as it:
        async with await psycopg.AsyncConnection.connect(conninfo(postgres_url)) as slow:
            await slow.execute(_END, [late])
            async with await psycopg.AsyncConnection.connect(conninfo(postgres_url)) as quick:
                await quick.execute(_END, [early])
            await read(it)
            assert early in it.core.feed.index.ended
            assert late not in it.core.feed.index.ended
            await read(it)
            await slow.commit()
        await read(it)
        assert late in it.core.feed.index.ended


async def test_many_transactions_in_random_order_are_all_seen(postgres_url: str) -> None:
    subjects = [uuid.uuid4() for _ in range(60)]
    async with running(postgres_url) as it:
        pool = [await psycopg.AsyncConnection.connect(conninfo(postgres_url)) for _ in range(6)]

        async def write(number: int) -> None:
            for subject in subjects[number :: len(pool)]:
                await pool[number].execute(_END, [subject])
                await asyncio.sleep(0.001 * ((subject.int >> 5) % 7))
                await pool[number].commit()

        writing = asyncio.gather(*(write(number) for number in range(len(pool))))
        while not writing.done():
            await read(it)
            await asyncio.sleep(0)
        await read(it)
        assert set(subjects) <= it.core.feed.index.ended.keys()
        for connection in pool:
            await connection.close()


async def test_a_long_transaction_elsewhere_does_not_empty_the_caches_again_and_again(postgres_url: str) -> None:
    async with running(postgres_url) as it:
        token = (await it.enrolled())["access_token"]
        user_id = uuid.UUID((await it.principal(token)).json()["sub"])
        async with await psycopg.AsyncConnection.connect(conninfo(postgres_url)) as long:
            await long.execute("SELECT pg_current_xact_id()")  # xmin stands still from here on
            await it.core.users.update(user_id, full_name="Ada", profile=it.gate.profile())
            await read(it)
            assert (await it.user(token)).json()["full_name"] == "Ada"
            position, (cached, _) = it.core.feed.index.position, it.core.authenticator._people[user_id]
            for _ in range(5):
                await read(it)
                await it.user(token)
            assert it.core.feed.index.position == position
            assert it.core.authenticator._people[user_id][0] is cached
            await long.rollback()


async def test_a_server_whose_transaction_numbers_went_back_is_read_from_the_start(postgres_url: str) -> None:
    """After a restore the rows have smaller numbers than those that were read; what was cached is doubtful."""
    subject = uuid.uuid4()
    async with running(postgres_url) as it:
        feed = feed_of(it)
        async with feed._read_lock:  # as though the server had been further before
            feed._xmin += 1_000_000
            feed._seen = set(range(10_000))
            with psycopg.connect(conninfo(postgres_url)) as connection:
                connection.execute(_END, [subject])
            position = feed.index.position
        await read(it)
        assert subject in feed.index.ended
        assert not feed.index.is_current(position, uuid.uuid4())


async def test_a_change_without_notify_is_read_within_the_bound(postgres_url: str) -> None:
    subject = uuid.uuid4()
    async with running(postgres_url) as it:
        with psycopg.connect(conninfo(postgres_url)) as connection:
            connection.execute(_END, [subject])

        async def is_read() -> bool:
            return subject in it.core.feed.index.ended

        await eventually(is_read)


async def test_notify_wakes_the_reader_long_before_its_poll(postgres_url: str) -> None:
    async with running(postgres_url, revocation_bound=10) as it:
        user_id = uuid.UUID((await it.register()).json()["id"])

        async def is_listening() -> bool:
            return bool(query(postgres_url, "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"))

        async def is_read() -> bool:
            return user_id in it.core.feed.index.epochs

        await eventually(is_listening, within=10)
        async with running(postgres_url) as other:
            await other.core.users.sign_out_everywhere(user_id)
            await eventually(is_read)


async def test_requests_that_meet_a_stale_index_share_one_read(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(postgres_url) as it:
        feed, reads = feed_of(it), 0
        token = (await it.enrolled())["access_token"]

        async def count() -> None:
            nonlocal reads
            reads += 1

        async def is_asked_for() -> bool:
            return feed._next is not None

        monkeypatch.setattr(feed, "_rows_since", around(feed._rows_since, before=count))
        async with feed._read_lock:
            feed._good_until = float("-inf")
            waiting = [asyncio.create_task(it.principal(token)) for _ in range(30)]
            await eventually(is_asked_for)
        answers = await asyncio.gather(*waiting)
        assert {answer.status_code for answer in answers} == {200}
        assert reads <= 3
