"""A service that trusts the tokens of others: forged and confused tokens, lying and absent issuers."""

import asyncio
import logging
import time
from typing import Any

import pytest

from gatepost import ConfigurationError, Issuer, ResourceServer
from gatepost.crypto import base64url
from gatepost.crypto.jwk import load_key
from gatepost.trust.access_tokens import user_id_of
from tests.harness import eventually
from tests.resource_server.issuer import ForeignIssuer, foreign, key_of, named
from tests.resource_server.service import API, serving
from tests.resource_server.shapes import AT, GATEPOST, PLAIN
from tests.threats.forge import Forger, parts_of
from tests.threats.test_jwt import EVIL, FORGED, Forgery

pytestmark = pytest.mark.anyio
OPAQUE = "2YotnFZFEjr1zCsicMWpAA"
GOOD = {"active": True, "sub": "anna", "aud": API, "client_id": "web", "scope": "articles.read"}
# What is not wrong in a token of others: it may be larger, and what only ours have in them is not looked at.
FINE = {
    "gatepost": {"9 kB", "kid absent"},
    "oidc": {
        "9 kB",
        "kid absent",
        "typ JWT",
        "typ absent",
        "sub not an id",
        "scope list",
        "no sid",
        "epoch text",
        "epoch behind",
    },
}
KNOWING: dict[str, Any] = {"client_id": "api", "client_secret": "s"}


class ForeignForger(Forger):
    """Makes tokens of a foreign issuer."""

    def __init__(self, issuer: ForeignIssuer) -> None:
        self.header, self.claims = parts_of(issuer.token(GATEPOST, AT))
        self.ours = issuer.key
        self.own = key_of("ES256", 1)
        self.jwks = issuer.keys[0]


@pytest.mark.parametrize("dialect", FINE)
@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_token_of_a_foreign_issuer_is_refused(dialect: str, name: str) -> None:
    forge: Forgery = FORGED[name]
    async with foreign(algorithm="ES256") as issuer, serving(Issuer(issuer.url, dialect=dialect)) as service:
        forger = ForeignForger(issuer)
        assert await service.status(forger.signed()) == 200
        for path in ("/me", "/optional", "/role"):
            answer = await service.get(path, forge(forger))
            if name in FINE[dialect]:
                assert answer.status_code == 200
            else:
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_addresses_in_the_header_of_a_foreign_token_are_not_followed() -> None:
    async with (
        foreign(algorithm="ES256") as issuer,
        foreign(algorithm="ES256", number=1) as thief,
        serving(Issuer(issuer.url, dialect="oidc")) as service,
    ):
        forger, asked = ForeignForger(issuer), len(issuer.asked)
        for header in ({"jku": f"{thief.url}/keys"}, {"x5u": EVIL}, {"jwk": forger.own.public_jwk()}):
            assert await service.status(forger.signed(header)) == 200
            assert await service.status(forger.self_signed(**header)) == 401
        assert (thief.asked, len(issuer.asked)) == ([], asked)


async def test_the_key_of_one_issuer_signs_for_no_other() -> None:
    async with foreign("/a") as first, foreign("/b", number=1) as second, foreign("/c", number=2) as nobody:
        assert first.kid == second.kid == nobody.kid
        async with serving([first.url, second.url]) as service:
            assert await service.status(first.token(PLAIN)) == await service.status(second.token(PLAIN)) == 200
            assert await service.status(first.token({**PLAIN, "iss": second.url})) == 401
            assert await service.status(second.token({**PLAIN, "iss": first.url})) == 401
            second.kid = "k2"  # a name that only the other one has
            second.keys = [named(second.key, "k2")]
            assert await service.status(first.token({**PLAIN, "iss": first.url}, {"kid": "k2"})) == 401
            assert await service.status(nobody.token(PLAIN)) == 401
            assert nobody.asked == []


async def test_an_issuer_is_known_by_its_exact_spelling() -> None:
    async with (
        foreign("/tenant") as issuer,
        foreign("/") as slashed,
        serving([issuer.url, slashed.url]) as service,
    ):
        assert await service.status(issuer.token(PLAIN)) == await service.status(slashed.token(PLAIN)) == 200
        for url in (
            f"{issuer.url}/",
            issuer.url.upper(),
            f"{issuer.url}?",
            f" {issuer.url}",
            f"{issuer.url}/../tenant",
        ):
            assert await service.status(issuer.token({**PLAIN, "iss": url})) == 401
        assert await service.status(slashed.token({**PLAIN, "iss": slashed.url.rstrip("/")})) == 401
        assert await service.status(issuer.token({**PLAIN, "iss": [issuer.url]})) == 401


