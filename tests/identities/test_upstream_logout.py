"""A logout at a provider ends what stands on it here (OpenID Connect Back-Channel Logout 1.0)."""

import asyncio
import secrets
from collections.abc import Callable
from time import time
from typing import Any

import httpx2
import pytest

from gatepost.crypto import jwt
from gatepost.crypto.jwk import generate_key, load_key
from tests.harness import PASSWORD, Running, running
from tests.social.upstream import CLIENT, Upstream
from tests.social.visit import App, house, sign_in, who

pytestmark = pytest.mark.anyio
EVENT = "http://schemas.openid.net/event/backchannel-logout"
URL = "/auth/backchannel-logout/acme"


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
