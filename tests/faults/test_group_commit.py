"""Writes that share a commit on SQLite: one that fails takes nobody with it."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from gatepost.storage.hot_sqlite import HotSqlite
from gatepost.storage.statement import Statement
from tests.harness import Running, running

pytestmark = pytest.mark.anyio

_TABLE = sa.table("note", sa.column("id", sa.Uuid), sa.column("text", sa.String))
_ADD = Statement(sa.insert(_TABLE).values(id=sa.bindparam("note_id", type_=sa.Uuid), text=sa.bindparam("text")))
_FAIL = Statement(sa.insert(sa.table("missing", sa.column("id"))).values(id=sa.bindparam("note_id")))
_WITHOUT_ROWS = Statement(
    sa.update(_TABLE).where(_TABLE.c.text == sa.bindparam("old")).values(id=sa.null()).returning(_TABLE.c.id)
)
JOBS = 20


@pytest.fixture
async def it(sqlite_url: str) -> AsyncIterator[Running]:
    async with running(sqlite_url) as started:
        started.rows("CREATE TABLE note (id TEXT PRIMARY KEY, text TEXT NOT NULL)")
        yield started


def hot_of(it: Running) -> HotSqlite:
    hot = it.core.database.hot
    assert isinstance(hot, HotSqlite)
    return hot


def good() -> tuple[Statement, dict[str, Any]]:
    return _ADD, {"note_id": uuid.uuid4(), "text": "kept"}


FAILURES: dict[str, tuple[Statement, dict[str, Any]]] = {
    "a broken constraint": (_ADD, {"note_id": uuid.uuid4(), "text": None}),
    "a missing table": (_FAIL, {"note_id": "1"}),
    "a text that is not UTF-8": (_ADD, {"note_id": uuid.uuid4(), "text": "\ud800"}),
    "a number that is too large": (_ADD, {"note_id": uuid.uuid4(), "text": 1 << 70}),
    "a value of another type": (_ADD, {"note_id": "no id", "text": "x"}),
    "a missing value": (_ADD, {"note_id": uuid.uuid4()}),
}


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_job_that_fails_takes_nobody_with_it(it: Running, failure: str) -> None:
    hot, commits = hot_of(it), counted_commits(hot_of(it))
    assert next(commits) == 0
    jobs = [hot.run(good()) for _ in range(JOBS)]
    jobs.insert(JOBS // 2, hot.run(good(), FAILURES[failure]))
    outcomes = await asyncio.gather(*jobs, return_exceptions=True)
    failed = [number for number, outcome in enumerate(outcomes) if isinstance(outcome, BaseException)]
    assert failed == [JOBS // 2]
    assert it.value("SELECT count(*) FROM note") == JOBS, "the first statement of the failed job is undone"
    assert 1 <= next(commits) < JOBS, "they shared commits"


async def test_a_job_that_stops_keeps_what_it_did_before(it: Running) -> None:
    results = await hot_of(it).run(good(), (_WITHOUT_ROWS, {"old": "nobody"}), good())
    assert results == [[], []]
    assert it.value("SELECT count(*) FROM note") == 1


async def test_a_caller_who_hangs_up_does_not_stop_the_others(it: Running) -> None:
    tasks = [asyncio.create_task(hot_of(it).run(good())) for _ in range(JOBS)]
    await asyncio.sleep(0)
    tasks[3].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [number for number, one in enumerate(outcomes) if isinstance(one, BaseException)] == [3]
    assert it.value("SELECT count(*) FROM note") >= JOBS - 1


async def test_what_was_accepted_is_written_before_the_close(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        it.rows("CREATE TABLE note (id TEXT PRIMARY KEY, text TEXT NOT NULL)")
        tasks = [asyncio.create_task(hot_of(it).run(good())) for _ in range(JOBS)]
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert it.value("SELECT count(*) FROM note") == JOBS


def counted_commits(hot: HotSqlite) -> Iterator[int]:
    """Count the commits from here on."""
    done: list[str] = []
    hot._writer.set_trace_callback(lambda text: done.append(text) if text == "COMMIT" else None)
    while True:
        yield len(done)
