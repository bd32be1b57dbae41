"""A logout at a provider ends what stands on it here (OpenID Connect Back-Channel Logout 1.0)."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from time import time
from typing import Any

import httpx2
import pytest

from gatepost.core.identities import store
from gatepost.core.identities.domain import Entered
from gatepost.core.identities.logout import KEEP_MS
from gatepost.crypto import jwt
from gatepost.crypto.jwk import generate_key, load_key
from gatepost.kernel.errors import LoginFailed
from gatepost.storage.unit_of_work import UnitOfWork, nothing
from gatepost.trust.logout_tokens import LogoutToken
from tests.harness import PASSWORD, Running, query, running
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
from tests.social.upstream import CLIENT, Upstream
from tests.social.visit import App, house, sign_in, who

pytestmark = pytest.mark.anyio
EVENT = "http://schemas.openid.net/event/backchannel-logout"
URL = "/auth/backchannel-logout/acme"
_jtis = iter(range(10**6))


def said(upstream: Upstream, **changes: object) -> str:
    """Return a logout token for every session of Ada; None takes a claim away."""
    now = int(time())
    claims: dict[str, Any] = {
        "iss": upstream.issuer,
        "aud": CLIENT,
        "iat": now,
        "exp": now + 120,
        "jti": secrets.token_hex(8),
        "sub": upstream.person["sub"],
        "events": {EVENT: {}},
        **changes,
    }
    present = {name: value for name, value in claims.items() if value is not None}
    return jwt.sign(present, upstream.key, typ="logout+jwt")


async def told(it: Running, token: str, url: str = URL) -> httpx2.Response:
    async with it.browser() as provider:
        return await provider.post(url, data={"logout_token": token})


def with_sid(sid: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda claims: {**claims, "sid": sid}


def token(*, subject: str | None = SUBJECT, sid: str | None = None, issuer: str = ISSUER) -> LogoutToken:
    """Return a logout token that is verified already."""
    return LogoutToken(
        issuer=issuer, subject=subject, session_id=sid, jti=f"jti-{next(_jtis)}", expires_at=time() + 120
    )


async def test_every_session_of_somebody_ends_in_every_process(database_url: str, upstream: Upstream) -> None:
    async with house(database_url, upstream) as it, house(database_url, upstream) as other, it.browser() as browser:
        await sign_in(browser, upstream)
        cookies = dict(browser.cookies)
        app = App(it)
        tokens = (await app.redeem(await app.code(upstream))).json()
        async with other.browser() as elsewhere:
            elsewhere.cookies.update(cookies)
            assert await who(elsewhere) is not None
            answer = await told(it, said(upstream))
            assert (answer.status_code, answer.content) == (200, b"")
            assert answer.headers["cache-control"] == "no-store"
            assert await who(browser) is None
            assert (await it.principal(tokens["access_token"])).status_code == 401
            assert (await it.refresh(tokens["refresh_token"])).status_code == 400
            await other.core.feed.freshen()
            assert await who(elsewhere) is None
            assert (await other.principal(tokens["access_token"])).status_code == 401
        assert it.value("SELECT count(*) FROM gatepost_audit WHERE event = 'session.upstream_logout'") == 1
        assert (await sign_in(browser, upstream)).status_code == 303
        assert await who(browser) is not None


async def test_one_session_there_is_one_session_here(database_url: str, upstream: Upstream) -> None:
    async with house(database_url, upstream) as it, it.browser() as one, it.browser() as two:
        upstream.id_token = with_sid("first")
        await sign_in(one, upstream)
        upstream.id_token = with_sid("second")
        await sign_in(two, upstream)
        assert (await told(it, said(upstream, sid="first", sub=None))).status_code == 200
        assert await who(one) is None
        assert await who(two) is not None
        assert (await told(it, said(upstream, sid="second"))).status_code == 200
        assert await who(two) is None


async def test_a_session_opened_another_way_stays(database_url: str, upstream: Upstream) -> None:
    async with house(database_url, upstream) as it, it.browser() as browser, it.browser() as other:
        await it.gate.create_user(email="ada@example.com", password=PASSWORD, email_verified=True)
        body = {"identifier": "ada@example.com", "password": PASSWORD}
        assert (await other.post("/auth/login", json=body)).status_code == 200
        await sign_in(browser, upstream)
        await told(it, said(upstream))
        assert await who(browser) is None
        assert await who(other) is not None


FORGERIES: dict[str, dict[str, object]] = {
    "another issuer": {"iss": "https://evil.example"},
    "another client": {"aud": "somebody-else"},
    "a nonce": {"nonce": "x"},
    "no event": {"events": None},
    "another event": {"events": {"http://schemas.openid.net/event/other": {}}},
    "an event that is no object": {"events": {EVENT: "yes"}},
    "no jti": {"jti": None},
    "nobody": {"sub": None},
    "a sid that is no text": {"sid": 7},
    "old": {"iat": int(time()) - 4000, "exp": int(time()) - 3000},
    "no iat": {"iat": None},
    "no exp": {"exp": None},
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_a_token_that_is_not_right_ends_nothing(sqlite_url: str, upstream: Upstream, name: str) -> None:
    async with house(sqlite_url, upstream) as it, it.browser() as browser:
        await sign_in(browser, upstream)
        answer = await told(it, said(upstream, **FORGERIES[name]))
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        assert answer.headers["cache-control"] == "no-store"
        assert await who(browser) is not None
        assert it.rows("SELECT * FROM gatepost_upstream_logout") == []


async def test_what_is_no_logout_token_ends_nothing(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream) as it, it.browser() as browser:
        await sign_in(browser, upstream)
        strange = load_key(generate_key("ES256"))
        now = int(time())
        id_token = {"iss": upstream.issuer, "aud": CLIENT, "sub": "ada-upstream", "iat": now, "exp": now + 60}
        whole = said(upstream)
        for text in (
            "",
            "x",
            "a.b.c",
            whole[:-4] + "AAAA",
            whole + ".",
            jwt.sign(id_token, upstream.key, typ="JWT"),
            jwt.sign({**id_token, "jti": "x", "events": {EVENT: {}}}, strange, typ="logout+jwt"),
            "x" * 60_000,
        ):
            answer = await told(it, text)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), text[:40]
        async with it.browser() as provider:
            assert (await provider.post(URL, json={"logout_token": whole})).status_code == 400
            assert (await provider.post(URL, content=b"\xff\xfe")).status_code == 400
            twice = [("logout_token", whole), ("logout_token", whole)]
            body = "&".join(f"{name}={value}" for name, value in twice)
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            assert (await provider.post(URL, content=body, headers=form)).status_code == 400
            assert (await provider.get(URL)).status_code == 405
        assert (await told(it, whole, "/auth/backchannel-logout/nobody")).status_code == 400
        assert await who(browser) is not None


async def test_a_logout_token_is_taken_once(database_url: str, upstream: Upstream) -> None:
    async with house(database_url, upstream) as it, it.browser() as browser:
        await sign_in(browser, upstream)
        token = said(upstream)
        answers = await asyncio.gather(*(told(it, token) for _ in range(8)))
        assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
        await sign_in(browser, upstream)
        assert (await told(it, token)).status_code == 400
        assert await who(browser) is not None


async def test_a_provider_that_signs_nothing_ends_nothing(sqlite_url: str) -> None:
    providers = {"github": {"client_id": "x", "client_secret": "y"}}
    async with running(sqlite_url, providers=providers) as it:
        answer = await told(it, "a.b.c", "/auth/backchannel-logout/github")
        assert answer.status_code == 400


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
