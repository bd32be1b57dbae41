"""A stop always ends: background work that lost a cancellation is cancelled again."""

import asyncio

import pytest

from gatepost.kernel.tasks import end_tasks
from tests.harness import running

pytestmark = pytest.mark.anyio


async def test_a_task_that_loses_its_first_cancellation_is_ended_all_the_same() -> None:
    lost = 0
    begun = asyncio.Event()

    async def swallow() -> None:
        nonlocal lost
        while True:
            try:
                begun.set()
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                if lost:
                    raise
                lost += 1

    task = asyncio.create_task(swallow())
    await begun.wait()
    async with asyncio.timeout(5):
        await end_tasks([task])
    assert (task.cancelled(), lost) == (True, 1)


async def test_tasks_that_have_failed_are_no_trouble_at_the_end() -> None:
    async def fail() -> None:
        raise RuntimeError("long ago")

    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    await end_tasks([task])
    assert task.done()


async def test_starts_and_stops_in_a_row_never_hang(database_url: str) -> None:
    """With `asyncio.wait_for` in the feed's loop, one stop of about ten never ended (Python 3.11)."""
    async with asyncio.timeout(40):
        for _ in range(12):
            async with running(database_url) as it:
                it.clock.advance(0.5)
                await it.client.get("/principal")