async def test_a_token_for_another_audience_is_refused() -> None:
    async with foreign() as issuer, serving(issuer.url, audience=(API, "urn:api")) as service:
        ours: list[Any] = [API, "urn:api", [API], ["other", "urn:api"]]
        others: list[Any] = [f"{API}/", API.upper(), "other", "", [], ["other"], None, {API: 1}, [[API]], "urn"]
        for audience in ours:
            assert await service.status(issuer.token({**PLAIN, "aud": audience})) == 200
        for audience in others:
            assert await service.status(issuer.token({**PLAIN, "aud": audience})) == 401, audience


async def test_each_issuer_has_its_own_audience() -> None:
    async with (
        foreign("/a") as first,
        foreign("/b") as second,
        serving([Issuer(first.url, audience="one"), Issuer(second.url, audience="two")], audience=()) as service,
    ):
        assert await service.status(first.token({**PLAIN, "aud": "one"})) == 200
        assert await service.status(first.token({**PLAIN, "aud": "two"})) == 401
        assert await service.status(second.token({**PLAIN, "aud": "one"})) == 401


async def test_two_issuers_never_make_one_user() -> None:
    async with (
        foreign("/a") as first,
        foreign("/b", number=1) as second,
        serving([first.url, second.url]) as service,
    ):
        one, two = [await service.me(issuer.token({**PLAIN, "sub": "1"})) for issuer in (first, second)]
        assert one["subject"] == two["subject"]
        assert one["user_id"] != two["user_id"]
        assert one["user_id"] == str(user_id_of(first.url, "1"))


async def test_an_issuer_among_several_cannot_say_that_it_names_the_users_of_a_gatepost() -> None:
    async with foreign("/a") as ours, foreign("/b", number=1) as thief:
        thief.metadata = {"gatepost_revocations": f"{thief.url}/revocations"}
        async with serving([Issuer(ours.url, dialect="gatepost"), thief.url]) as service:
            victim = await service.me(ours.token(GATEPOST, AT))
            assert victim["user_id"] == GATEPOST["sub"]
            assert await service.status(thief.token(GATEPOST, AT)) == 401
            assert (await service.me(thief.token({**GATEPOST, "gep": None}, AT)))["user_id"] != victim["user_id"]
    with pytest.raises(ConfigurationError, match="only one"):
        async with serving(
            [Issuer("https://a.example", dialect="gatepost"), Issuer("https://b.example", dialect="gatepost")]
        ):
            pass


