"""`PATCH /auth/me` twice at once: what one of them wrote, the other does not take back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from gatepost import Gatepost, Profile
from tests.harness import Caller, Mails, asgi_client, bearer, guarded_app, settings

pytestmark = pytest.mark.anyio
PAIRS = 20


class Tourist(Profile):
    city: str = ""
    year: int = 0


@asynccontextmanager
async def owner(database_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    gate = Gatepost(settings(database_url), profile=Tourist, mailer=Mails())
    app = guarded_app(gate)
    async with app.router.lifespan_context(app), asgi_client(app) as client:
        client.headers.update(bearer((await Caller(client).enrolled())["access_token"]))
        yield client


async def change(client: httpx2.AsyncClient, body: dict[str, Any]) -> None:
    answer = await client.patch("/auth/me", json=body)
    assert answer.status_code == 200, answer.text


async def test_a_name_and_a_profile_written_at_once_both_stay(database_url: str) -> None:
    async with owner(database_url) as client:
        for number in range(PAIRS):
            await asyncio.gather(
                change(client, {"full_name": f"Ada {number}"}),
                change(client, {"profile": {"city": f"Turin {number}"}}),
            )
            me = (await client.get("/auth/me")).json()
            assert (me["full_name"], me["profile"]["city"]) == (f"Ada {number}", f"Turin {number}")


async def test_two_fields_of_the_profile_written_at_once_both_stay(database_url: str) -> None:
    async with owner(database_url) as client:
        for number in range(1, PAIRS + 1):
            await asyncio.gather(
                change(client, {"profile": {"year": number}}),
                change(client, {"profile": {"city": f"Turin {number}"}}),
            )
            assert (await client.get("/auth/me")).json()["profile"] == {"city": f"Turin {number}", "year": number}


async def test_many_at_once_lose_nothing(database_url: str) -> None:
    async with owner(database_url) as client:
        bodies: list[dict[str, Any]] = [{"full_name": "Ada"}, {"profile": {"city": "Turin"}}]
        await asyncio.gather(*[change(client, body) for _ in range(PAIRS) for body in bodies])
        me = (await client.get("/auth/me")).json()
        assert (me["full_name"], me["profile"]["city"]) == ("Ada", "Turin")
