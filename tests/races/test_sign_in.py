"""A sign-in that began before its user was changed cannot outlive the change (DESIGN, section 3: epoch)."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from tests.harness import EMAIL, PASSWORD, Running, around, conninfo, eventually, query, running

pytestmark = pytest.mark.anyio

NEW_PASSWORD = "another long password"
Change = Callable[[Running, uuid.UUID], Awaitable[Any]]


class Pause:
    """Holds every password check after its verdict, until it is released."""

    def __init__(self, it: Running, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.released = asyncio.Event(), asyncio.Event()
        hasher = it.core.passwords.hasher
        monkeypatch.setattr(hasher, "verify", around(hasher.verify, after=self._hold))

    async def _hold(self, _: object) -> None:
        self.reached.set()
        await self.released.wait()


async def change_password(it: Running, user_id: uuid.UUID) -> None:
    found = await it.core.passwords.credentials(user_id)
    assert found is not None
    from gatepost.core.sessions.domain import SessionKind
    from gatepost.core.sessions.flow import Opening
    from gatepost.core.sessions.password_change import change_password

    kind = SessionKind.COOKIE
    opening = Opening(user_id=user_id, epoch=found[0], kind=kind, client_id="browser", scope="", amr="pwd")
    new_hash = await it.core.passwords.hash(NEW_PASSWORD)
    core, old_hash = it.core, found[1]
    assert old_hash is not None
    await change_password(
        core.services,
        core.sessions,
        core.listeners,
        opening=opening,
        old_hash=old_hash,
        new_hash=new_hash,
        reopens=False,
    )


async def off_and_on(it: Running, user_id: uuid.UUID) -> None:
    await it.core.users.disable(user_id)
    await it.core.users.enable(user_id)


CHANGES: dict[str, Change] = {
    "password changed": change_password,
    "disabled": lambda it, user_id: it.core.users.disable(user_id),
    "disabled and enabled": off_and_on,
    "role lost": lambda it, user_id: it.core.users.remove_role(user_id, "editor"),
    "signed out everywhere": lambda it, user_id: it.core.users.sign_out_everywhere(user_id),
    "deleted": lambda it, user_id: it.core.users.delete(user_id),
}


@pytest.mark.parametrize("how", ["login", "token"])
@pytest.mark.parametrize("change", CHANGES)
async def test_a_sign_in_under_way_does_not_outlive(
    database_url: str, monkeypatch: pytest.MonkeyPatch, how: str, change: str
) -> None:
    async with running(database_url) as it:
        user_id = uuid.UUID((await it.register()).json()["id"])
        await it.core.users.grant_role(user_id, "editor")
        pause = Pause(it, monkeypatch)
        under_way = asyncio.create_task(getattr(it, how)())
        await pause.reached.wait()
        await CHANGES[change](it, user_id)
        pause.released.set()
        answer = await under_way

        assert answer.status_code == {"login": 401, "token": 400}[how]
        assert not answer.cookies
        assert it.value("SELECT count(*) FROM gatepost_session WHERE revoked_at IS NULL") == 0
        assert it.value("SELECT count(*) FROM gatepost_audit WHERE event = 'login.outrun'") == 1


async def test_a_sign_in_that_is_not_overtaken_succeeds(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(database_url) as it:
        await it.register()
        pause = Pause(it, monkeypatch)
        under_way = asyncio.create_task(it.login())
        await pause.reached.wait()
        pause.released.set()
        assert (await under_way).status_code == 200


async def test_a_sign_in_waits_for_a_change_that_is_being_committed(postgres_url: str) -> None:
    """FOR SHARE: without it the old epoch is read from before the other transaction, and the session outlives it."""
    async with running(postgres_url) as it:
        await it.register()
        async with await psycopg.AsyncConnection.connect(conninfo(postgres_url)) as other:
            await other.execute("UPDATE gatepost_user SET epoch = epoch + 1")
            under_way = asyncio.create_task(it.login())
            waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT%'"

            async def is_waiting() -> bool:
                assert not under_way.done(), "it did not wait"
                return bool(query(postgres_url, waiting))

            await eventually(is_waiting, within=10)
            await other.commit()
        assert (await under_way).status_code == 401
        assert it.value("SELECT count(*) FROM gatepost_session") == 0


async def test_a_rehash_does_not_undo_a_password_change(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(database_url) as it:
        user_id = uuid.UUID((await it.register()).json()["id"])
    async with running(database_url, hash_time_cost=2) as it:
        pause = Pause(it, monkeypatch)
        under_way = asyncio.create_task(it.login())
        await pause.reached.wait()
        await change_password(it, user_id)
        pause.released.set()
        await under_way
        assert (await it.token(EMAIL, NEW_PASSWORD)).status_code == 200
        assert (await it.token(EMAIL, PASSWORD)).status_code == 400


async def test_a_refresh_and_a_disabling_at_once_leave_nothing_alive(database_url: str) -> None:
    async with running(database_url) as it:
        user_id = uuid.UUID((await it.register()).json()["id"])
        tokens = [await it.signed_in() for _ in range(8)]
        refreshing = [asyncio.create_task(it.refresh(one["refresh_token"])) for one in tokens]
        await it.core.users.disable(user_id)
        for answer in await asyncio.gather(*refreshing):
            if answer.status_code == 200:
                assert (await it.principal(answer.json()["access_token"])).status_code == 401
                assert (await it.refresh(answer.json()["refresh_token"])).status_code == 400
        assert it.value("SELECT count(*) FROM gatepost_session WHERE revoked_at IS NULL") == 0