async def test_a_gatepost_that_nobody_named_is_not_believed_beyond_its_revocations(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with foreign("/a") as ours, foreign("/b", number=1) as other:
        ours.metadata = {"gatepost_revocations": f"{ours.url}/revocations"}
        token = ours.token(GATEPOST, AT)
        known = Issuer(ours.url, **KNOWING)
        told = Issuer(ours.url, jwks_uri=f"{ours.url}/keys", **KNOWING)
        several: list[list[str | Issuer]] = [[known, other.url], [told]]
        for issuers in several:
            async with serving(issuers) as service:
                assert await service.status(token) == 401
                assert await service.status(ours.token(PLAIN)) == 200
        assert "dialect='gatepost'" in caplog.text


async def test_an_answer_that_others_waited_for_is_no_younger_for_those_who_came_later() -> None:
    held = asyncio.Event()

    async def later(path: str) -> dict[str, Any] | None:
        if path != "/introspect":
            return None
        await held.wait()
        return GOOD

    async with foreign() as issuer, serving(issuer.url, introspection_age=20, **KNOWING) as service:
        issuer.answer = later
        first = asyncio.create_task(service.status(OPAQUE))

        async def is_asked() -> bool:
            return "/introspect" in issuer.asked

        await eventually(is_asked, within=5)
        service.clock.advance(15)
        second = asyncio.create_task(service.status(OPAQUE))
        await asyncio.sleep(0)
        held.set()
        assert (await first, await second) == (200, 200)
        issuer.answer = None
        service.clock.advance(6)
        assert await service.status(OPAQUE) == 401


async def test_a_sign_in_that_is_still_to_come_is_not_recent_for_ever() -> None:
    async with foreign() as issuer, serving(issuer.url, **KNOWING) as service:
        now = int(time.time())
        assert await service.status(issuer.token({**PLAIN, "auth_time": now + 3}), "/fresh") == 200
        for later in (now + 60, now + 86_400, 99_000_000_000):
            issuer.opaque[OPAQUE] = {**GOOD, "auth_time": later}
            assert await service.status(issuer.token({**PLAIN, "auth_time": later}), "/fresh") == 401
            assert await service.status(OPAQUE, "/fresh") == 401


async def test_shared_secrets_are_used_only_where_they_are_asked_for() -> None:
    secret = "0123456789abcdef" * 4
    key = load_key(f'{{"kty":"oct","k":"{_encoded(secret)}","alg":"HS256","kid":"k1"}}'.encode())
    async with foreign() as issuer:
        issuer.keys.append({"kty": "oct", "k": _encoded(secret), "alg": "HS256", "kid": "k1"})
        async with serving(issuer.url) as service:  # though the set publishes it
            assert await service.status(issuer.token(PLAIN, key=key)) == 401
            assert await service.status(issuer.token(PLAIN)) == 200
        async with serving(Issuer(issuer.url, hs256_secret=secret)) as service:
            for header in ({}, {"kid": None}, {"kid": "any"}):
                assert await service.status(issuer.token(PLAIN, header, key=key)) == 200
            assert await service.status(issuer.token(PLAIN)) == 401  # its public key is no longer one of its keys
            assert await service.status(issuer.token(PLAIN, {"alg": "none"}, key=key)) == 401
    with pytest.raises(ConfigurationError, match="32 bytes"):
        async with serving(Issuer("https://issuer.example", hs256_secret="short")):
            pass


def _encoded(secret: str) -> str:
    return base64url.encode(secret.encode())


async def test_cookies_are_not_read() -> None:
    async with foreign() as issuer, serving(issuer.url) as service:
        token = issuer.token(PLAIN)
        for name in ("__Host-gatepost-session", "gatepost-session", "session", "access_token"):
            assert (await service.get("/me", Cookie=f"{name}={token}")).status_code == 401
        crossing = {"Cookie": "gatepost-session=x; gatepost-session=y", "Origin": "https://evil.example"}
        assert (await service.get("/me", token, **crossing)).status_code == 200


@pytest.mark.parametrize("url", ["http://issuer.example", "https://user:pw@issuer.example", "issuer.example", ""])
async def test_an_issuer_that_is_not_asked_safely_does_not_start(url: str) -> None:
    with pytest.raises(ConfigurationError):
        async with ResourceServer(url, audience=API).lifespan():
            pass


async def test_tokens_and_secrets_reach_neither_log_nor_answer(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with foreign() as issuer, serving(issuer.url, client_id="api", client_secret="kept-to-itself") as service:
        token, opaque = issuer.token(PLAIN), "opaque-and-secret"
        issuer.opaque[opaque] = GOOD
        shown = (token, token[:-9] + "AAAAAAAAA", opaque, opaque + "-not")
        paths = ("/me", "/role", "/fresh", "/verified")
        bodies = [(await service.get(path, each)).text for path in paths for each in shown]
        await issuer.stop()
        bodies.append((await service.get("/me", "never-seen-before")).text)
        told = caplog.text + "".join(bodies) + repr(service.server.issuers)
    for secret in (token, token.split(".")[1], token.split(".")[2], opaque, "never-seen-before", "kept-to-itself"):
        assert secret not in told


async def test_a_token_as_large_as_headers_can_be_is_judged_quickly() -> None:
    async with foreign() as issuer, serving(issuer.url) as service:
        roles = [f"r{number}" for number in range(10_000)]
        sizes: list[tuple[Any, int]] = [(roles[:1_500], 200), (roles, 401), (["x" * 1_000_000], 401)]
        for given, status in sizes:
            token, began = issuer.token({**PLAIN, "roles": given}), time.process_time()
            assert await service.status(token) == status
            assert time.process_time() - began < 0.1
        issuer.opaque[OPAQUE] = {**GOOD, "roles": roles}
    async with foreign() as issuer, serving(issuer.url, **KNOWING) as service:
        issuer.opaque[OPAQUE] = {**GOOD, "roles": roles}
        assert len((await service.me(OPAQUE))["roles"]) == 10_000
