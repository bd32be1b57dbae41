"""A sign-in and a logout at the provider at once: whichever comes second sees the first."""

import asyncio
from collections.abc import Callable, Coroutine
from time import time
from typing import Any

import pytest

from gatepost.core.identities import store
from gatepost.core.identities.domain import Entered
from gatepost.core.identities.logout import KEEP_MS
from gatepost.kernel.errors import LoginFailed
from gatepost.storage.unit_of_work import UnitOfWork, nothing
from gatepost.trust.logout_tokens import LogoutToken
from tests.harness import query, running
from tests.identities.elsewhere import (
    HERE,
    ISSUER,
    OTHER_ISSUER,
    SUBJECT,
    access,
    account,
    counts,
    enter,
    made,
    redeemed,
    wanted,
)

pytestmark = pytest.mark.anyio
_jtis = iter(range(10**6))


def token(*, subject: str | None = SUBJECT, sid: str | None = None, issuer: str = ISSUER) -> LogoutToken:
    """Return a logout token that is verified already."""
    return LogoutToken(
        issuer=issuer, subject=subject, session_id=sid, jti=f"jti-{next(_jtis)}", expires_at=time() + 120
    )


@pytest.mark.parametrize("sid", [None, "there"])
async def test_a_sign_in_that_a_logout_has_overtaken_opens_nothing(database_url: str, sid: str | None) -> None:
    async with running(database_url) as it:
        back = redeemed(it, sid=sid)
        assert await it.core.identities.log_out(token(sid=sid), HERE)
        with pytest.raises(LoginFailed):
            await it.core.identities.enter(back, wanted())
        assert counts(it) == (0, 0, 0)
        assert it.value("SELECT count(*) FROM gatepost_audit WHERE event = 'identity.refused'") == 1
        it.clock.advance(1)
        if sid is None:
            assert await access(it, await enter(it)) == 200  # who signs in there anew
        assert await access(it, await enter(it, sid="another")) == 200


async def test_a_code_that_a_logout_has_overtaken_opens_nothing(database_url: str) -> None:
    async with running(database_url) as it:

        async def within(_: UnitOfWork, __: Entered) -> None:
            """Issue a code."""

        entered = await it.core.identities.enter_app(redeemed(it, sid="there"), HERE, within=within)
        assert await it.core.identities.log_out(token(sid="there", subject=None), HERE)
        with pytest.raises(LoginFailed):
            await it.core.identities.open_app(entered, wanted(), within=nothing, then=_nothing)
        assert counts(it)[2] == 0


async def test_a_code_of_an_account_that_was_disconnected_opens_nothing(database_url: str) -> None:
    async with running(database_url) as it:
        user_id = await made(it, verified=True)
        entered = await it.core.identities.enter_app(redeemed(it), HERE, within=_nothing)
        await it.core.identities.unlink(user_id, entered.identity_id, HERE)
        with pytest.raises(LoginFailed):
            await it.core.identities.open_app(entered, wanted(), within=nothing, then=_nothing)
        assert counts(it) == (1, 0, 0)


async def test_another_issuer_s_logout_ends_nothing(database_url: str) -> None:
    async with running(database_url) as it:
        opened = await enter(it, sid="there")
        for subject, sid in ((SUBJECT, None), (None, "there"), (SUBJECT, "there")):
            assert await it.core.identities.log_out(token(subject=subject, sid=sid, issuer=OTHER_ISSUER), HERE)
        assert await access(it, opened) == 200
        assert await access(it, await enter(it, account(), sid="there")) == 200


async def test_a_session_whose_place_there_is_unknown_ends_with_any_of_its_owner(database_url: str) -> None:
    async with running(database_url) as it:
        nameless, named = await enter(it), await enter(it, sid="mine")
        assert await it.core.identities.log_out(token(sid="other"), HERE)
        assert await access(it, nameless) == 401
        assert await access(it, named) == 200


@pytest.mark.parametrize("holds", ["sign-in", "logout", "logout that looked"])
async def test_of_a_sign_in_and_a_logout_at_once_no_session_is_left(
    database_url: str, monkeypatch: pytest.MonkeyPatch, holds: str
) -> None:
    """Each is held in the middle of its transaction while the other one begins."""
    async with running(database_url) as it:
        await enter(it, sid="before")
        reached, released = asyncio.Event(), asyncio.Event()
        held = {"sign-in": store.note_session, "logout": store.note_logout, "logout that looked": store.sessions_there}
        run = UnitOfWork.run

        async def hold(self: UnitOfWork, which: Any, **values: Any) -> Any:  # noqa: ANN401
            rows = await run(self, which, **values)
            if which is held[holds] and not reached.is_set():
                reached.set()
                await released.wait()
            return rows

        monkeypatch.setattr(UnitOfWork, "run", hold)
        calls: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
            "sign-in": lambda: enter(it, sid="there"),
            "logout": lambda: it.core.identities.log_out(token(sid="there", subject=None), HERE),
        }
        first = asyncio.create_task(calls.pop(holds.split(" ", maxsplit=1)[0])())
        await reached.wait()
        second = asyncio.create_task(next(iter(calls.values()))())
        await asyncio.sleep(0.2)  # it waits, or has passed
        released.set()
        results = await asyncio.gather(first, second, return_exceptions=True)
        assert [r for r in results if isinstance(r, BaseException) and not isinstance(r, LoginFailed)] == []
        open_there = query(
            database_url,
            "SELECT count(*) FROM gatepost_session s JOIN gatepost_identity_session i ON i.session_id = s.id "
            "WHERE i.upstream_sid = 'there' AND s.revoked_at IS NULL",
        )
        assert open_there == [(0,)]


async def test_logouts_are_forgotten_when_nothing_can_come_too_late_any_more(database_url: str) -> None:
    async with running(database_url) as it:
        assert await it.core.identities.log_out(token(), HERE)
        assert await it.core.identities.prune() == 0
        it.clock.advance(KEEP_MS / 1000 + 1)
        assert await it.core.identities.prune() == 1


async def _nothing(_: UnitOfWork, __: object) -> None:
    """Add nothing."""
