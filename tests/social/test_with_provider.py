"""Gatepost signs people in with a certified OpenID provider, and is as careful with it as with a stranger."""

import asyncio
from urllib.parse import parse_qsl, urlencode

import pytest

from tests.issuers.example_id import GRACE
from tests.issuers.provider import ADA, OidcProvider, secret_of
from tests.social.provided import CALLBACK, answer, house, sign_in
from tests.social.visit import App, path_of, query_of, refusals, sent, who

pytestmark = pytest.mark.anyio


def bent(callback: str, **changes: str | None) -> str:
    """Return a callback with other parameters."""
    path, _, query = callback.partition("?")
    fields = {**dict(parse_qsl(query)), **changes}
    return f"{path}?{urlencode({name: value for name, value in fields.items() if value is not None})}"


async def test_the_first_sign_in_makes_a_user_and_the_second_finds_it(
    database_url: str, oidc_provider: OidcProvider
) -> None:
    async with house(database_url, oidc_provider) as it:
        assert (await sign_in(it.client, oidc_provider, return_to="/todos")).headers["location"] == "/todos"
        first = await who(it.client)
        assert first is not None
        assert (first["email"], first["email_verified"], first["full_name"]) == (
            "ada@example.com",
            True,
            "Ada Lovelace",
        )
        it.client.cookies.clear()
        await sign_in(it.client, oidc_provider)
        assert await who(it.client) == first
        it.client.cookies.clear()
        await sign_in(it.client, oidc_provider, GRACE["sub"])
        grace = await who(it.client)
        assert grace is not None
        assert grace["id"] != first["id"]


@pytest.mark.parametrize("authentication", ["client_secret_basic", "client_secret_post", "none"])
async def test_the_client_proves_itself_as_the_provider_wants_it(
    sqlite_url: str, oidc_provider: OidcProvider, authentication: str
) -> None:
    async with house(sqlite_url, oidc_provider, authentication) as it:
        await sign_in(it.client, oidc_provider)
        assert await who(it.client) is not None


async def test_an_application_gets_tokens_for_its_code(database_url: str, oidc_provider: OidcProvider) -> None:
    async with house(database_url, oidc_provider) as it:
        app = App(it)
        response = await sign_in(it.client, oidc_provider, **app.request)
        said = query_of(response.headers["location"])
        assert said["state"] == app.state
        tokens = (await app.redeem(said["code"])).json()
        assert (await it.user(tokens["access_token"])).json()["full_name"] == "Ada Lovelace"
        assert (await app.redeem(said["code"])).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("keep", [True, False])
async def test_keys_that_rotate_between_two_sign_ins_are_fetched_when_they_are_met(
    sqlite_url: str,
    oidc_provider: OidcProvider,
    keep: bool,  # noqa: FBT001
) -> None:
    async with house(sqlite_url, oidc_provider) as it:
        await sign_in(it.client, oidc_provider)
        before = oidc_provider.requests("GET /jwks")
        it.client.cookies.clear()
        await sign_in(it.client, oidc_provider)
        assert oidc_provider.requests("GET /jwks") == before, "known keys are not asked for again"
        oidc_provider.rotate(keep=keep)
        it.client.cookies.clear()
        it.clock.advance(31)
        await sign_in(it.client, oidc_provider)
        assert await who(it.client) is not None
        assert oidc_provider.requests("GET /jwks") == before + 1


async def test_of_the_same_answer_many_times_at_once_one_is_taken(
    database_url: str, oidc_provider: OidcProvider
) -> None:
    async with house(database_url, oidc_provider) as it:
        callback = await answer(it.client, oidc_provider)
        asked = oidc_provider.requests("POST /token")
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in it.client.cookies.items())}
        async with it.browser() as one:
            responses = await asyncio.gather(*(one.get(callback, headers=cookies) for _ in range(8)))
        assert sorted(response.status_code for response in responses) == [303] + [400] * 7
        assert oidc_provider.requests("POST /token") == asked + 1
        assert it.value("SELECT count(*) FROM gatepost_session") == 1


async def test_a_code_that_somebody_else_has_used_signs_nobody_in(sqlite_url: str, oidc_provider: OidcProvider) -> None:
    async with house(sqlite_url, oidc_provider) as it:
        callback = await answer(it.client, oidc_provider)
        said = query_of(callback)
        form = {"grant_type": "authorization_code", "code": said["code"], "redirect_uri": CALLBACK}
        verifier = {"code_verifier": it.core.requests.authentic(said["state"]).code_verifier}
        async with oidc_provider.browser() as thief:
            endpoint, todo = f"{oidc_provider.issuer}/token", ("todo", secret_of("todo"))
            stolen = await thief.post(endpoint, data=form, auth=todo)
            assert stolen.json()["error"] == "invalid_grant", "nobody else has the verifier (RFC 7636)"
            assert (await thief.post(endpoint, data=form | verifier, auth=todo)).status_code == 200
        refused = await it.client.get(callback)
        assert (refused.status_code, refused.json()["code"]) == (400, "social.response_refused")
        assert await who(it.client) is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"state": "gone"}, "social.state_refused"),
        ({"state": None}, "social.state_refused"),
        ({"iss": "https://evil.example"}, "social.response_refused"),
        ({"iss": None}, "social.response_refused"),
        ({"code": "made-up"}, "social.response_refused"),
        ({"code": None}, "social.response_refused"),
    ],
)
async def test_an_answer_that_was_tampered_with_signs_nobody_in(
    sqlite_url: str, oidc_provider: OidcProvider, changes: dict[str, str | None], code: str
) -> None:
    async with house(sqlite_url, oidc_provider) as it:
        refused = await it.client.get(bent(await answer(it.client, oidc_provider), **changes))
        assert (refused.status_code, refused.json()["code"]) == (400, code)
        assert await who(it.client) is None
        await sign_in(it.client, oidc_provider)
        assert await who(it.client) is not None, "what was refused stands in nobody's way"


