"""SQLite locked by another program, or on a full disk: 503 with a code, reads go on, nothing is broken."""

import asyncio
import sqlite3
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import make_url

from gatepost.storage.hot_sqlite import HotSqlite
from tests.harness import EMAIL, PASSWORD, Running, running

pytestmark = pytest.mark.anyio


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a moment for a lock, not five seconds."""
    from gatepost.storage import database, hot_sqlite

    pragmas = tuple(p.replace("=5000", "=100") for p in hot_sqlite.PRAGMAS)
    assert pragmas != hot_sqlite.PRAGMAS
    for module in (database, hot_sqlite):
        monkeypatch.setattr(module, "PRAGMAS", pragmas)


def assert_unavailable(answer: httpx2.Response) -> None:
    assert answer.status_code == 503
    assert answer.json()["code"] == "storage.unavailable"
    assert int(answer.headers["Retry-After"]) >= 1


async def test_a_file_that_another_program_locks_is_a_503_and_reads_go_on(impatient: None, sqlite_url: str) -> None:
    async with running(sqlite_url, raises=False) as it:
        tokens = await it.enrolled()
        await it.login()
        browser = it.browser()
        browser.cookies, it.client.cookies = it.client.cookies, browser.cookies
        assert (await browser.get("/principal")).status_code == 200
        other = sqlite3.connect(str(make_url(sqlite_url).database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        answers = await asyncio.gather(
            it.register("grace@example.com"),
            it.login(),
            it.token(),
            it.refresh(tokens["refresh_token"]),
        )
        for answer in answers:
            assert_unavailable(answer)
        assert (await it.principal(tokens["access_token"])).status_code == 200
        assert (await it.user(tokens["access_token"])).status_code == 200
        assert (await browser.get("/principal")).status_code == 200
        await browser.aclose()

        # The outcome of a logout that could not be written is not known to its caller: here it counts as done.
        assert_unavailable(await it.logout(tokens["access_token"]))
        assert (await it.principal(tokens["access_token"])).status_code == 401

        other.execute("ROLLBACK")
        other.close()
        assert (await it.register("grace@example.com")).status_code == 201
        assert (await it.login()).status_code == 200


def fill(it: Running) -> tuple[sqlite3.Connection, int]:
    """Leave the writing connections no page more than the file has now."""
    hot = it.core.database.hot
    assert isinstance(hot, HotSqlite)
    (pages,) = hot._writer.execute("PRAGMA page_count").fetchone()
    hot._writer.execute(f"PRAGMA max_page_count={pages}")
    return hot._writer, pages


async def test_a_full_disk_is_a_503_and_nothing_is_broken(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, raises=False) as it:
        tokens = await it.enrolled()
        writer, _ = fill(it)
        refused: list[httpx2.Response] = []
        for number in range(400):  # each leaves a row in the trail, until there is no page for it
            answer = await it.token(EMAIL, f"wrong {number}")
            if answer.status_code != 400:
                refused.append(answer)
                break
        assert refused, "the disk was never full"
        assert_unavailable(refused[0])
        batch = await asyncio.gather(*(it.token(EMAIL, "wrong") for _ in range(20)))
        assert {answer.status_code for answer in batch} <= {400, 503}
        assert (await it.principal(tokens["access_token"])).status_code == 200
        assert (await it.user(tokens["access_token"])).status_code == 200

        writer.execute("PRAGMA max_page_count=1000000")
        assert (await it.token(EMAIL, PASSWORD)).status_code == 200
        assert (await it.refresh(tokens["refresh_token"])).status_code == 200
        assert (await it.logout(tokens["access_token"])).status_code == 204
        assert it.rows("PRAGMA integrity_check") == [("ok",)]


ROOM = 16  # pages: some sign-ups fit, and not all


async def test_a_unit_of_work_on_a_full_disk_is_a_503(sqlite_url: str) -> None:
    async with running(sqlite_url, raises=False) as it:
        await it.register()
        (pages,) = it.rows("PRAGMA page_count")[0]

        def no_more_pages(connection: sqlite3.Connection, _: object) -> None:
            connection.execute(f"PRAGMA max_page_count={pages + ROOM}")

        from sqlalchemy import event

        pool = it.core.database.engine.sync_engine.pool
        event.listen(pool, "checkout", lambda connection, *_: no_more_pages(connection, None))
        statuses = [(await it.register(f"user{number}@example.com")).status_code for number in range(60)]
        assert set(statuses) == {201, 503}
        users = it.value("SELECT count(*) FROM gatepost_user")
        assert users == 1 + statuses.count(201)
        assert it.rows("PRAGMA integrity_check") == [("ok",)]
