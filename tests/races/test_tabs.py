"""Twenty tabs of one browser share one refresh cookie; answers come late and out of order, and nobody is logged out.

Time is simulated: each leg of a request takes up to half the grace, the server decides when the request arrives, and
the browser stores the cookie when the answer does.
"""

import heapq
import itertools
import random
import time
from collections.abc import Callable

import pytest

from gatepost.kernel.clock import Clock
from tests.harness import EMAIL, PASSWORD, Running, running

pytestmark = pytest.mark.anyio

TABS = 20
GRACE = 10.0
COOKIE = "gatepost-refresh"


class Timeline:
    """Things that happen at times of their own; the clock of the server stands at the time of each."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = time.monotonic()
        self._numbers = itertools.count()
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self.now = 0.0

    def at(self, moment: float, happens: Callable[[], object]) -> None:
        heapq.heappush(self._due, (moment, next(self._numbers), happens))

    async def run(self) -> None:
        while self._due:
            self.now, _, happens = heapq.heappop(self._due)
            self._clock.offset_ms = round((self.now - (time.monotonic() - self._began)) * 1000)
            result = happens()
            if hasattr(result, "__await__"):
                await result


class Browser:
    """One cookie jar; each refresh carries what the jar holds when it is sent."""

    def __init__(self, it: Running, timeline: Timeline, cookie: str, chance: random.Random) -> None:
        self._it, self._timeline, self._chance = it, timeline, chance
        self.cookie = cookie
        self.statuses: list[int] = []

    def leg(self) -> float:
        return self._chance.choice([0.001, self._chance.uniform(0, GRACE / 2 - 0.1)])

    def send(self, there: float | None = None, back: float | None = None) -> None:
        """Send a refresh that takes so many seconds to the server and back, or a random time where none is given."""
        carried = self.cookie
        there, back = (self.leg() if leg is None else leg for leg in (there, back))
        self._timeline.at(self._timeline.now + there, lambda: self._arrive(carried, back))

    async def _arrive(self, carried: str, back: float) -> None:
        headers = {"Cookie": f"{COOKIE}={carried}"}
        answer = await self._it.client.post("/auth/token", data={"grant_type": "refresh_token"}, headers=headers)
        self.statuses.append(answer.status_code)
        set_to = answer.cookies.get(COOKIE)
        self._it.client.cookies.clear()
        if set_to is not None:
            self._timeline.at(self._timeline.now + back, lambda: self._store(set_to))

    def _store(self, cookie: str) -> None:
        self.cookie = cookie


async def signed_in(it: Running, chance: random.Random) -> tuple[Timeline, Browser]:
    await it.register()
    first = await it.token(EMAIL, PASSWORD, refresh_cookie="true")
    it.client.cookies.clear()
    timeline = Timeline(it.clock)
    return timeline, Browser(it, timeline, first.cookies[COOKIE], chance)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("pause", [1.0, 25.0, 900.0])
async def test_twenty_tabs_never_log_their_user_out(sqlite_url: str, seed: int, pause: float) -> None:
    chance = random.Random(seed)
    async with running(sqlite_url) as it:
        timeline, browser = await signed_in(it, chance)
        for _ in range(TABS):
            moments = itertools.accumulate(chance.expovariate(1 / pause) for _ in range(15))
            for moment in moments:
                timeline.at(moment, browser.send)
        await timeline.run()

        assert set(browser.statuses) == {200}
        assert it.value("SELECT generation FROM gatepost_session") >= 1
        timeline.at(timeline.now + 60, browser.send)
        await timeline.run()
        assert browser.statuses[-1] == 200
        assert it.value("SELECT count(*) FROM gatepost_audit WHERE event = 'session.reused'") == 0


async def test_a_slow_answer_to_a_retry_does_not_take_the_place_of_a_newer_token(database_url: str) -> None:
    async with running(database_url) as it:
        timeline, browser = await signed_in(it, random.Random(0))
        timeline.at(100.0, lambda: browser.send(0.0, 4.8))  # rotates; the answer arrives at 104.8
        timeline.at(104.7, lambda: browser.send(4.9, 4.9))  # a retry, at the end of the grace; arrives at 114.5
        timeline.at(110.5, lambda: browser.send(0.1, 0.1))  # after the grace: a rotation would arrive at 110.7
        timeline.at(200.0, lambda: browser.send(0.1, 0.1))
        timeline.at(300.0, lambda: browser.send(0.1, 0.1))
        await timeline.run()
        assert browser.statuses == [200] * 5
        assert it.value("SELECT count(*) FROM gatepost_audit WHERE event = 'session.retried'") == 1


async def test_an_answer_that_did_not_rotate_leaves_the_cookie_alone(database_url: str) -> None:
    """Else it could arrive after the cookie of a rotation and take its place."""
    async with running(database_url) as it:
        await it.register()
        first = await it.token(EMAIL, PASSWORD, refresh_cookie="true")
        assert "refresh_token" not in first.json()
        kept = await it.client.post("/auth/token", data={"grant_type": "refresh_token"})
        assert (kept.status_code, kept.cookies.get(COOKIE)) == (200, None)
        assert "refresh_token" not in kept.json()
        it.clock.advance(3 * GRACE)
        rotated = await it.client.post("/auth/token", data={"grant_type": "refresh_token"})
        assert rotated.status_code == 200
        assert rotated.cookies[COOKIE] != first.cookies[COOKIE]
