"""One refresh token in many hands at once: RFC 9700, section 4.14.2, without logging out whoever retries."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx2
import pytest

from tests.harness import Running, around, running

pytestmark = pytest.mark.anyio

CLIENTS = 50
GRACE = 10
API = ("api", "a-secret-of-the-resource-server")


async def all_at_once(
    it: Running, call: Callable[[], Awaitable[httpx2.Response]], monkeypatch: pytest.MonkeyPatch
) -> list[httpx2.Response]:
    """Let every client read the session before any of them writes."""
    hot, everybody = it.core.database.hot, asyncio.Barrier(CLIENTS)
    waiting = CLIENTS

    async def together(_: object) -> None:
        nonlocal waiting
        if waiting:
            waiting -= 1
            await everybody.wait()

    monkeypatch.setattr(hot, "read", around(hot.read, after=together))
    return await asyncio.gather(*(call() for _ in range(CLIENTS)))


def audited(it: Running, event: str) -> int:
    return int(it.value(f"SELECT count(*) FROM gatepost_audit WHERE event = '{event}'"))


async def is_active(it: Running, refresh_token: str) -> bool:
    answer = await it.client.post("/auth/introspect", data={"token": refresh_token}, auth=API)
    return bool(answer.json()["active"])


async def test_fifty_clients_get_one_successor_and_nobody_is_logged_out(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(database_url, introspection_clients=dict([API])) as it:
        first = await it.enrolled()
        answers = await all_at_once(it, lambda: it.refresh(first["refresh_token"]), monkeypatch)

        assert {answer.status_code for answer in answers} == {200}
        successors = {answer.json()["refresh_token"] for answer in answers}
        assert len(successors) == 1
        assert it.rows("SELECT generation, revoked_at FROM gatepost_session") == [(1, None)]
        assert audited(it, "session.refreshed") == 1
        assert audited(it, "session.retried") == CLIENTS - 1
        assert [await is_active(it, token) for token in (first["refresh_token"], *successors)] == [False, True]
        for answer in answers:
            assert (await it.principal(answer.json()["access_token"])).status_code == 200


async def test_reuse_after_the_grace_ends_the_session_once(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(database_url, email_verification="off") as it:  # so that the only mail is the one of the reuse
        first = await it.enrolled()
        second = (await it.refresh(first["refresh_token"])).json()
        it.clock.advance(GRACE + 1)
        answers = await all_at_once(it, lambda: it.refresh(first["refresh_token"]), monkeypatch)

        assert {(answer.status_code, answer.json()["error"]) for answer in answers} == {(400, "invalid_grant")}
        assert audited(it, "session.reused") == 1
        assert it.value("SELECT count(*) FROM gatepost_session WHERE revoked_at IS NULL") == 0
        for tokens in (first, second):
            assert (await it.principal(tokens["access_token"])).status_code == 401
            assert (await it.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
        assert audited(it, "session.reused") == 1
        pending = it.value("SELECT count(*) FROM gatepost_outbox")
        assert pending + len(it.mails.sent) == 1


async def test_an_older_token_within_the_grace_is_refused_and_ends_nothing(database_url: str) -> None:
    async with running(database_url) as it:
        tokens = [await it.enrolled()]
        for _ in range(2):
            tokens.append((await it.refresh(tokens[-1]["refresh_token"])).json())
        assert (await it.refresh(tokens[0]["refresh_token"])).status_code == 400
        assert (await it.refresh(tokens[2]["refresh_token"])).status_code == 200
        assert audited(it, "session.reused") == 0


async def test_an_answer_lost_with_the_process_is_repeated_by_the_next_one(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(database_url, raises=False) as dying:
        first = await dying.enrolled()

        async def die(_: object) -> None:
            raise SystemError("the process died after the commit and before the answer")

        monkeypatch.setattr(dying.core.database.hot, "run", around(dying.core.database.hot.run, after=die))
        assert (await dying.refresh(first["refresh_token"])).status_code == 500
        monkeypatch.undo()
        assert dying.value("SELECT generation FROM gatepost_session") == 1
    async with running(database_url) as it:
        retried = [(await it.refresh(first["refresh_token"])).json()["refresh_token"] for _ in range(2)]
        assert retried[0] == retried[1]
        assert it.value("SELECT generation FROM gatepost_session") == 1
        assert (await it.refresh(retried[0])).status_code == 200


async def test_a_retry_does_not_prolong_the_grace(database_url: str) -> None:
    async with running(database_url) as it:
        first = await it.enrolled()
        for status in (200, 200, 400):
            assert (await it.refresh(first["refresh_token"])).status_code == status
            it.clock.advance(GRACE * 0.6)


async def test_a_refresh_and_a_logout_at_once_leave_no_live_session(database_url: str) -> None:
    async with running(database_url) as it:
        tokens = await it.enrolled()
        answers = await asyncio.gather(
            *(it.refresh(tokens["refresh_token"]) for _ in range(10)), it.logout(tokens["access_token"])
        )
        assert answers[-1].status_code == 204
        for answer in answers[:-1]:
            if answer.status_code == 200:
                assert (await it.principal(answer.json()["access_token"])).status_code == 401
                assert (await it.refresh(answer.json()["refresh_token"])).status_code == 400
