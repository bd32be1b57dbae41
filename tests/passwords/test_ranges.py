"""The range service: what it is asked, what is believed, and one bounded outcome for all that goes wrong with it."""

import asyncio
import gzip
import tracemalloc

import pytest

from gatepost.core.passwords.errors import RangeUnavailable
from gatepost.core.passwords.ranges import RangeService
from gatepost.kernel.clock import Clock
from tests.backends import free_port
from tests.passwords.hostile import Answer, digest, endless, knowing, service, silent, slow, text

pytestmark = pytest.mark.anyio
STOLEN = "stolen from somewhere"


async def test_it_is_asked_for_five_digits_of_a_hash_and_nothing_of_the_password() -> None:
    async with service(knowing(STOLEN)) as other:
        ranges = RangeService(other.url, 2, Clock())
        assert await ranges.holds(STOLEN)
        assert not await ranges.holds("another password of nobody")
        await ranges.close()
    head = other.requests[0]
    assert head.splitlines()[0] == f"GET /range/{digest(STOLEN)[:5]} HTTP/1.1"
    assert "add-padding: true" in head.lower()
    assert digest(STOLEN)[5:10] not in head
    assert "stolen" not in head


async def test_padding_with_the_same_suffix_is_no_finding() -> None:
    async with service(knowing(STOLEN, count=0)) as other:
        ranges = RangeService(other.url, 2, Clock())
        assert not await ranges.holds(STOLEN)
        await ranges.close()


async def test_lower_case_digits_are_found() -> None:
    async with service(text(f"{digest(STOLEN)[5:].lower()}:7\n")) as other:
        ranges = RangeService(other.url, 2, Clock())
        assert await ranges.holds(STOLEN)
        await ranges.close()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (text("", "500 Internal Server Error"), "500"),
        (text("", "429 Too Many Requests"), "429"),
        (text("", "302 Found", "Location: http://127.0.0.1:1/range/"), "302"),
        (text("<html>sign in to the wireless network</html>"), "not a list"),
        (text(""), "not a list"),
        (text(f"{digest(STOLEN)[5:]}"), "not a list"),
        (text(f"{digest(STOLEN)[5:]}:-1"), "not a list"),
        (text(f"{digest(STOLEN)[5:]}:1\n\n<p>more</p>"), "not a list"),
        (text("0" * 1_100_000), "too large"),
        (endless, "too large"),
        (silent, "too slow"),
        (slow, "too slow"),
    ],
    ids=[
        "an error",
        "too many requests",
        "a redirect",
        "a page",
        "nothing",
        "no count",
        "a negative count",
        "more than a list",
        "a large answer",
        "an endless answer",
        "silence",
        "drops",
    ],
)
async def test_whatever_goes_wrong_is_one_outcome_within_the_time(answer: Answer, reason: str) -> None:
    async with service(answer) as other:
        ranges = RangeService(other.url, 0.5, Clock())
        async with asyncio.timeout(5):
            with pytest.raises(RangeUnavailable, match=reason):
                await ranges.holds(STOLEN)
        assert len(other.requests) == 1
        await ranges.close()


async def test_a_service_that_is_not_there_is_that_outcome_too() -> None:
    ranges = RangeService(f"http://127.0.0.1:{free_port()}/range", 2, Clock())
    with pytest.raises(RangeUnavailable, match="reached"):
        await ranges.holds(STOLEN)
    await ranges.close()


async def test_a_small_answer_that_unpacks_to_a_large_one_is_not_unpacked() -> None:
    packed = gzip.compress(b"0" * 200_000_000)

    async def bomb(prefix: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed)
        await writer.drain()

    async with service(bomb) as other:
        ranges = RangeService(other.url, 2, Clock())
        tracemalloc.start()
        try:
            with pytest.raises(RangeUnavailable, match="encoding"):
                await ranges.holds(STOLEN)
            assert tracemalloc.get_traced_memory()[1] < 4_000_000
        finally:
            tracemalloc.stop()
        await ranges.close()


async def test_a_redirect_is_not_followed() -> None:
    async with service(knowing(STOLEN)) as inner:
        async with service(text("", "307 Temporary Redirect", f"Location: {inner.url}{digest(STOLEN)[:5]}")) as outer:
            ranges = RangeService(outer.url, 2, Clock())
            with pytest.raises(RangeUnavailable):
                await ranges.holds(STOLEN)
            await ranges.close()
        assert inner.requests == []


async def test_after_three_failures_it_is_left_alone_and_then_tried_by_one() -> None:
    clock = Clock()
    async with service(text("", "503 Service Unavailable")) as other:
        ranges = RangeService(other.url, 2, clock)
        for _ in range(10):
            with pytest.raises(RangeUnavailable):
                await ranges.holds(STOLEN)
        assert len(other.requests) == 3
        clock.advance(31)
        outcomes = await asyncio.gather(*(ranges.holds(STOLEN) for _ in range(10)), return_exceptions=True)
        assert all(isinstance(outcome, RangeUnavailable) for outcome in outcomes)
        assert len(other.requests) == 4
        other.answer = knowing(STOLEN)
        clock.advance(31)
        assert await ranges.holds(STOLEN)
        assert await ranges.holds(STOLEN)
        await ranges.close()
