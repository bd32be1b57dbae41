"""A provider without OpenID Connect: no ID token, an answer of its own, and PKCE and `state` all the same."""

from typing import Any

import pytest

from tests.social.upstream import Fields, Reply, Upstream
from tests.social.visit import begin, house, query_of, refusals, sent, sign_in, who

pytestmark = pytest.mark.anyio
REFUSED = "/in?error=social.response_refused"


def as_github(upstream: Upstream, emails: list[dict[str, Any]]) -> None:
    """Make the provider answer at the paths of a GitHub Enterprise Server, in its shapes."""
    upstream.person = {"id": 4711, "login": "ada", "name": "Ada Lovelace", "email": "for-show@example.com"}
    upstream.response = {"iss": f"{upstream.issuer}/login/oauth"}
    upstream.moved = {
        "/login/oauth/authorize": "/authorize",
        "/login/oauth/access_token": "/token",
        "/api/v3/user": "/userinfo",
    }
    upstream.tokens = {"id_token": None, "token_type": "bearer"}
    upstream.replies["/api/v3/user/emails"] = lambda _: Reply.json(emails)


def github(upstream: Upstream) -> dict[str, Any]:
    return {"acme": {**upstream.settings(preset="github", base_url=upstream.issuer), "issuer": ""}}


async def test_somebody_signs_in_by_the_number_of_their_account(database_url: str, upstream: Upstream) -> None:
    as_github(upstream, [{"email": "ada@example.com", "primary": True, "verified": True}])
    async with house(database_url, upstream, providers=github(upstream)) as it:
        asked = query_of(await sent(it.client))
        assert "nonce" not in asked
        assert asked["code_challenge_method"] == "S256"
        assert (await sign_in(it.client, upstream, error_to="/in")).headers["location"] == "http://localhost:8000/"
        me = await who(it.client)
        assert me is not None
        assert (me["email"], me["email_verified"]) == ("ada@example.com", True)
        assert it.rows("SELECT subject FROM gatepost_identity") == [("4711",)]
        token = next(asked for asked in upstream.asked if asked.path == "/login/oauth/access_token")
        assert token.headers["Accept"] == "application/json"
        assert token.fields["client_secret"]


async def test_an_error_with_the_status_of_success_is_an_error(sqlite_url: str, upstream: Upstream) -> None:
    as_github(upstream, [])

    def expired(_: Fields) -> Reply:
        return Reply.json({"error": "bad_verification_code", "error_description": "expired"})

    upstream.replies["/login/oauth/access_token"] = expired
    async with house(sqlite_url, upstream, providers=github(upstream)) as it:
        response = await sign_in(it.client, upstream, error_to="/in")
        assert response.headers["location"] == REFUSED
        assert await who(it.client) is None


@pytest.mark.parametrize("iss", ["https://evil.example", "https://github.com"])
async def test_an_answer_that_names_another_is_not_taken(sqlite_url: str, upstream: Upstream, iss: str) -> None:
    as_github(upstream, [])
    upstream.response = {"iss": iss}
    async with house(sqlite_url, upstream, providers=github(upstream)) as it:
        assert (await sign_in(it.client, upstream, error_to="/in")).headers["location"] == REFUSED
        assert upstream.count("/login/oauth/access_token") == 0
        assert refusals(it) == ["iss"]


@pytest.mark.parametrize("said", [{"id": None}, {"id": "4711"}, {"id": True}, {"id": -1}, {"id": [1]}])
async def test_an_answer_without_the_number_of_an_account_lets_nobody_in(
    sqlite_url: str, upstream: Upstream, said: dict[str, Any]
) -> None:
    as_github(upstream, [])
    upstream.person |= said
    async with house(sqlite_url, upstream, providers=github(upstream)) as it:
        assert (await sign_in(it.client, upstream, error_to="/in")).headers["location"] == REFUSED
        assert refusals(it) == ["account"]


async def test_what_is_asked_besides_may_fail(sqlite_url: str, upstream: Upstream) -> None:
    as_github(upstream, [])
    upstream.replies["/api/v3/user/emails"] = lambda _: Reply(500)
    async with house(sqlite_url, upstream, providers=github(upstream)) as it:
        response = await sign_in(it.client, upstream, error_to="/in")
        assert response.headers["location"] == "/in?error=social.provider_unavailable"


async def test_an_age_of_the_sign_in_there_is_not_asked_of_who_does_not_say_it(
    sqlite_url: str, upstream: Upstream
) -> None:
    as_github(upstream, [])
    async with house(sqlite_url, upstream, providers=github(upstream)) as it:
        answer = await begin(it.client, max_age="60", error_to="/in")
        assert (answer.status_code, answer.json()["code"]) == (400, "social.invalid_request")
        assert it.rows("SELECT * FROM gatepost_federation") == []
