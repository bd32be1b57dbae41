"""`principal.ended()` when the feed was silent for longer than its rows are kept."""

import asyncio

import pytest

from gatepost import Principal
from gatepost.core.changes.domain import MAX_SILENCE_S
from tests.harness import Running, eventually, query, running

pytestmark = pytest.mark.anyio


async def principal_by(it: Running, how: str) -> Principal:
    if how == "bearer":
        return await it.gate.authenticate((await it.enrolled())["access_token"])
    await it.register()
    await it.login()
    value = it.client.cookies.get(it.gate.web.session_cookie)
    assert value is not None
    return await it.gate.authenticate(value)


@pytest.mark.parametrize("how", ["bearer", "cookie"])
async def test_a_stream_is_over_after_a_silence_that_hid_the_end_of_its_session(database_url: str, how: str) -> None:
    async with running(database_url) as it:
        principal = await principal_by(it, how)
        index = it.core.feed.index
        stream = asyncio.create_task(principal.ended())

        async def is_waiting() -> bool:
            return principal.session_id in index._waiting

        await eventually(is_waiting)
        query(database_url, "UPDATE gatepost_session SET revoked_at = 1")  # its row of the feed came and went unread
        index.note_silence(MAX_SILENCE_S + 1)
        await asyncio.wait_for(stream, 5)
