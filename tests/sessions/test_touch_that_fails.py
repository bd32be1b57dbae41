"""Noting that a cookie session is used: while it cannot be written, hardly anybody tries, and nobody is refused."""

import pytest

from gatepost.kernel.errors import Unavailable
from gatepost.storage.statement import Row, Step
from tests.harness import running

pytestmark = pytest.mark.anyio


async def test_a_touch_that_fails_is_not_tried_again_within_a_minute(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Used after a quarter of its idle time; short, so that no step of the clock is a silence of the feed.
    async with running(database_url, session_idle=400) as it:
        await it.register()
        await it.login()
        assert (await it.client.get("/principal")).status_code == 200
        seen = it.value("SELECT seen_at FROM gatepost_session")
        tries: list[int] = []

        async def fail(*steps: Step) -> list[list[Row]]:
            tries.append(len(steps))
            raise Unavailable("disk full")

        with monkeypatch.context() as broken:
            broken.setattr(it.core.database.hot, "run", fail)
            it.clock.advance(110)
            for round_ in (1, 2):
                for _ in range(10):
                    assert (await it.client.get("/principal")).status_code == 200
                assert len(tries) == round_
                it.clock.advance(61)
        assert (await it.client.get("/principal")).status_code == 200
        assert it.value("SELECT seen_at FROM gatepost_session") > seen
