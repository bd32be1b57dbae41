"""What a provider says is believed only where it is its answer to this request; what goes wrong there stays there."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from gatepost.crypto.jwk import generate_key, load_key
from tests.social.upstream import Fields, Reply, Upstream
from tests.social.visit import App, house, path_of, query_of, refusals, sent, sign_in, who

pytestmark = pytest.mark.anyio
REFUSED, UNAVAILABLE = "/in?error=social.response_refused", "/in?error=social.provider_unavailable"
Claims = dict[str, Any]


def with_claims(**changes: object) -> Callable[[Upstream], None]:
    """Bend the ID token; a claim of None is left out."""

    def bend(upstream: Upstream) -> None:
        def changed(claims: Claims) -> Claims:
            return {name: value for name, value in {**claims, **changes}.items() if value is not None}

        upstream.id_token = changed

    return bend


def with_reply(path: str, reply: Reply) -> Callable[[Upstream], None]:
    def bend(upstream: Upstream) -> None:
        upstream.replies[path] = lambda _: reply

    return bend


def with_other_key(upstream: Upstream) -> None:
    upstream.id_token_key = load_key(generate_key("ES256"))


def with_tokens(**changes: object) -> Callable[[Upstream], None]:
    return lambda upstream: upstream.tokens.update(changes)


def with_response(**changes: str | None) -> Callable[[Upstream], None]:
    return lambda upstream: upstream.response.update(changes)


LIES: dict[str, tuple[Callable[[Upstream], None], str]] = {
    "nonce of another request": (with_claims(nonce="another"), "id_token: nonce"),
    "no nonce": (with_claims(nonce=None), "id_token: nonce"),
    "issuer of another": (with_claims(iss="https://evil.example"), "id_token: issuer"),
    "for another client": (with_claims(aud="another"), "id_token: audience"),
    "for several, and the authorized party is another": (
        with_claims(aud=["gatepost", "another"], azp="another"),
        "id_token: authorized_party",
    ),
    "expired": (with_claims(iat=1, exp=2), "id_token: expired"),
    "of the future": (with_claims(iat=4_000_000_000, exp=4_000_000_300), "id_token: not_yet_valid"),
    "nobody": (with_claims(sub=None), "id_token: claims"),
    "an empty subject": (with_claims(sub=""), "id_token: claims"),
    "a subject that is a number": (with_claims(sub=7), "id_token: claims"),
    "a session that is a list": (with_claims(sid=["x"]), "sid"),
    "of another access token": (with_claims(at_hash="AAAAAAAAAAAAAAAAAAAAAA"), "id_token: access_token_hash"),
    "a logout token": (
        with_claims(events={"http://schemas.openid.net/event/backchannel-logout": {}}),
        "id_token: kind",
    ),
    "signed by nobody": (with_other_key, "id_token: unknown_key"),
    "no ID token": (with_tokens(id_token=None), "no_id_token"),
    "an ID token that is none": (with_tokens(id_token="x.y.z"), "id_token: malformed"),
    "an ID token that is a list": (with_tokens(id_token=["x"]), "token"),
    "unsigned": (with_tokens(id_token="eyJhbGciOiJub25lIn0.e30."), "id_token: "),
    "no access token": (with_tokens(access_token=None), "token"),
    "an access token with a line end": (with_tokens(access_token="x\r\nHost: evil"), "token"),
    "another token type": (with_tokens(token_type="mac"), "token_type"),
    "the code of somebody else": (with_response(code="of-somebody-else"), "invalid_grant"),
    "an empty code": (with_response(code=""), "no_code"),
    "no code": (with_response(code=None), "no_code"),
    "the issuer of another response": (with_response(iss="https://evil.example"), "iss"),
    "the issuer with a slash": (with_response(iss="http://127.0.0.1/"), "iss"),
}


@pytest.mark.parametrize("lie", LIES)
async def test_an_answer_that_is_not_the_one_to_this_request_lets_nobody_in(
    sqlite_url: str, upstream: Upstream, lie: str
) -> None:
    bend, reason = LIES[lie]
    bend(upstream)
    async with house(sqlite_url, upstream) as it:
        response = await sign_in(it.client, upstream, error_to="/in")
        assert response.headers["location"] == REFUSED
        assert it.value("SELECT count(*) FROM gatepost_user") == 0
        assert len(refusals(it)) == 1
        assert refusals(it)[0].startswith(reason)


OUTAGES = {
    "token endpoint says 500": with_reply("/token", Reply(500, b"Traceback")),
    "token endpoint says HTML": with_reply("/token", Reply(200, b"<html>busy</html>")),
    "token endpoint says a list": with_reply("/token", Reply(200, b"[]")),
    "token endpoint is huge": with_reply("/token", Reply(200, b'{"x": "' + b"x" * 1_000_000 + b'"}')),
    "token endpoint redirects": with_reply("/token", Reply(302, headers={"Location": "http://127.0.0.1/"})),
    "keys say 500": with_reply("/jwks", Reply(500)),
    "keys are HTML": with_reply("/jwks", Reply(200, b"<html>")),
    "the provider says so": with_response(code=None, error="temporarily_unavailable"),
    "the provider has an error": with_response(code=None, error="server_error"),
}


@pytest.mark.parametrize("outage", OUTAGES)
async def test_a_provider_that_fails_lets_nobody_in_and_says_so(
    sqlite_url: str, upstream: Upstream, outage: str
) -> None:
    OUTAGES[outage](upstream)
    async with house(sqlite_url, upstream) as it:
        response = await sign_in(it.client, upstream, error_to="/in")
        assert response.headers["location"] == UNAVAILABLE
        assert it.value("SELECT count(*) FROM gatepost_user") == 0


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("access_denied", "social.denied"),
        ("login_required", "social.denied"),
        ("user_cancelled_authorize", "social.denied"),
        ("invalid_scope", "social.provider_refused"),
        ("<script>", "social.provider_refused"),
        ("x" * 4_000, "social.provider_refused"),
    ],
    ids=lambda value: value[:30],
)
async def test_an_error_of_the_provider_becomes_a_code_of_ours(
    sqlite_url: str, upstream: Upstream, error: str, code: str
) -> None:
    upstream.response = {"code": None, "error": error, "error_uri": "https://evil.example"}
    async with house(sqlite_url, upstream) as it:
        response = await sign_in(it.client, upstream, error_to="/in")
        assert response.headers["location"] == f"/in?error={code}"
        assert "script" not in str(it.rows("SELECT detail FROM gatepost_audit"))


async def test_a_client_that_the_provider_does_not_know_is_told_apart(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream, provider={"client_secret": "wrong"}) as it:
        response = await sign_in(it.client, upstream, error_to="/in")
        assert response.headers["location"] == "/in?error=social.provider_refused"


async def test_a_promised_issuer_has_to_be_there(sqlite_url: str, upstream: Upstream) -> None:
    upstream.metadata["authorization_response_iss_parameter_supported"] = True
    async with house(sqlite_url, upstream) as it:
        assert (await sign_in(it.client, upstream)).status_code == 303
        await it.client.post("/auth/logout")
        upstream.response = {"iss": None}
        response = await sign_in(it.client, upstream, error_to="/in")
        assert response.headers["location"] == REFUSED
        assert refusals(it) == ["no_iss"]


async def test_an_issuer_that_promised_nothing_need_not_name_itself(sqlite_url: str, upstream: Upstream) -> None:
    upstream.response = {"iss": None}
    async with house(sqlite_url, upstream) as it:
        assert (await sign_in(it.client, upstream)).headers["location"] == "http://localhost:8000/"


async def test_a_sign_in_that_is_older_than_was_asked_for_is_not_taken(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream) as it:
        for auth_time, location in ((1, REFUSED), (None, REFUSED), (4_000_000_000, "http://localhost:8000/")):
            with_claims(auth_time=auth_time)(upstream)
            response = await sign_in(it.client, upstream, error_to="/in", max_age="60")
            assert response.headers["location"] == location


async def test_what_the_id_token_leaves_out_is_asked_for_and_must_be_of_the_same_person(
    sqlite_url: str, upstream: Upstream
) -> None:
    with_claims(email=None, email_verified=None, name=None, preferred_username=None)(upstream)
    async with house(sqlite_url, upstream) as it:
        upstream.replies["/userinfo"] = lambda _: Reply.json({**upstream.person, "sub": "somebody-else"})
        response = await sign_in(it.client, upstream, error_to="/in")
        assert response.headers["location"] == REFUSED
        assert refusals(it) == ["userinfo_subject"]
        upstream.replies.pop("/userinfo")
        await sign_in(it.client, upstream)
        me = await who(it.client)
        assert me is not None
        assert me["email"] == "ada@example.com"
        bearer = next(asked.headers["Authorization"] for asked in upstream.asked if asked.path == "/userinfo")
        assert bearer == "Bearer upstream-access-token"


async def test_whoever_says_the_address_says_whether_it_is_verified(sqlite_url: str, upstream: Upstream) -> None:
    with_claims(email=None, email_verified=True, name=None)(upstream)
    upstream.person = {"sub": "mallory", "email": "ada@example.com"}
    async with house(sqlite_url, upstream) as it:
        await it.gate.create_user(email="ada@example.com", password="correct horse battery", email_verified=True)
        await sign_in(it.client, upstream)
        me = await who(it.client)
        assert me is None or me["email"] is None
        assert upstream.count("/userinfo") == 1


async def test_userinfo_is_not_asked_where_nothing_is_missing(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream) as it:
        await sign_in(it.client, upstream)
        assert upstream.count("/userinfo") == 0


@pytest.mark.parametrize(
    ("offered", "said", "method"),
    [
        (None, "auto", "basic"),
        (["client_secret_post"], "auto", "post"),
        (["client_secret_post", "client_secret_basic"], "auto", "basic"),
        (["client_secret_basic"], "client_secret_post", "post"),
    ],
)
async def test_the_client_proves_itself_as_the_provider_offers_it(
    sqlite_url: str, upstream: Upstream, offered: list[str] | None, said: str, method: str
) -> None:
    if offered is not None:
        upstream.metadata["token_endpoint_auth_methods_supported"] = offered
    async with house(sqlite_url, upstream, provider={"client_authentication": said}) as it:
        assert (await sign_in(it.client, upstream)).headers["location"] == "http://localhost:8000/"
        asked = next(asked for asked in upstream.asked if asked.path == "/token")
        assert ("Authorization" in asked.headers) == (method == "basic")
        assert ("client_secret" in asked.fields) == (method == "post")


async def test_a_provider_that_is_down_disturbs_neither_a_start_nor_anybody_else(
    sqlite_url: str, upstream: Upstream
) -> None:
    is_over = threading.Event()
    with Upstream() as slow:

        def never(_: Fields) -> Reply:
            is_over.wait(30)
            return Reply(500)

        slow.replies["/.well-known/openid-configuration"] = never
        providers = {"slow": slow.settings(), "acme": upstream.settings()}
        async with asyncio.timeout(20), house(sqlite_url, upstream, providers=providers) as it:
            waiting = asyncio.create_task(it.browser().get("/auth/login/slow"))
            assert (await sign_in(it.client, upstream)).headers["location"] == "http://localhost:8000/"
            assert await who(it.client) is not None
            assert not waiting.done()
            is_over.set()
            answer = await waiting
            assert (answer.status_code, answer.json()["code"]) == (503, "social.provider_unavailable")


async def test_keys_that_are_changed_upstream_stop_nobody(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream) as it:
        await sign_in(it.client, upstream)
        upstream.key = upstream.id_token_key = load_key(generate_key("ES256"))
        response = await sign_in(it.client, upstream, error_to="/in")
        assert response.headers["location"] == "http://localhost:8000/"


async def test_what_a_provider_says_of_a_name_is_data(sqlite_url: str, upstream: Upstream) -> None:
    upstream.person |= {"name": "<img src=x onerror=alert(1)>\u202e", "preferred_username": "../../etc", "locale": 7}
    async with house(sqlite_url, upstream) as it:
        assert (await sign_in(it.client, upstream)).headers["location"] == "http://localhost:8000/"
        assert it.value("SELECT count(*) FROM gatepost_user") == 1


async def test_the_code_verifier_is_that_of_the_request(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream) as it:
        first, second = await sent(it.client), await sent(it.client)
        one, other = await upstream.answer(first), await upstream.answer(second)
        crossed = path_of(one).replace(query_of(one)["code"], query_of(other)["code"])
        response = await it.client.get(crossed)
        assert (response.status_code, response.json()["code"]) == (400, "social.response_refused")
        assert refusals(it) == ["invalid_grant"]
        assert await who(it.client) is None


async def test_an_application_is_told_of_an_outage_too(sqlite_url: str, upstream: Upstream) -> None:
    upstream.replies["/token"] = lambda _: Reply(500)
    async with house(sqlite_url, upstream) as it:
        assert (await App(it).answered(upstream))["error"] == "social.provider_unavailable"
    upstream.replies["/.well-known/openid-configuration"] = lambda _: Reply(500)
    async with house(sqlite_url, upstream) as it:
        app = App(it)
        said = query_of(await sent(it.client, **app.request))
        assert said == {"error": "social.provider_unavailable", "state": app.state, "iss": "http://localhost:8000"}
