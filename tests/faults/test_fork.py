"""A child of a process that serves holds its parent's connections and knowledge, and may use neither."""

import asyncio
import os
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gatepost.kernel.errors import Unavailable
from tests.harness import Running, running

pytestmark = pytest.mark.anyio


async def in_child(ask: Callable[[], Awaitable[Any]]) -> str:
    """Fork, ask in a new event loop of the child, and return how that ended: the name of its error, or `served`."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            asyncio.events._set_running_loop(None)
            asyncio.new_event_loop().run_until_complete(asyncio.wait_for(ask(), 10))
            outcome = "served"
        except BaseException as error:  # noqa: BLE001 - the child says what it was, and must not run on
            outcome = type(error).__name__
        os.write(writing, outcome.encode())
        os._exit(0)
    os.close(writing)
    try:
        return (await asyncio.to_thread(os.read, reading, 100)).decode()
    finally:
        os.close(reading)
        await asyncio.to_thread(os.waitpid, pid, 0)


def questions(it: Running, token: str, cookie: str) -> dict[str, Callable[[], Awaitable[Any]]]:
    return {
        "bearer": lambda: it.gate.authenticate(token),
        "cookie": lambda: it.gate.authenticate(cookie),
        "users": it.core.users.page,
        "write": lambda: it.core.users.sign_out_everywhere(uuid.uuid4()),
        "feed": it.core.feed.freshen,
    }


async def test_the_child_of_a_started_gate_does_not_serve(database_url: str) -> None:
    async with running(database_url) as it:
        token = (await it.enrolled())["access_token"]
        cookie = (await it.login()).cookies["gatepost"]
        it.client.cookies.clear()
        for credential in (token, cookie):
            assert (await it.gate.authenticate(credential)).amr == ("pwd",)
        for name, ask in questions(it, token, cookie).items():
            assert (name, await in_child(ask)) == (name, Unavailable.__name__)

        assert it.core.feed.is_fresh(), "the parent goes on"
        assert (await it.principal(token)).status_code == 200
        assert (await it.logout(token)).status_code == 204
        assert (await it.principal(token)).status_code == 401


async def test_a_child_that_starts_a_gate_of_its_own_serves(database_url: str) -> None:
    async with running(database_url) as it:
        token = (await it.enrolled())["access_token"]

        async def serve() -> None:
            async with running(database_url) as fresh:
                assert (await fresh.principal(token)).status_code == 200

        assert await in_child(serve) == "served"
        assert (await it.principal(token)).status_code == 200
