"""Somebody signs in with a provider, step by step or at once, in a browser or in an application."""

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2

from gatepost.core.federation.domain import challenge_of
from gatepost.kernel.clock import Clock
from tests.harness import Running, running
from tests.social.upstream import Upstream

APP = "com.example.app:/callback"
WEB_APP = "https://app.example/callback"


@asynccontextmanager
async def house(
    database_url: str,
    upstream: Upstream,
    *,
    clock: Clock | None = None,
    provider: dict[str, object] | None = None,
    **changes: object,
) -> AsyncIterator[Running]:
    """Run a Gatepost that knows the provider as `acme`."""
    settings: dict[str, Any] = {
        "providers": {"acme": upstream.settings(**(provider or {}))},
        "outbound_dangerously_reaches_loopback": True,
        "redirect_uris": (APP, WEB_APP),
        **changes,
    }
    async with running(database_url, clock=clock, **settings) as it:
        yield it


def query_of(url: str) -> dict[str, str]:
    """Return the parameters of an address."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def path_of(url: str) -> str:
    """Return an address of ours as the tests' client sends it."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


async def begin(browser: httpx2.AsyncClient, provider: str = "acme", **said: str) -> httpx2.Response:
    """Press the button."""
    return await browser.get(f"/auth/login/{provider}", params=said)


async def sent(browser: httpx2.AsyncClient, provider: str = "acme", **said: str) -> str:
    """Press the button, and return where the browser is sent."""
    response = await begin(browser, provider, **said)
    assert response.status_code == 303, response.text
    return str(response.headers["location"])


async def sign_in(browser: httpx2.AsyncClient, upstream: Upstream, **said: str) -> httpx2.Response:
    """Go there and back; return the answer of the callback."""
    return await browser.get(path_of(await upstream.answer(await sent(browser, **said))))


async def who(browser: httpx2.AsyncClient) -> dict[str, Any] | None:
    """Return who is signed in in a browser."""
    response = await browser.get("/auth/me")
    return response.json() if response.status_code == 200 else None


class App:
    """An application that begins a sign-in in a browser, and redeems the code."""

    def __init__(self, it: Running, redirect_uri: str = APP) -> None:
        self.it = it
        self.redirect_uri = redirect_uri
        self.verifier = secrets.token_urlsafe(48)
        self.state = secrets.token_urlsafe(8)

    @property
    def request(self) -> dict[str, str]:
        """What the browser is opened with."""
        return {
            "redirect_uri": self.redirect_uri,
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
            "state": self.state,
        }

    async def answered(self, upstream: Upstream, **more: str) -> dict[str, str]:
        """Sign in, and return what the application is told."""
        async with self.it.browser() as browser:
            response = await sign_in(browser, upstream, **{**self.request, **more})
        assert response.status_code == 303, response.text
        location = response.headers["location"]
        assert location.startswith(self.redirect_uri)
        said = query_of(location)
        assert said["state"] == self.state
        assert said["iss"] == "http://localhost:8000"
        return said

    async def code(self, upstream: Upstream, **more: str) -> str:
        return (await self.answered(upstream, **more))["code"]

    async def redeem(self, code: str, **changes: str | None) -> httpx2.Response:
        """Exchange a code for tokens."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": self.verifier,
            "redirect_uri": self.redirect_uri,
            **changes,
        }
        async with self.it.browser() as client:
            sent = {name: value for name, value in form.items() if value is not None}
            return await client.post("/auth/token", data=sent)


def refusals(it: Running) -> list[str]:
    """Return the reasons, or else the codes, of what was refused, oldest first; none holds what a provider wrote."""
    rows = it.rows("SELECT detail FROM gatepost_audit WHERE event = 'identity.refused' ORDER BY at, id")
    details = [json.loads(row[0]) for row in rows]
    return [str(detail.get("reason", detail.get("code"))) for detail in details]
