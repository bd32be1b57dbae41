"""A Gatepost that knows a stand-in, and a person who goes there and comes back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx2

from tests.harness import Running, running
from tests.presets.stand_in import StandIn, standing_in

_S = TypeVar("_S", bound=StandIn)
BROWSER = {"accept": "text/html"}


@asynccontextmanager
async def house(database_url: str, *known: StandIn, **changes: Any) -> AsyncIterator[Running]:  # noqa: ANN401 - settings
    """Run a Gatepost that knows these stand-ins; `more` are settings of every one of them."""
    more = changes.pop("more", {})
    providers = {one.name: {**one.settings(), **more} for one in known}
    opened = {"providers": providers, "outbound_dangerously_reaches_loopback": True, "raises": False}
    async with running(database_url, **{**opened, **changes}) as it:
        yield it


@asynccontextmanager
async def at(kind: type[_S], database_url: str, **changes: Any) -> AsyncIterator[tuple[Running, _S]]:  # noqa: ANN401
    """Run a Gatepost and the one provider that it knows."""
    async with standing_in(kind) as there, house(database_url, there, **changes) as it:
        yield it, there


async def begin(browser: httpx2.AsyncClient, name: str) -> str:
    """Begin to sign in; return where the browser is sent."""
    begun = await browser.get(f"/auth/login/{name}", params={"return_to": "/home"})
    assert begun.status_code == 303, begun.text
    return begun.headers["location"]


async def sign_in(browser: httpx2.AsyncClient, there: StandIn) -> httpx2.Response:
    """Go to the provider and come back; return what the callback answers at last."""
    arrival = await there.consent(await begin(browser, there.name))
    return await arrival.deliver(browser)
