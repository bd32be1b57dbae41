"""A service with `ResourceServer` follows by itself where it is known, says where it is not, and never fails open."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from gatepost import CurrentPrincipal, ResourceServer
from gatepost.kernel.errors import ConfigurationError
from tests.harness import Caller, ServedProcess, asgi_client, bearer, eventually
from tests.revocations.following import BOUND, CLIENT, SECRET, serving_by_its_own_name

pytestmark = pytest.mark.anyio


class Service:
    """A service in this process."""

    def __init__(self, server: ResourceServer, client: httpx2.AsyncClient) -> None:
        self.server, self.client = server, client

    async def read(self, token: str) -> int:
        return (await self.client.get("/mine", headers=bearer(token))).status_code


@asynccontextmanager
async def service_of(issuer: str, **options: Any) -> AsyncIterator[Service]:  # noqa: ANN401 - any option
    known: dict[str, Any] = {"client_id": CLIENT, "client_secret": SECRET, "revocation_bound": BOUND}
    server = ResourceServer(issuer, audience=issuer, dangerously_reaches_loopback=True, **{**known, **options})
    app = FastAPI()

    @app.get("/mine")
    async def mine(caller: CurrentPrincipal) -> str:
        return str(caller.user_id)

    server.install(app)
    async with app.router.lifespan_context(app), asgi_client(app) as client:
        yield Service(server, client)


@asynccontextmanager
async def signed_in(process: ServedProcess) -> AsyncIterator[tuple[Caller, str]]:
    async with process.client() as client:
        caller = Caller(client)
        await caller.register()
        yield caller, (await caller.signed_in())["access_token"]


async def test_a_service_that_is_known_follows_and_one_that_starts_later_knows(
    database_url: str, tmp_path: Path
) -> None:
    with serving_by_its_own_name(database_url, tmp_path) as process:
        async with signed_in(process) as (caller, token):
            async with service_of(process.url) as service:
                assert await service.read(token) == 200
                assert (await service.server.health()).is_ready
                assert (await caller.logout(token)).status_code == 204
                ended_at = time.monotonic()

                async def is_refused() -> bool:
                    return await service.read(token) == 401

                await eventually(is_refused, within=BOUND)
                assert time.monotonic() - ended_at < BOUND
            async with service_of(process.url) as later:
                assert await later.read(token) == 401


async def test_a_wrong_secret_lets_nobody_in(sqlite_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with serving_by_its_own_name(sqlite_url, tmp_path) as process:
        async with (
            signed_in(process) as (_, token),
            service_of(process.url, client_secret=f"{SECRET}x") as service,
        ):
            assert await service.read(token) == 503
            assert not (await service.server.health()).is_ready
            assert "GATEPOST_INTROSPECTION_CLIENTS" in caplog.text


async def test_without_a_secret_tokens_are_good_until_they_expire_and_the_start_says_so(
    sqlite_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving_by_its_own_name(sqlite_url, tmp_path) as process:
        async with (
            signed_in(process) as (caller, token),
            service_of(process.url, client_id=None, client_secret=None) as service,
        ):
            assert (await caller.logout(token)).status_code == 204
            assert await service.read(token) == 200

            async def is_said() -> bool:
                return "revocations are not followed" in caplog.text

            await eventually(is_said, within=5)


async def test_an_open_wait_for_the_end_returns_when_the_server_is_gone(sqlite_url: str, tmp_path: Path) -> None:
    with serving_by_its_own_name(sqlite_url, tmp_path) as process:
        async with signed_in(process) as (_, token), service_of(process.url) as service:
            principal = await service.server.authenticate(token)
            waiting = asyncio.create_task(principal.ended())
            await asyncio.sleep(0.2)
            assert not waiting.done()
            await asyncio.to_thread(process.kill)
            async with asyncio.timeout(BOUND + 5):
                await waiting


@pytest.mark.parametrize("bound", [0, -1, 1.9, 51, float("nan"), float("inf")])
async def test_a_bound_that_cannot_be_kept_does_not_start(bound: float) -> None:
    with pytest.raises(ConfigurationError, match="revocation_bound"):
        async with service_of("http://127.0.0.1:1", revocation_bound=bound):
            pytest.fail("it started")


@pytest.mark.parametrize("leeway", [-1, 61, 3600, float("nan"), float("inf")])
async def test_a_leeway_by_which_dead_tokens_would_outlive_their_revocation_does_not_start(leeway: float) -> None:
    with pytest.raises(ConfigurationError, match="leeway"):
        async with service_of("http://127.0.0.1:1", leeway=leeway):
            pytest.fail("it started")
