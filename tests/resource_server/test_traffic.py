"""Keys that change and issuers that go away under traffic; and what a request costs once a token has been seen."""

import asyncio
import itertools

import pytest

from gatepost import Issuer
from tests.resource_server.issuer import foreign, key_of, named
from tests.resource_server.service import serving
from tests.resource_server.shapes import PLAIN

pytestmark = pytest.mark.anyio
NUMBERS = itertools.count()


async def test_a_token_that_was_seen_asks_nobody() -> None:
    async with foreign() as issuer, serving(issuer.url) as service:
        token = issuer.token(PLAIN)
        assert await service.status(token) == 200
        asked = len(issuer.asked)
        assert {await service.status(token) for _ in range(50)} == {200}
        assert {await service.status(issuer.token({**PLAIN, "jti": str(number)})) for number in range(20)} == {200}
        assert len(issuer.asked) == asked == 2


async def test_keys_that_rotate_under_traffic_refuse_nobody() -> None:
    async with foreign() as issuer, serving(issuer.url, keys_refresh=100) as service:
        held: list[str] = []
        for turn in range(6):
            if turn:  # the new key is published together with the one before
                key, kid = key_of("RS256", turn % 3), f"k{turn}-{turn}"
                issuer.keys = [*issuer.keys[-1:], named(key, kid)]
                issuer.key, issuer.kid = key, kid
            held = [*held[-8:], *(issuer.token({**PLAIN, "exp": 4_000_000_000, "jti": _new()}) for _ in range(8))]
            assert await asyncio.gather(*(service.status(token) for token in held)) == [200] * len(held)
            service.clock.advance(60)


async def test_a_new_key_is_read_once_for_all_who_come_with_it() -> None:
    async with foreign() as issuer, serving(issuer.url) as service:
        issuer.key, issuer.kid = key_of("RS256", 1), "new"
        issuer.keys.append(named(issuer.key, "new"))
        tokens = [issuer.token({**PLAIN, "jti": _new()}) for _ in range(20)]
        assert await asyncio.gather(*(service.status(token) for token in tokens)) == [200] * 20
        assert issuer.asked.count("/keys") == 2


async def test_an_outage_under_traffic_refuses_nobody_who_is_good() -> None:
    async with foreign() as issuer, serving(issuer.url, keys_refresh=10) as service:
        tokens = [issuer.token({**PLAIN, "exp": 4_000_000_000, "jti": _new()}) for _ in range(40)]
        for number in range(0, 40, 4):
            if number == 8:
                await issuer.stop()
            if number == 28:
                await issuer.start()
            answers = await asyncio.gather(*(service.status(token) for token in tokens[: number + 4]))
            assert answers == [200] * (number + 4)
            service.clock.advance(30)


async def test_a_slow_issuer_holds_up_nobody_whose_key_is_known() -> None:
    async with foreign() as issuer, serving(issuer.url, keys_refresh=10) as service:
        released = asyncio.Event()

        async def slow(path: str) -> None:
            await released.wait()

        issuer.answer = slow
        service.clock.advance(15)
        async with asyncio.timeout(2):
            assert await service.status(issuer.token({**PLAIN, "jti": _new()})) == 200
        released.set()


async def test_other_issuers_are_not_held_up_by_one_that_is_gone() -> None:
    async with foreign("/a") as first, foreign("/b") as second:
        await second.stop()
        async with serving([first.url, Issuer(second.url)]) as service:
            assert await service.status(first.token(PLAIN)) == 200
            assert await service.status(second.token(PLAIN)) == 503
            assert [second.url in reason for reason in (await service.server.health()).reasons] == [True]


async def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatepost.trust.verifier.MAX_CACHED", 10)
    async with foreign(algorithm="EdDSA") as issuer, serving(issuer.url) as service:
        for _ in range(30):
            assert await service.status(issuer.token({**PLAIN, "jti": _new()})) == 200
        assert len(service.server.core.authenticator._known) == 10


def _new() -> str:
    return str(next(NUMBERS))
