"""Against a certified provider: its access tokens are good here, and nothing else that it issues is."""

import httpx2
import pytest

from gatepost import Issuer
from tests.issuers.provider import ADA, OidcProvider, client, secret_of
from tests.issuers.test_provider import CALLBACK, ask, tokens_of
from tests.resource_server.service import API, serving

pytestmark = pytest.mark.anyio
OPAQUE = f"{API}/opaque"


@pytest.fixture
def provider(oidc_provider: OidcProvider) -> OidcProvider:
    """One with a user, a client, and this API as one whose tokens are JWTs and one whose tokens are opaque."""
    return oidc_provider.change(
        clients=[client("basic", CALLBACK), client("api", CALLBACK)],
        accounts=[ADA],
        resources={
            API: {"scope": "articles.read articles.write"},
            OPAQUE: {"scope": "articles.read", "format": "opaque"},
            "https://other.example.com": {"scope": "articles.read"},
        },
    )


async def grant(provider: OidcProvider, person: httpx2.AsyncClient, resource: str) -> dict[str, str]:
    """Return the tokens of a sign-in that asked for a resource."""
    scope = "openid offline_access articles.read articles.write"
    return await tokens_of(provider, person, scope=scope, prompt="consent", resource=resource)


async def test_an_access_token_is_good_and_no_other_token_of_the_same_sign_in(provider: OidcProvider) -> None:
    async with provider.browser() as person, serving(provider.issuer) as service:
        tokens = await grant(provider, person, API)
        me = await service.me(tokens["access_token"])
        assert (me["issuer"], me["subject"], me["client_id"]) == (provider.issuer, ADA["sub"], "basic")
        assert me["scopes"] == ["articles.read", "articles.write"]
        assert await service.status(tokens["access_token"], "/scope") == 200
        for other in ("id_token", "refresh_token"):
            assert await service.status(tokens[other]) == 401
        elsewhere = await grant(provider, person, "https://other.example.com")
        assert await service.status(elsewhere["access_token"]) == 401


async def test_an_opaque_token_is_asked_about_and_its_end_is_heard_of(provider: OidcProvider) -> None:
    known = Issuer(provider.issuer, audience=OPAQUE, client_id="api", client_secret=secret_of("api"))
    async with provider.browser() as person, serving(known, introspection_age=20) as service:
        tokens = await grant(provider, person, OPAQUE)
        assert (await service.me(tokens["access_token"]))["subject"] == ADA["sub"]
        assert await service.status(tokens["refresh_token"]) == 401
        await service.status(tokens["access_token"])
        assert provider.requests("POST /token/introspection") == 2
        assert (await ask(provider, "token/revocation", {"token": tokens["access_token"]})).status_code == 200
        service.clock.advance(21)
        assert await service.status(tokens["access_token"]) == 401


async def test_rotation_and_outage_refuse_nobody(provider: OidcProvider) -> None:
    async with provider.browser() as person, serving(provider.issuer) as service:
        first = (await grant(provider, person, API))["access_token"]
        assert await service.status(first) == 200
        provider.rotate()
        second = (await grant(provider, person, API))["access_token"]
        assert [await service.status(token) for token in (first, second)] == [200, 200]
        provider.pause()
        assert [await service.status(token) for token in (first, second)] == [200, 200]
        provider.resume()
        provider.rotate(keep=False)
        service.clock.advance(31)
        third = (await grant(provider, person, API))["access_token"]
        assert [await service.status(token) for token in (third, first, second)] == [200, 401, 401]
