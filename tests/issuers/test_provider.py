"""The provider of the tests does what the tests that use it believe."""

import asyncio
import base64
import hashlib
import json
import re
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx2
import pytest

from tests.issuers.provider import ADA, OidcProvider, client, secret_of
from tests.webhooks.receiver import receiving

pytestmark = pytest.mark.anyio
CALLBACK = "http://127.0.0.1:9/callback"
API = "https://api.example.com"
VERIFIER = "a-code-verifier-that-is-long-enough-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def provider(oidc_provider: OidcProvider) -> OidcProvider:
    """One with a user and a client of each kind."""
    clients = [
        client("basic", CALLBACK),
        client("post", CALLBACK, authentication="client_secret_post"),
        client("public", CALLBACK, authentication="none"),
    ]
    resources = {API: {"scope": "read write"}, f"{API}/opaque": {"scope": "read", "format": "opaque"}}
    return oidc_provider.change(clients=clients, accounts=[ADA], resources=resources)


def question(provider: OidcProvider, **changes: str) -> str:
    """Return an authorization URL; an empty change leaves the parameter out."""
    fields = {
        "client_id": "basic",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid email profile",
        "state": "a-state",
        "nonce": "a-nonce",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return f"{provider.issuer}/auth?{urlencode({name: value for name, value in fields.items() if value})}"


async def answer(provider: OidcProvider, person: httpx2.AsyncClient, **changes: str) -> dict[str, str]:
    """Sign Ada in and return what the callback is told."""
    url = await provider.sign_in(person, question(provider, **changes), ADA["sub"])
    assert url.startswith(f"{CALLBACK}?")
    return dict(parse_qsl(urlsplit(url).query))


async def redeem(provider: OidcProvider, code: str, client_id: str = "basic", **more: str) -> httpx2.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        **more,
    }
    return await ask(provider, "token", form, client_id)


async def ask(provider: OidcProvider, path: str, form: dict[str, str], client_id: str = "basic") -> httpx2.Response:
    async with provider.browser() as app:
        if client_id == "basic":
            return await app.post(f"{provider.issuer}/{path}", data=form, auth=(client_id, secret_of(client_id)))
        secret = {} if client_id == "public" else {"client_secret": secret_of(client_id)}
        return await app.post(f"{provider.issuer}/{path}", data=form | {"client_id": client_id} | secret)


async def tokens_of(provider: OidcProvider, person: httpx2.AsyncClient, **changes: str) -> dict[str, Any]:
    found = await answer(provider, person, **changes)
    response = await redeem(provider, found["code"], resource=changes.get("resource", ""))
    assert response.status_code == 200, response.text
    tokens: dict[str, Any] = response.json()
    return tokens


def part(token: str, index: int) -> dict[str, Any]:
    """Return header (0) or claims (1) of a JWT, unverified."""
    text = token.split(".")[index]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


def kids(provider: OidcProvider) -> list[str]:
    return [key["kid"] for key in httpx2.get(f"{provider.issuer}/jwks").json()["keys"]]


def test_discovery_names_itself_and_every_endpoint(provider: OidcProvider) -> None:
    found = httpx2.get(f"{provider.issuer}/.well-known/openid-configuration").json()
    assert found["issuer"] == provider.issuer
    assert found["authorization_response_iss_parameter_supported"] is True
    assert found["backchannel_logout_session_supported"] is True
    for name in ("authorization", "token", "userinfo", "introspection", "revocation", "end_session"):
        assert found[f"{name}_endpoint"].startswith(f"{provider.issuer}/")


async def test_a_code_with_its_verifier_says_who_signed_in(provider: OidcProvider) -> None:
    async with provider.browser() as person:
        found = await answer(provider, person)
    assert (found["state"], found["iss"]) == ("a-state", provider.issuer)  # RFC 9207
    response = await redeem(provider, found["code"])
    claims = part(response.json()["id_token"], 1)
    assert {name: claims[name] for name in ("iss", "aud", "nonce")} == {
        "iss": provider.issuer,
        "aud": "basic",
        "nonce": "a-nonce",
    }
    assert {name: claims[name] for name in ADA} == ADA
    assert (await redeem(provider, found["code"])).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("client_id", ["post", "public"])
async def test_clients_of_other_kinds_redeem_their_codes(provider: OidcProvider, client_id: str) -> None:
    async with provider.browser() as person:
        found = await answer(provider, person, client_id=client_id)
    assert (await redeem(provider, found["code"], client_id)).status_code == 200


async def test_pkce_is_asked_of_everybody(provider: OidcProvider) -> None:
    async with provider.browser() as person:
        url = await provider.sign_in(person, question(provider, code_challenge="", code_challenge_method=""))
    assert parse_qs(urlsplit(url).query)["error"] == ["invalid_request"]


async def test_a_session_asks_no_more_but_at_prompt_login(provider: OidcProvider) -> None:
    async with provider.browser() as person:
        await answer(provider, person)
        again = await provider.sign_in(person, question(provider), None)
        assert "code=" in again
        asked = await provider.sign_in(person, question(provider, prompt="login"), None)
    assert "error=access_denied" in asked


