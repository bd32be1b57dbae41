"""Issuers that lie, are gone, or are asked too often by people who make tokens up; and what introspection says."""

import asyncio
from typing import Any

import pytest

from gatepost import ConfigurationError, Issuer
from tests.resource_server.issuer import foreign, key_of, named
from tests.resource_server.service import API, serving
from tests.resource_server.shapes import PLAIN

pytestmark = pytest.mark.anyio
OPAQUE = "2YotnFZFEjr1zCsicMWpAA"
GOOD = {"active": True, "sub": "anna", "aud": API, "client_id": "web", "scope": "articles.read"}
KNOWING: dict[str, Any] = {"client_id": "api", "client_secret": "s"}


async def test_made_up_key_names_make_nobody_ask_again_and_again() -> None:
    async with foreign() as issuer, serving(issuer.url) as service:
        before = len(issuer.asked)
        tokens = [issuer.token(PLAIN, {"kid": f"made-up-{number}"}) for number in range(50)]
        assert set(await asyncio.gather(*(service.status(token) for token in tokens))) == {401}
        assert len(issuer.asked) - before <= 1


async def test_an_issuer_that_is_not_there_lets_nobody_in() -> None:
    async with foreign() as issuer:
        token = issuer.token(PLAIN)
        await issuer.stop()
        async with serving(issuer.url) as service:
            for path in ("/me", "/optional", "/role"):
                answer = await service.get(path, token)
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert await service.status(None) == 401
            health = await service.server.health()
            assert not health.is_ready
            assert issuer.url in health.reasons[0]
            await issuer.start()
            service.clock.advance(6)
            assert await service.status(token) == 200
            assert (await service.server.health()).is_ready


async def test_keys_are_believed_through_an_outage_for_the_stated_time_and_no_longer() -> None:
    async with foreign() as issuer, serving(issuer.url, keys_outage=1_000, keys_refresh=100) as service:
        long = {"exp": 4_000_000_000}
        seen, new = issuer.token({**PLAIN, **long}), issuer.token({**PLAIN, **long, "jti": "2"})
        assert await service.status(seen) == 200
        await issuer.stop()
        for _ in range(9):
            service.clock.advance(100)
            assert await service.status(seen) == 200
        assert await service.status(new) == 200
        service.clock.advance(200)
        assert await service.status(seen) == 503
        assert await service.status(new) == 503


async def test_a_key_that_is_no_longer_published_verifies_nothing_that_was_seen_before() -> None:
    async with foreign() as issuer, serving(issuer.url, keys_refresh=100) as service:
        token = issuer.token(PLAIN)
        assert await service.status(token) == 200
        issuer.key, issuer.kid = key_of("RS256", 1), "k2"
        issuer.keys = [named(issuer.key, "k2")]
        service.clock.advance(201)
        statuses = {await service.status(issuer.token({**PLAIN, "jti": "new"})), await service.status(token)}
        assert statuses == {200, 401}
        assert await service.status(token) == 401