async def test_an_id_token_for_another_nonce_signs_nobody_in(sqlite_url: str, oidc_provider: OidcProvider) -> None:
    async with house(sqlite_url, oidc_provider) as it, oidc_provider.browser() as person:
        asked = await sent(it.client, "example")
        other = asked.replace(f"nonce={query_of(asked)['nonce']}", "nonce=of-another-request")
        assert other != asked
        refused = await it.client.get(path_of(await oidc_provider.sign_in(person, other, ADA["sub"])))
        assert (refused.status_code, refused.json()["code"]) == (400, "social.response_refused")
        assert refusals(it) == ["id_token: nonce"]


async def test_a_code_of_another_request_signs_nobody_in(sqlite_url: str, oidc_provider: OidcProvider) -> None:
    async with house(sqlite_url, oidc_provider) as it:
        theirs = query_of(await answer(it.client, oidc_provider, GRACE["sub"]))["code"]
        refused = await it.client.get(bent(await answer(it.client, oidc_provider), code=theirs))
        assert refused.status_code == 400
        assert await who(it.client) is None


async def test_who_cancels_there_is_sent_back_with_a_code_of_ours(sqlite_url: str, oidc_provider: OidcProvider) -> None:
    async with house(sqlite_url, oidc_provider) as it, oidc_provider.browser() as person:
        asked = await sent(it.client, "example", error_to="/sign-in")
        canceled = await it.client.get(path_of(await oidc_provider.sign_in(person, asked)))
        assert canceled.headers["location"] == "/sign-in?error=social.denied"


async def test_a_session_there_answers_at_once_and_a_prompt_asks_again(
    sqlite_url: str, oidc_provider: OidcProvider
) -> None:
    async with house(sqlite_url, oidc_provider) as it, oidc_provider.browser() as person:
        await oidc_provider.sign_in(person, await sent(it.client, "example"), ADA["sub"])
        silent = await oidc_provider.sign_in(person, await sent(it.client, "example"))
        assert (await it.client.get(path_of(silent))).status_code == 303
        assert await who(it.client) is not None
        asked = await oidc_provider.sign_in(person, await sent(it.client, "example", prompt="login"))
        assert "error=access_denied" in asked


async def test_a_provider_that_is_down_loses_nothing(sqlite_url: str, oidc_provider: OidcProvider) -> None:
    async with house(sqlite_url, oidc_provider) as it:
        await sign_in(it.client, oidc_provider)
        signed_in = await who(it.client)
        assert signed_in is not None
        callback = await answer(it.client, oidc_provider)
        await asyncio.to_thread(oidc_provider.stop)
        down = await it.client.get(callback)
        assert (down.status_code, down.json()["code"]) == (503, "social.provider_unavailable")
        assert down.headers["retry-after"]
        assert await who(it.client) == signed_in, "the session that was there stays"
        await asyncio.to_thread(oidc_provider.start)
        await sign_in(it.client, oidc_provider)
        assert await who(it.client) == signed_in


async def test_a_provider_that_was_never_reached_is_a_503_and_later_it_works(
    sqlite_url: str, oidc_provider: OidcProvider
) -> None:
    async with house(sqlite_url, oidc_provider, is_up=False) as it:
        down = await it.client.get("/auth/login/example")
        assert (down.status_code, down.json()["code"]) == (503, "social.provider_unavailable")
        told = await it.client.get("/auth/login/example?error_to=/sign-in")
        assert told.status_code == 303, told.text
        assert told.headers["location"] == "/sign-in?error=social.provider_unavailable"
        assert not it.client.cookies
        await asyncio.to_thread(oidc_provider.start)
        it.clock.advance(60)
        await sign_in(it.client, oidc_provider)
        assert await who(it.client) is not None


async def test_a_provider_that_answers_nothing_is_not_waited_for_without_end(
    sqlite_url: str, oidc_provider: OidcProvider
) -> None:
    async with house(sqlite_url, oidc_provider) as it:
        callback = await answer(it.client, oidc_provider)
        oidc_provider.pause()
        try:
            async with asyncio.timeout(20):
                slow = await it.client.get(callback)
        finally:
            oidc_provider.resume()
        assert (slow.status_code, slow.json()["code"]) == (503, "social.provider_unavailable")
        await sign_in(it.client, oidc_provider)
        assert await who(it.client) is not None


async def test_the_answer_that_an_attacker_got_signs_no_victim_in(sqlite_url: str, oidc_provider: OidcProvider) -> None:
    async with house(sqlite_url, oidc_provider) as it, it.browser() as victim:
        callback = await answer(it.client, oidc_provider)  # the attacker's browser is it.client
        for _ in range(2):
            refused = await victim.get(callback)
            assert (refused.status_code, refused.json()["code"]) == (400, "social.state_refused")
            assert await who(victim) is None
            await sent(victim, "example")  # with a request of their own, and its cookie, it is the same
        assert refusals(it) == ["other_browser"] * 2