async def test_nobody_unknown_signs_in(provider: OidcProvider) -> None:
    async with provider.browser() as person:
        page = await person.get(question(provider), follow_redirects=True)
        assert "Example ID" in page.text
        refused = await person.post(page.url, data={"account": '"><script>'})
    assert refused.status_code == 422
    assert "<script>" not in refused.text


async def test_rotation_signs_with_a_new_key_and_keeps_or_drops_the_old(provider: OidcProvider) -> None:
    before = kids(provider)
    async with provider.browser() as person:
        first = part((await tokens_of(provider, person))["id_token"], 0)["kid"]
        kept = provider.rotate()
        assert kids(provider) == [kept, *before]
        second = part((await tokens_of(provider, person))["id_token"], 0)["kid"]
        assert (first in before, second) == (True, kept)
        dropped = provider.rotate(keep=False)
        assert dropped in kids(provider)
        assert not {first, second} & set(kids(provider))
        assert part((await tokens_of(provider, person))["id_token"], 0)["kid"] == dropped


async def test_a_refresh_token_rotates_and_its_access_token_is_introspected_and_revoked(provider: OidcProvider) -> None:
    async with provider.browser() as person:
        tokens = await tokens_of(provider, person, scope="openid offline_access", prompt="consent")
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    fresh = (await ask(provider, "token", form)).json()
    assert fresh["refresh_token"] != tokens["refresh_token"]
    token = {"token": fresh["access_token"]}
    assert (await ask(provider, "token/introspection", token)).json()["sub"] == ADA["sub"]
    assert (await ask(provider, "token/revocation", token)).status_code == 200
    assert (await ask(provider, "token/introspection", token)).json() == {"active": False}


async def test_access_tokens_for_a_resource_are_jwts_or_opaque(provider: OidcProvider) -> None:
    async with provider.browser() as person:
        token = (await tokens_of(provider, person, scope="openid read", resource=API))["access_token"]
        opaque = (await tokens_of(provider, person, scope="openid read", resource=f"{API}/opaque"))["access_token"]
    assert part(token, 0)["typ"] == "at+jwt"
    assert {name: part(token, 1)[name] for name in ("iss", "aud", "sub", "scope")} == {
        "iss": provider.issuer,
        "aud": API,
        "sub": ADA["sub"],
        "scope": "read",
    }
    assert "." not in opaque
    assert (await ask(provider, "token/introspection", {"token": opaque})).json()["aud"] == f"{API}/opaque"


async def test_the_end_of_a_session_is_told_over_the_back_channel(provider: OidcProvider) -> None:
    async with receiving() as receiver, provider.browser() as person:
        receiver.status = 200
        uri = f"http://127.0.0.1:{receiver.port}/logout"
        required = {"backchannel_logout_session_required": True}  # `sid` in ID tokens and logout tokens
        provider.change(clients=[client("basic", CALLBACK, backchannel_logout_uri=uri) | required])
        claims = part((await tokens_of(provider, person))["id_token"], 1)
        assert await asyncio.to_thread(provider.end_sessions, ADA["sub"]) == ["told"]
        form = dict(parse_qsl(receiver.got[0].body.decode()))
        header, logout = part(form["logout_token"], 0), part(form["logout_token"], 1)
        assert header["typ"] == "logout+jwt"
        assert (logout["aud"], logout["sub"], logout["sid"]) == ("basic", ADA["sub"], claims["sid"])
        asked = await provider.sign_in(person, question(provider), None)
    assert "error=access_denied" in asked


async def test_signing_out_there_is_told_over_the_back_channel_too(provider: OidcProvider) -> None:
    async with receiving() as receiver, provider.browser() as person:
        uri = f"http://127.0.0.1:{receiver.port}/logout"
        provider.change(clients=[client("basic", CALLBACK, backchannel_logout_uri=uri)])
        await tokens_of(provider, person)
        page = await person.get(f"{provider.issuer}/session/end")
        found = re.search(r'name="xsrf" value="(\w+)"', page.text)
        assert found is not None
        await person.post(f"{provider.issuer}/session/end/confirm", data={"xsrf": found[1], "logout": "yes"})
        assert receiver.got[0].line == "POST /logout HTTP/1.1"


def test_a_restart_keeps_keys_clients_and_accounts(provider: OidcProvider) -> None:
    before = kids(provider)
    provider.restart()
    assert kids(provider) == before
    assert httpx2.get(question(provider)).status_code == 303


def test_a_paused_provider_answers_nothing_until_it_is_resumed(provider: OidcProvider) -> None:
    provider.pause()
    with pytest.raises(httpx2.ReadTimeout):
        httpx2.get(f"{provider.issuer}/jwks", timeout=0.2)
    provider.resume()
    assert kids(provider)
    assert provider.requests("GET /jwks") >= 1