LIES: dict[str, Any] = {
    "a page": b"<html>maintenance</html>",
    "nothing": b"",
    "a list": b"[]",
    "no list": {"keys": {"k1": 1}},
    "a list of texts": {"keys": ["k1"]},
    "twice": b'{"keys":[],"keys":[]}',
    "deep": b'{"keys":' + b"[" * 50_000,
    "large": {"keys": [], "more": "x" * 300_000},
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_key_set_that_is_none_changes_nothing(lie: str) -> None:
    async with foreign() as issuer, serving(issuer.url, keys_refresh=10) as service:
        issuer.answer = lambda path: LIES[lie] if path.endswith("/keys") else None
        for number in range(5):
            service.clock.advance(25)
            assert await service.status(issuer.token({**PLAIN, "jti": str(number)})) == 200
        assert issuer.asked.count("/keys") >= 2  # the first of these requests waited for the lie


async def test_an_honest_empty_key_set_is_believed() -> None:
    async with foreign() as issuer, serving(issuer.url, keys_refresh=10) as service:
        token = issuer.token(PLAIN)
        assert await service.status(token) == 200
        issuer.keys = []
        service.clock.advance(21)
        await service.server.health()
        assert await service.status(token) == 401


async def test_metadata_of_another_issuer_is_not_believed() -> None:
    async with foreign() as issuer:
        for lie in ({"issuer": f"{issuer.url}/"}, {"issuer": "https://evil.example"}, {"issuer": None}):
            issuer.metadata = lie
            async with serving(issuer.url) as service:
                assert await service.status(issuer.token(PLAIN)) == 503


ANSWERS: dict[str, tuple[Any, int]] = {
    "good": (GOOD, 200),
    "inactive": ({"active": False}, 401),
    "active as text": ({**GOOD, "active": "true"}, 401),
    "active as number": ({**GOOD, "active": 1}, 401),
    "active absent": ({**GOOD, "active": None}, 401),
    "other audience": ({**GOOD, "aud": "other"}, 401),
    "no audience": ({**GOOD, "aud": None}, 401),
    "other issuer": ({**GOOD, "iss": "https://evil.example"}, 401),
    "refresh token": ({**GOOD, "token_type": "refresh_token"}, 401),
    "refresh token by kind": ({**GOOD, "typ": "Refresh"}, 401),
    "refresh token by use": ({**GOOD, "token_use": "refresh_token"}, 401),
    "DPoP": ({**GOOD, "token_type": "DPoP"}, 401),
    "bound to a key": ({**GOOD, "cnf": {"jkt": "x"}}, 401),
    "expired": ({**GOOD, "exp": 1}, 401),
    "not yet": ({**GOOD, "nbf": 9_999_999_999}, 401),
    "exp as text": ({**GOOD, "exp": "9999999999"}, 401),
    "no subject": ({**GOOD, "sub": None}, 401),
    "scope as number": ({**GOOD, "scope": 1}, 401),
    "roles as text": ({**GOOD, "roles": "admin"}, 401),
    "a page": (b"<html>", 503),
    "a list": (b"[]", 503),
    "twice": (b'{"active":false,"active":true}', 503),
    "large": (b'{"active":true,"x":"' + b"x" * 300_000 + b'"}', 503),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_only_an_exact_yes_of_the_issuer_makes_an_opaque_token_good(name: str) -> None:
    said, status = ANSWERS[name]
    async with foreign() as issuer, serving(issuer.url, **KNOWING) as service:
        issuer.opaque[OPAQUE] = said if isinstance(said, bytes) else {k: v for k, v in said.items() if v is not None}
        assert await service.status(OPAQUE) == status


async def test_an_opaque_token_is_believed_for_the_stated_time_and_never_beyond_its_end() -> None:
    async with foreign() as issuer, serving(issuer.url, introspection_age=20, leeway=0, **KNOWING) as service:
        now = int(service.clock.now())
        issuer.opaque = {"long": {**GOOD, "exp": now + 900}, "short": {**GOOD, "exp": now + 10}}
        assert await service.status("long") == await service.status("short") == 200
        issuer.opaque = {"short": issuer.opaque["short"]}
        service.clock.advance(12)
        assert await service.status("long") == 200  # as stated
        assert await service.status("short") == 401
        service.clock.advance(9)
        assert await service.status("long") == 401


async def test_an_outage_of_introspection_lets_nobody_in() -> None:
    async with foreign() as issuer, serving(issuer.url, **KNOWING) as service:
        issuer.opaque[OPAQUE] = GOOD
        assert await service.status(OPAQUE) == 200
        await issuer.stop()
        assert await service.status(OPAQUE) == 200
        service.clock.advance(31)
        assert await service.status(OPAQUE) == 503
        assert await service.status("another") == 503


async def test_many_who_show_one_opaque_token_ask_once() -> None:
    async with foreign() as issuer, serving(issuer.url, **KNOWING) as service:
        issuer.opaque[OPAQUE] = GOOD
        for token, status in ((OPAQUE, 200), ("rubbish", 401)):
            before = len(issuer.credentials)
            assert set(await asyncio.gather(*(service.status(token) for _ in range(30)))) == {status}
            assert await service.status(token) == status
            assert len(issuer.credentials) - before == 1


async def test_what_cannot_be_a_token_is_not_asked_about() -> None:
    async with foreign() as issuer, serving(issuer.url, **KNOWING) as service:
        for text in ("a b", "x" * 5_000, "a\\b", "ä".encode().decode("latin-1"), "=", "a=b", '"'):
            assert (
                await service.client.get("/me", headers={b"Authorization": b"Bearer " + text.encode("latin-1")})
            ).status_code == 401
        assert issuer.credentials == []


async def test_opaque_tokens_are_sent_to_the_one_issuer_that_knows_this_api() -> None:
    async with (
        foreign("/a") as first,
        foreign("/b") as second,
        serving([first.url, Issuer(second.url, **KNOWING)]) as service,
    ):
        second.opaque[OPAQUE] = GOOD
        assert (await service.me(OPAQUE))["issuer"] == second.url
        assert [path for path in first.asked if "introspect" in path] == []
        with pytest.raises(ConfigurationError, match="one issuer only"):
            async with serving([Issuer(first.url, **KNOWING), Issuer(second.url, **KNOWING)]):
                pass


async def test_an_api_key_is_asked_of_its_gatepost_alone_and_its_end_is_heard_of_within_the_bound() -> None:
    key, user = f"gpk_{'k' * 49}", "0192e4a0-0000-7000-8000-000000000001"
    async with foreign("/a") as gate, foreign("/b") as other:
        gatepost = Issuer(gate.url, dialect="gatepost", client_id="api", client_secret="s")
        said = {**GOOD, "sub": user, "sid": user, "client_id": "api-key"}
        gate.opaque = {key: said, OPAQUE: said}
        other.opaque = {key: GOOD, OPAQUE: GOOD}
        async with serving([Issuer(other.url, **KNOWING), gatepost]) as service:
            me = await service.me(key)
            assert (me["issuer"], me["user_id"], me["client_id"]) == (gate.url, user, "api-key")
            assert (await service.me(OPAQUE))["issuer"] == other.url
            gate.opaque = {}
            service.clock.advance(4)
            assert await service.status(key) == 200
            service.clock.advance(2)
            assert await service.status(key) == 401
    assert [path for path in other.asked if "introspect" in path] == ["/b/introspect"]


async def test_a_service_that_asks_nobody_refuses_opaque_tokens() -> None:
    async with foreign() as issuer, serving(issuer.url) as service:
        assert await service.status(OPAQUE) == 401
        assert not any("introspect" in path for path in issuer.asked)
