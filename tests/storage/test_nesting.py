"""A write inside a transaction of ours is refused; what a listener merely starts may write when that is over."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from gatepost.events import UserRegistered
from tests.harness import Running, running

pytestmark = pytest.mark.anyio
Write = Callable[[Running, uuid.UUID], Awaitable[object]]


async def grant(it: Running, user_id: uuid.UUID) -> object:
    return await it.gate.users.grant_role(user_id, "member")


async def end(it: Running, user_id: uuid.UUID) -> object:
    return await it.gate.sessions.end(uuid.uuid4(), user_id)


@pytest.mark.parametrize("write", [grant, end])
async def test_a_task_begun_in_a_listener_may_write_after_the_commit(database_url: str, write: Write) -> None:
    async with running(database_url) as it:
        committed = asyncio.Event()
        tasks: list[asyncio.Task[object]] = []

        async def later(user_id: uuid.UUID) -> object:
            await committed.wait()
            return await write(it, user_id)

        @it.gate.on(UserRegistered, within=True)
        async def begin(event: UserRegistered, connection: AsyncConnection) -> None:
            tasks.append(asyncio.create_task(later(event.user_id)))

        assert (await it.register()).status_code == 201
        committed.set()
        assert await asyncio.wait_for(tasks[0], 10) is (write is grant)
        assert it.value("SELECT count(*) FROM gatepost_user_role") == (1 if write is grant else 0)


async def directly(write: Awaitable[object]) -> None:
    await write


async def gathered(write: Awaitable[object]) -> None:
    await asyncio.gather(write)


async def deeper(write: Awaitable[object]) -> None:
    await asyncio.gather(gathered(write))


@pytest.mark.parametrize("write", [grant, end])
@pytest.mark.parametrize("way", [directly, gathered, deeper])
async def test_a_write_that_the_transaction_waits_for_is_refused(
    database_url: str, write: Write, way: Callable[[Awaitable[object]], Awaitable[None]]
) -> None:
    async with running(database_url) as it:
        refused: list[str] = []

        @it.gate.on(UserRegistered, within=True)
        async def nested(event: UserRegistered, connection: AsyncConnection) -> None:
            with pytest.raises(RuntimeError, match="within a transaction of Gatepost") as error:
                await asyncio.wait_for(way(write(it, event.user_id)), 10)
            refused.append(str(error.value))

        assert (await it.register()).status_code == 201
        assert len(refused) == 1
