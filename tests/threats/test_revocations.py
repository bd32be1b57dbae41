"""Revocations for other services: who is told, and what somebody could make a service believe."""

import asyncio
import gzip
import logging
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gatepost.kernel.clock import Clock
from gatepost.kernel.revocations import MAX_LINE_BYTES, MAX_PARTS
from gatepost.trust import revocations
from gatepost.trust.issuer import IssuerUnavailable
from gatepost.trust.revocations import Revocations
from tests.harness import eventually
from tests.revocations.following import BOUND, ISSUER, SECRET, following
from tests.revocations.liar import OK, beat, honest, lying, snapshot
from tests.threats.lab import CLIENT_SECRET, Lab, basic, bearer, cookie, running

pytestmark = pytest.mark.anyio
PATH = "/auth/revocations"


async def refused(lab: Lab, *headers: tuple[str | bytes, str | bytes], path: str = PATH) -> bool:
    answer = await lab.send("GET", path, headers=headers)
    assert answer.status in {401, 405}, answer
    assert b"snapshot" not in answer.body
    return answer.status == 401


async def test_nobody_but_a_known_client_is_told_of_revocations(lab: Lab) -> None:
    assert await refused(lab)
    for name, secret in (
        ("api", "wrong"),
        ("api", ""),
        ("api", CLIENT_SECRET[:-1]),
        ("api", f"{CLIENT_SECRET} "),
        ("api", CLIENT_SECRET.upper()),
        ("other", CLIENT_SECRET),
        ("", CLIENT_SECRET),
        ("", ""),
        ("API", CLIENT_SECRET),
        ("api\x00", CLIENT_SECRET),
    ):
        assert await refused(lab, basic(name, secret)), (name, secret)
    for value in (b"Basic", b"Basic ", b"Basic !!!", b"Basic \xff\xfe", b"Basic YXBp", b"Bearer x", b"Digest x"):
        assert await refused(lab, ("authorization", value)), value
    assert await refused(lab, basic("api", CLIENT_SECRET), basic("api", CLIENT_SECRET)), "two of them"
    assert await refused(lab, path=f"{PATH}?client_id=api&client_secret={CLIENT_SECRET}")


async def test_what_a_user_holds_never_opens_the_stream(lab: Lab) -> None:
    admin = await lab.person(roles=["admin"])
    token = (await lab.token(admin))["access_token"]
    assert await refused(lab, bearer(token))
    assert await refused(lab, cookie(await lab.login(admin)))
    assert await refused(lab, basic("api", token))


async def test_a_secret_of_a_client_is_not_guessed_for_long(tmp_path: Path) -> None:
    async with running(tmp_path, budgets={"revocations.address": "5/3600"}) as lab:
        statuses = [(await lab.send("GET", PATH, headers=[basic("api", f"{n}")])).status for n in range(8)]
        assert statuses == [401] * 5 + [429] * 3
        right = await lab.send("GET", PATH, headers=[basic("api", CLIENT_SECRET)])
        assert right.status == 429, "nor is the right one taken then"


async def test_without_clients_in_the_settings_nobody_is_told(tmp_path: Path) -> None:
    async with running(tmp_path, introspection_clients={}) as lab:
        for pair in (("", ""), ("api", ""), ("api", CLIENT_SECRET)):
            assert await refused(lab, basic(*pair))


async def test_a_nonce_that_is_none_is_refused_and_not_repeated(lab: Lab) -> None:
    for nonce in ("%0d%0aevent:%20beat", "a" * 65, "%22", "%00"):
        answer = await lab.send("GET", f"{PATH}?nonce={nonce}", headers=[basic("api", CLIENT_SECRET)])
        assert answer.status == 400
        assert b"event" not in answer.body


async def test_metadata_is_made_of_the_settings_and_never_of_the_request(lab: Lab) -> None:
    for path in ("/.well-known/oauth-authorization-server", "/auth/.well-known/oauth-authorization-server"):
        headers = [("host", "evil.example"), ("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example")]
        answer = await lab.send("GET", path, headers=headers)
        assert answer.status == 200
        assert b"evil" not in answer.body
        assert answer.json()["gatepost_revocations"] == "https://localhost/auth/revocations"


# --- what a service is told


async def another_issuer(nonce: str) -> AsyncIterator[bytes]:
    yield OK + snapshot(nonce, issuer="https://evil.example") + beat()
    await asyncio.sleep(60)


async def another_request(_: str) -> AsyncIterator[bytes]:
    yield OK + snapshot("somebody-else-s") + beat()
    await asyncio.sleep(60)


async def the_future(nonce: str) -> AsyncIterator[bytes]:
    yield OK + snapshot(nonce) + beat(1_000_000.0)
    await asyncio.sleep(60)


async def beats_alone(_: str) -> AsyncIterator[bytes]:
    yield OK + beat()
    await asyncio.sleep(60)


async def no_beats(nonce: str) -> AsyncIterator[bytes]:
    yield OK + snapshot(nonce)
    await asyncio.sleep(60)


