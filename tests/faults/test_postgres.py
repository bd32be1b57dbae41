"""PostgreSQL that is restarted, crashes, or cuts a connection at the worst moment."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any

import httpx2
import psycopg
import pytest

from tests.backends import PostgresServer
from tests.harness import PASSWORD, Running, bearer, conninfo, eventually, query, running

pytestmark = pytest.mark.anyio

ALLOWED = {200, 201, 204, 400, 401, 503}


class Load:
    """Clients that use everything without pause, and what they were answered."""

    def __init__(self, it: Running) -> None:
        self._it = it
        self._stopped = False
        self.answers: list[httpx2.Response] = []
        self.revoked: list[str] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def begin(self) -> None:
        for number in range(6):
            email = f"user{number}@example.com"
            await self._it.register(email)
            self._tasks.append(asyncio.create_task(self._use(email)))

    async def _use(self, email: str) -> None:
        number = 0
        while not self._stopped:
            number += 1
            for ask in self._asks(email, number):
                self.answers.append(answer := await ask())
                if answer.status_code == 200 and "access_token" in answer.json():
                    token = answer.json()["access_token"]
                    self.answers += [await self._it.principal(token), await self._it.user(token)]
                    self.answers.append(ended := await self._it.logout(token))
                    if ended.status_code == 204:
                        self.revoked.append(token)
                        self.answers.append(refused := await self._it.principal(token))
                        assert refused.status_code in {401, 503}
            await asyncio.sleep(0.01)

    def _asks(self, email: str, number: int) -> list[Callable[[], Awaitable[httpx2.Response]]]:
        it = self._it
        return [
            lambda: it.token(email),
            lambda: it.login(email),
            lambda: it.register(f"{number}-{email}"),
            lambda: it.client.post(
                "/auth/password/change", json={"current_password": "wrong", "new_password": PASSWORD}
            ),
        ]

    async def end(self) -> None:
        self._stopped = True
        await asyncio.gather(*self._tasks)

    async def until(self, status: int) -> None:
        """Wait until an answer of this status comes from now on."""
        begin = len(self.answers)

        async def has_come() -> bool:
            return status in {answer.status_code for answer in self.answers[begin:]}

        await eventually(has_come, within=15)


@pytest.mark.parametrize("how", ["restart", "crash"])
async def test_a_restart_under_load_gives_clear_answers_and_recovers_by_itself(
    postgres_server: PostgresServer, postgres_url: str, how: str
) -> None:
    async with running(postgres_url, raises=False) as it:
        load = Load(it)
        await load.begin()
        await load.until(204)
        await asyncio.to_thread(postgres_server.stop if how == "restart" else postgres_server.crash)
        await load.until(503)
        await asyncio.to_thread(postgres_server.start)
        began = time.monotonic()
        await load.until(204)
        recovered = time.monotonic() - began
        await load.end()

        counted = Counter(answer.status_code for answer in load.answers)
        assert counted.keys() <= ALLOWED, counted
        for answer in load.answers:
            if answer.status_code == 503:
                assert int(answer.headers["Retry-After"]) >= 1
        assert recovered < 8, recovered
        assert load.revoked
        for token in load.revoked:
            assert (await it.principal(token)).status_code == 401


async def test_a_logout_whose_commit_is_of_unknown_outcome_counts_as_done_here(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(postgres_url, raises=False, database_pool_size=1) as it:
        token = (await it.enrolled())["access_token"]
        assert (await it.principal(token)).status_code == 200
        cut_at_commit(monkeypatch, postgres_url)
        answer = await it.logout(token)
        monkeypatch.undo()
        assert (answer.status_code, answer.json()["code"]) == (503, "storage.unavailable")
        assert (await it.principal(token)).status_code == 401
        assert query(postgres_url, "SELECT count(*) FROM gatepost_session WHERE revoked_at IS NULL") == [(1,)]


async def test_a_unit_of_work_whose_commit_is_of_unknown_outcome_counts_as_done_here(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(postgres_url, raises=False) as it:
        token = (await it.enrolled())["access_token"]
        user_id = (await it.principal(token)).json()["sub"]
        cut_at_commit(monkeypatch, postgres_url)
        change = {"current_password": PASSWORD, "new_password": "another long password"}
        answer = await it.client.post("/auth/password/change", json=change, headers=bearer(token))
        monkeypatch.undo()
        assert answer.status_code == 503
        assert (await it.principal(token)).status_code == 401
        assert (await it.token()).status_code == 200, f"the old password of {user_id} stands"


async def test_a_refresh_that_lost_its_database_before_the_commit_can_be_tried_again(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(postgres_url, raises=False) as it:
        tokens = await it.enrolled()
        cut_at_commit(monkeypatch, postgres_url, "gatepost_session")
        answer = await it.refresh(tokens["refresh_token"])
        monkeypatch.undo()
        assert (answer.status_code, answer.json()["code"]) == (503, "storage.unavailable")
        it.clock.advance(60)
        assert (await it.refresh(tokens["refresh_token"])).status_code == 200
        assert query(postgres_url, "SELECT generation, revoked_at FROM gatepost_session") == [(1, None)]


def cut_at_commit(monkeypatch: pytest.MonkeyPatch, postgres_url: str, table: str = "gatepost_change") -> None:
    """Let the server end every connection that is about to commit what it wrote into a table."""
    from psycopg.transaction import AsyncTransaction

    leave, commit = AsyncTransaction.__aexit__, psycopg.AsyncConnection.commit

    async def cut(connection: psycopg.AsyncConnection[Any]) -> None:
        end = f"SELECT pg_terminate_backend({connection.info.backend_pid}, 5000)"
        await asyncio.to_thread(query, postgres_url, end)

    async def cut_and_leave(
        self: AsyncTransaction,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if table in await written_by(self.connection):
            await cut(self.connection)
        return await leave(self, kind, error, trace)

    async def cut_and_commit(self: psycopg.AsyncConnection[Any]) -> None:
        if table in await written_by(self):
            await cut(self)
        await commit(self)

    monkeypatch.setattr(AsyncTransaction, "__aexit__", cut_and_leave)
    monkeypatch.setattr(psycopg.AsyncConnection, "commit", cut_and_commit)


async def written_by(connection: psycopg.AsyncConnection[Any]) -> set[str]:
    """Return the tables that the connection's transaction holds locks on for writing."""
    if connection.info.transaction_status != psycopg.pq.TransactionStatus.INTRANS:
        return set()
    cursor = await connection.execute(
        "SELECT relation::regclass::text FROM pg_locks WHERE pid = pg_backend_pid() AND mode = 'RowExclusiveLock'"
    )
    return {str(row[0]) for row in await cursor.fetchall() if row[0]}


async def test_a_pool_that_is_taken_does_not_make_the_process_stale(postgres_url: str) -> None:
    """The feed reads over a connection of its own."""
    async with running(postgres_url, raises=False, database_pool_size=1) as it:
        token = (await it.enrolled())["access_token"]
        async with await psycopg.AsyncConnection.connect(conninfo(postgres_url)) as locker:
            await locker.execute("LOCK TABLE gatepost_session IN ACCESS EXCLUSIVE MODE")
            stuck = asyncio.create_task(it.logout(token))
            blocked = "SELECT 1 FROM pg_locks WHERE NOT granted"

            async def is_blocked() -> bool:
                return bool(query(postgres_url, blocked))

            await eventually(is_blocked, within=10)
            it.clock.advance(2)
            assert (await it.principal(token)).status_code == 200
            await locker.rollback()
        assert (await stuck).status_code == 204
        assert (await it.principal(token)).status_code == 401
