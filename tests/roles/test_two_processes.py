"""A permission that one process takes from a role is gone in every other within the bound, at no one's sign-in."""

import asyncio
import time

import httpx2
import pytest

from tests.harness import EMAIL, PASSWORD, Caller, bearer, running, served

pytestmark = pytest.mark.anyio
BOUND_S = 1.0
WRITE = "todo:write"


async def seconds_until(client: httpx2.AsyncClient, headers: dict[str, str], wanted: int, before: int) -> float:
    began = time.perf_counter()
    while (status := (await client.get("/writers", headers=headers)).status_code) != wanted:
        assert status == before
        assert time.perf_counter() - began < 3 * BOUND_S, "it does not take effect at all"
    return time.perf_counter() - began


async def test_a_permission_taken_in_one_process_is_gone_in_the_other(database_url: str) -> None:
    with served(database_url) as processes:
        async with processes[0].client() as client, running(database_url) as house:
            roles, other, times = house.gate.roles, Caller(client), []
            await roles.define("editor", "", [WRITE])
            await house.gate.create_user(email=EMAIL, password=PASSWORD, roles=["editor"])
            token = bearer((await other.signed_in())["access_token"])
            cookie = {"Cookie": f"gatepost={(await other.login()).cookies['gatepost']}"}
            client.cookies.clear()
            for headers in (token, cookie) * 3:
                assert (await client.get("/writers", headers=headers)).status_code == 200
                await roles.define("editor", "", [])
                times.append(await seconds_until(client, headers, 403, 200))
                await roles.define("editor", "", [WRITE])
                times.append(await seconds_until(client, headers, 200, 403))
            assert await roles.delete("editor")
            times.append(await seconds_until(client, token, 401, 403))
            assert max(times) < BOUND_S, times


async def test_requests_meanwhile_see_the_old_permissions_or_the_new_ones(database_url: str) -> None:
    async with running(database_url) as one, running(database_url) as other:
        await one.gate.roles.define("editor", "", [WRITE])
        await one.gate.create_user(email=EMAIL, password=PASSWORD, roles=["editor"])
        token = bearer((await one.signed_in())["access_token"])

        async def change() -> None:
            for number in range(10):
                await one.gate.roles.define("editor", "", [WRITE] if number % 2 else [])

        async def ask() -> set[int]:
            return {(await other.client.get("/writers", headers=token)).status_code for _ in range(100)}

        changing = asyncio.create_task(change())
        seen = await asyncio.gather(*(ask() for _ in range(4)))
        await changing
        assert set[int]().union(*seen) <= {200, 403}
        assert (await one.client.get("/writers", headers=token)).status_code == 200
