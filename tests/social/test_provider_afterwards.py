"""What binds a user to a certified provider after the sign-in: links, kept tokens, and the end of a session there."""

import asyncio
import uuid
from urllib.parse import parse_qsl

import pytest

from gatepost.core.federation.errors import ProviderUnavailable
from gatepost.core.identities.errors import ProviderTokenGone
from tests.harness import PASSWORD, bearer
from tests.issuers.example_id import GRACE
from tests.issuers.provider import ADA, OidcProvider, client
from tests.social.provided import CALLBACK, answer_to, house, sign_in
from tests.social.visit import who
from tests.webhooks.receiver import receiving

pytestmark = pytest.mark.anyio


async def test_a_link_that_an_attacker_began_is_not_finished_by_a_victim(
    sqlite_url: str, oidc_provider: OidcProvider
) -> None:
    async with house(sqlite_url, oidc_provider) as it, it.browser() as victim:
        for browser, email in ((it.client, "attacker@example.com"), (victim, "victim@example.com")):
            await browser.post("/auth/register", json={"email": email, "password": PASSWORD})
            await browser.post("/auth/login", json={"identifier": email, "password": PASSWORD})
        begun = await it.client.post("/auth/identities/example")
        callback = await answer_to(oidc_provider, begun.json()["location"])
        assert (await victim.get(callback)).status_code == 400
        # Not even where the attacker could set cookies in the victim's browser: the session is the victim's.
        victim.cookies.update({name: it.client.cookies[name] for name in it.client.cookies if "flow" in name})
        refused = await victim.get(callback)
        assert (refused.status_code, refused.json()["code"]) == (400, "social.state_refused")
        assert it.value("SELECT count(*) FROM gatepost_identity") == 0
        assert (await it.client.get(callback)).status_code == 303, "where it began it is still good"
        assert it.value("SELECT count(*) FROM gatepost_identity") == 1


async def test_a_kept_token_is_renewed_once_however_many_ask(database_url: str, oidc_provider: OidcProvider) -> None:
    async with house(database_url, oidc_provider, keep_tokens=True) as it:
        await sign_in(it.client, oidc_provider)
        user = uuid.UUID((await it.client.get("/auth/me")).json()["id"])
        first = await it.gate.identities.token(user, "example")
        assert await it.gate.identities.token(user, "example") == first
        asked = oidc_provider.requests("POST /token")
        it.clock.advance(3600)
        renewed = await asyncio.gather(*(it.gate.identities.token(user, "example") for _ in range(8)))
        assert len(set(renewed)) == 1
        assert renewed[0] != first
        assert oidc_provider.requests("POST /token") == asked + 1
        async with oidc_provider.browser() as api:
            said = await api.get(f"{oidc_provider.issuer}/me", headers=bearer(renewed[0]))
        assert said.json()["sub"] == ADA["sub"]


async def test_a_kept_token_that_the_provider_takes_no_more_is_gone(
    sqlite_url: str, oidc_provider: OidcProvider
) -> None:
    async with house(sqlite_url, oidc_provider, keep_tokens=True) as it:
        await sign_in(it.client, oidc_provider)
        user = uuid.UUID((await it.client.get("/auth/me")).json()["id"])
        it.clock.advance(3600)
        await asyncio.to_thread(oidc_provider.stop)
        with pytest.raises(ProviderUnavailable):
            await it.gate.identities.token(user, "example")
        await asyncio.to_thread(oidc_provider.start)  # which has forgotten its refresh tokens
        for _ in range(2):
            with pytest.raises(ProviderTokenGone):
                await it.gate.identities.token(user, "example")
        assert await who(it.client) is not None, "the session here is another thing"


async def test_the_end_of_the_session_there_ends_ours(database_url: str, oidc_provider: OidcProvider) -> None:
    async with house(database_url, oidc_provider) as it, receiving() as receiver, it.browser() as another:
        receiver.status = 200
        uri = f"http://127.0.0.1:{receiver.port}/"
        required = {"backchannel_logout_session_required": True}
        oidc_provider.change(clients=[client("todo", CALLBACK, backchannel_logout_uri=uri) | required])
        await sign_in(it.client, oidc_provider)
        await sign_in(another, oidc_provider, GRACE["sub"])
        assert await asyncio.to_thread(oidc_provider.end_sessions, ADA["sub"]) == ["told"]
        told = dict(parse_qsl(receiver.got[0].body.decode()))
        assert await who(it.client) is not None, "nobody has told us yet"
        for expected in (200, 400):
            async with it.browser() as upstream:
                response = await upstream.post("/auth/backchannel-logout/example", data=told)
            assert response.status_code == expected, "a logout token is good once"
        assert await who(it.client) is None
        assert await who(another) is not None, "the sessions of others stay"