async def a_page(_: str) -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<!doctype html>\n<h1>Sign in to the Wi-Fi</h1>\n\n"
    await asyncio.sleep(60)


async def elsewhere(_: str) -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/auth/revocations\r\nContent-Length: 0\r\n\r\n"


async def no_more_than_a_word(_: str) -> AsyncIterator[bytes]:
    yield OK + b"event: sna"


async def never_a_whole_line(_: str) -> AsyncIterator[bytes]:
    yield OK + b"data: "
    while True:
        yield b"x" * 65_536


async def a_huge_event(nonce: str) -> AsyncIterator[bytes]:
    yield OK + snapshot(nonce) + b"event: part\ndata: " + b"[" * (2 * MAX_LINE_BYTES) + b"\n\n"
    await asyncio.sleep(60)


async def too_many_parts(nonce: str) -> AsyncIterator[bytes]:
    yield OK + snapshot(nonce).replace(b'"parts":0', b'"parts":%d' % (MAX_PARTS + 1)) + beat()
    await asyncio.sleep(60)


async def a_slow_drip(_: str) -> AsyncIterator[bytes]:
    yield OK
    while True:
        yield b":\n"
        await asyncio.sleep(0.05)


async def packed(nonce: str) -> AsyncIterator[bytes]:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n\r\n"
    yield head + gzip.compress(snapshot(nonce) + beat())
    await asyncio.sleep(60)


LIES: list[Callable[[str], AsyncIterator[bytes]]] = [
    another_issuer,
    another_request,
    the_future,
    beats_alone,
    no_beats,
    a_page,
    elsewhere,
    no_more_than_a_word,
    never_a_whole_line,
    a_huge_event,
    too_many_parts,
    a_slow_drip,
    packed,
]


async def until_fresh(feed: Revocations) -> None:
    async def is_fresh() -> bool:
        return feed.is_fresh()

    await eventually(is_fresh, within=15)


@pytest.mark.parametrize("lie", LIES)
async def test_a_server_that_lies_floods_or_stalls_makes_nothing_fresh_and_costs_little(
    lie: Callable[[str], AsyncIterator[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revocations, "_PART_WITHIN_S", 0.5)
    monkeypatch.setattr(revocations, "_BEGINS_WITHIN_S", 0.5)
    monkeypatch.setattr(revocations, "_REFUSED_PAUSE_S", 0.5)
    tracemalloc.start()
    try:
        async with lying(lie) as liar, following(liar.url) as feed:
            ends_at = time.monotonic() + 1.2
            while time.monotonic() < ends_at:
                assert not feed.is_fresh()
                await asyncio.sleep(0.01)
            with pytest.raises(IssuerUnavailable):
                await feed.freshen()
            assert len(liar.requests) >= 2, "it tries again"
            assert len(liar.requests) < 60, "and does not hammer"
            assert tracemalloc.get_traced_memory()[1] < 30_000_000
            liar.say = honest
            await until_fresh(feed)
    finally:
        tracemalloc.stop()


async def test_a_stream_that_goes_back_in_time_ends_and_proves_nothing_more() -> None:
    async def back(nonce: str) -> AsyncIterator[bytes]:
        yield OK + snapshot(nonce) + beat(999.0)
        yield beat(998.0)
        while True:
            yield beat(999.0)
            await asyncio.sleep(0.1)

    async with lying(back) as liar, following(liar.url):
        await asyncio.sleep(0.6)
        assert len(liar.requests) >= 2


async def test_a_refused_secret_stops_everything_and_says_the_cure(caplog: pytest.LogCaptureFixture) -> None:
    async def unauthorized(_: str) -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"

    async with lying(unauthorized) as liar, following(liar.url) as feed:

        async def is_asked() -> bool:
            return bool(caplog.records)

        await eventually(is_asked, within=5)
        with pytest.raises(IssuerUnavailable):
            await feed.freshen()
        [record] = [each for each in caplog.records if each.levelno == logging.CRITICAL]
        assert "GATEPOST_INTROSPECTION_CLIENTS" in record.getMessage()
        assert ISSUER in record.getMessage()
        assert SECRET not in caplog.text
        assert "nonce" not in caplog.text


async def test_a_client_s_secret_stands_in_its_header_alone() -> None:
    async with lying(honest) as liar, following(liar.url) as feed:
        await until_fresh(feed)
        target, _, rest = liar.requests[0].partition(b"\r\n")
        assert target.startswith(b"GET /auth/revocations?nonce=")
        assert b"secret" not in target
        assert b"authorization: basic " in rest.lower()
        assert SECRET not in repr(vars(feed))


async def test_a_server_that_lives_in_the_future_is_no_reason_to_believe_the_dead() -> None:
    clock = Clock()
    clock_behind = type("Behind", (Clock,), {"now_ms": lambda _: clock.now_ms() - 120_000})()
    async with lying(honest) as liar, following(liar.url, clock=clock_behind) as feed:
        await asyncio.sleep(BOUND / 2)
        assert not feed.is_fresh()
