"""A Gatepost that signs people in with the certified provider, and the way there and back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from tests.harness import Running, running
from tests.issuers.example_id import GRACE
from tests.issuers.provider import ADA, OidcProvider, client, secret_of
from tests.social.visit import APP, path_of, sent

CALLBACK = "http://localhost:8000/auth/callback/example"


@asynccontextmanager
async def house(
    database_url: str,
    upstream: OidcProvider,
    authentication: str = "client_secret_basic",
    *,
    is_up: bool = True,
    **more: object,
) -> AsyncIterator[Running]:
    """Run a Gatepost that knows the provider as `example`.

    Args:
        database_url: its database.
        upstream: the provider, which learns its client and two accounts.
        authentication: how the client proves itself there.
        is_up: whether the provider answers when Gatepost starts.
        more: settings of the provider.
    """
    upstream.change(clients=[client("todo", CALLBACK, authentication=authentication)], accounts=[ADA, GRACE])
    provider: dict[str, object] = {
        "preset": "oidc",
        "issuer": upstream.issuer,
        "client_id": "todo",
        "client_authentication": authentication,
        **more,
    }
    if authentication != "none":
        provider["client_secret"] = secret_of("todo")
    settings: dict[str, Any] = {
        "providers": {"example": provider},
        "outbound_dangerously_reaches_loopback": True,
        "redirect_uris": (APP,),
    }
    if not is_up:
        await asyncio.to_thread(upstream.stop)
    async with running(database_url, **settings) as it:
        yield it


async def answer(browser: httpx2.AsyncClient, upstream: OidcProvider, account: str = ADA["sub"], **said: str) -> str:
    """Go to the provider and sign in there; return the callback as our client sends it."""
    return await answer_to(upstream, await sent(browser, "example", **said), account)


async def answer_to(upstream: OidcProvider, location: str, account: str | None = ADA["sub"]) -> str:
    async with upstream.browser() as person:
        return path_of(await upstream.sign_in(person, location, account))


async def sign_in(
    browser: httpx2.AsyncClient, upstream: OidcProvider, account: str = ADA["sub"], **said: str
) -> httpx2.Response:
    return await browser.get(await answer(browser, upstream, account, **said))
