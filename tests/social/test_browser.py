"""A browser goes to a provider and comes back signed in: once, and only the one that went."""

import pytest

from gatepost.kernel.clock import Clock
from tests.harness import EMAIL, PASSWORD, query, running
from tests.social.upstream import Upstream
from tests.social.visit import begin, house, path_of, query_of, refusals, sent, sign_in, who

pytestmark = pytest.mark.anyio


async def test_somebody_new_comes_back_signed_in_with_a_verified_address(database_url: str, upstream: Upstream) -> None:
    async with house(database_url, upstream) as it:
        response = await sign_in(it.client, upstream, return_to="/todos?open=1#first")
        assert response.status_code == 303, response.text
        assert response.headers["location"] == "/todos?open=1#first"
        me = await who(it.client)
        assert me is not None
        assert (me["email"], me["email_verified"], me["full_name"]) == ("ada@example.com", True, "Ada Lovelace")
        assert it.value("SELECT amr FROM gatepost_session") == "fed"


async def test_the_next_sign_in_is_the_same_user(database_url: str, upstream: Upstream) -> None:
    async with house(database_url, upstream) as it, it.browser() as another:
        await sign_in(it.client, upstream)
        upstream.person["email"] = "ada@elsewhere.example"
        await sign_in(another, upstream)
        first, second = await who(it.client), await who(another)
        assert first is not None
        assert second is not None
        assert first["id"] == second["id"]
        assert second["email"] == "ada@example.com", "what a provider says later changes no address here"


async def test_the_request_carries_what_protects_its_answer(sqlite_url: str, upstream: Upstream) -> None:
    upstream.metadata["authorization_endpoint"] = f"{upstream.issuer}/authorize?tenant=one"
    async with house(sqlite_url, upstream) as it:
        said = query_of(await sent(it.client, prompt="select_account", max_age="60"))
        assert said["tenant"] == "one"
        assert said["response_type"] == "code"
        assert said["client_id"] == "gatepost"
        assert said["redirect_uri"] == "http://localhost:8000/auth/callback/acme"
        assert said["scope"] == "openid email profile"
        assert said["code_challenge_method"] == "S256"
        assert (said["prompt"], said["max_age"]) == ("select_account", "60")
        assert len({said["state"], said["nonce"], said["code_challenge"]}) == 3
        again = query_of(await sent(it.client))
        assert not {said["state"], said["nonce"], said["code_challenge"]} & set(again.values())
        assert not {"prompt", "max_age"} & again.keys()


async def test_no_row_holds_a_secret_of_the_request(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream) as it:
        said = query_of(await sent(it.client))
        row = str(it.rows("SELECT * FROM gatepost_federation"))
        cookie = next(value for name, value in it.client.cookies.items() if name.startswith("gatepost-flow-"))
        for secret in (said["state"], said["nonce"], cookie):
            assert secret not in row


async def test_the_cookie_of_a_request_is_hidden_short_lived_and_goes_at_its_end(
    sqlite_url: str, upstream: Upstream
) -> None:
    async with house(sqlite_url, upstream) as it:
        began = await begin(it.client)
        line = began.headers["set-cookie"]
        assert line.startswith(f"gatepost-flow-{query_of(began.headers['location'])['state'][4:16]}=")
        assert "HttpOnly" in line
        assert "SameSite=lax" in line
        assert "Max-Age=600" in line
        await it.client.get(path_of(await upstream.answer(began.headers["location"])))
        assert not [name for name in it.client.cookies if name.startswith("gatepost-flow-")]


async def test_two_tabs_side_by_side_do_not_disturb_each_other(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream) as it:
        tabs = [await sent(it.client, return_to=f"/{number}") for number in range(2)]
        answers = [await upstream.answer(tab) for tab in tabs]
        for number in (1, 0):
            response = await it.client.get(path_of(answers[number]))
            assert response.headers["location"] == f"/{number}"


async def test_a_browser_that_begins_without_end_holds_few_cookies(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream) as it:
        for _ in range(40):
            await sent(it.client)
        assert len([name for name in it.client.cookies if name.startswith("gatepost-flow-")]) <= 9
        assert (await sign_in(it.client, upstream)).headers["location"] == "http://localhost:8000/"


async def test_a_callback_that_is_opened_twice_is_taken_once(database_url: str, upstream: Upstream) -> None:
    async with house(database_url, upstream) as it:
        answer = path_of(await upstream.answer(await sent(it.client)))
        cookies = dict(it.client.cookies)
        assert (await it.client.get(answer)).status_code == 303
        it.client.cookies.update(cookies)
        again = await it.client.get(answer)
        assert (again.status_code, again.json()["code"]) == (400, "social.state_refused")
        assert upstream.count("/token") == 1
        assert refusals(it) == ["used_or_expired"]


async def test_an_answer_that_comes_too_late_is_not_taken(database_url: str, upstream: Upstream) -> None:
    clock = Clock()
    async with house(database_url, upstream, clock=clock) as it:
        answer = path_of(await upstream.answer(await sent(it.client)))
        clock.advance(601)
        assert (await it.client.get(answer)).json()["code"] == "social.state_refused"
        assert upstream.count("/token") == 0


async def test_the_session_that_the_browser_had_ends(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream) as it, it.browser() as thief:
        await it.register("mallory@example.com")
        await it.login("mallory@example.com")
        thief.cookies.update(it.client.cookies)
        assert await who(thief) is not None
        await sign_in(it.client, upstream)
        assert await who(thief) is None


async def test_a_change_of_the_secret_meanwhile_stops_nobody(sqlite_url: str, upstream: Upstream) -> None:
    old, new = "an-old-secret-of-the-tests-0123456789-abcdefgh", "a-new-secret-of-the-tests-0123456789-abcdefgh"
    async with house(sqlite_url, upstream, secret=old) as it:
        answer = path_of(await upstream.answer(await sent(it.client)))
        cookies = dict(it.client.cookies)
    async with house(sqlite_url, upstream, secret=new, secret_previous=old) as it:
        it.client.cookies.update(cookies)
        assert (await it.client.get(answer)).status_code == 303
        assert await who(it.client) is not None


async def test_providers_are_listed_with_their_labels(sqlite_url: str, upstream: Upstream) -> None:
    github = {"client_id": "x", "client_secret": "y"}
    providers = {"acme": upstream.settings(label="Acme & Sons"), "github": github}
    async with house(sqlite_url, upstream, providers=providers) as it:
        listed = (await it.client.get("/auth/providers")).json()
        assert listed == [{"name": "acme", "label": "Acme & Sons"}, {"name": "github", "label": "GitHub"}]


async def test_without_providers_there_is_none(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        assert (await it.client.get("/auth/providers")).json() == []
        for path in ("/auth/login/google", "/auth/callback/google"):
            assert (await it.client.get(path)).status_code == 404
        assert (await it.client.post("/auth/callback/google", data={"code": "x"})).status_code == 404


async def test_a_refusal_goes_where_it_was_asked_to_go_with_its_code_alone(sqlite_url: str, upstream: Upstream) -> None:
    upstream.response = {"code": None, "error": "access_denied", "error_description": "<b>you are a fool</b>"}
    async with house(sqlite_url, upstream) as it:
        response = await sign_in(it.client, upstream, error_to="/sign-in?from=menu#top")
        assert response.status_code == 303
        assert response.headers["location"] == "/sign-in?from=menu&error=social.denied#top"
        assert await who(it.client) is None
        assert refusals(it) == ["access_denied"]


async def test_a_refusal_without_a_place_to_go_is_a_page_of_ours(sqlite_url: str, upstream: Upstream) -> None:
    upstream.response = {"code": None, "error": "access_denied", "error_description": "<b>you are a fool</b>"}
    async with house(sqlite_url, upstream) as it:
        answer = path_of(await upstream.answer(await sent(it.client)))
        page = await it.client.get(answer, headers={"Accept": "text/html,*/*;q=0.8"})
        assert page.status_code == 403
        assert page.headers["content-type"].startswith("text/html")
        assert "social.denied" in page.text
        assert "fool" not in page.text
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "<script" not in page.text


async def test_every_answer_keeps_code_and_state_from_caches_and_the_next_page(
    sqlite_url: str, upstream: Upstream
) -> None:
    async with house(sqlite_url, upstream) as it:
        began = await begin(it.client)
        answer = path_of(await upstream.answer(began.headers["location"]))
        responses = [
            began,
            await it.client.get("/auth/login/nobody"),
            await it.client.get("/auth/login/acme?return_to=//evil.example"),
            await it.client.post("/auth/callback/acme", data={"state": "x", "code": "y"}),
            await it.client.get(answer),
            await it.client.get(answer, headers={"Accept": "text/html"}),
            await it.client.get(answer),
        ]
        for response in responses:
            assert response.headers["cache-control"] == "no-store", response.request.url
            assert response.headers["referrer-policy"] == "no-referrer", response.request.url
            assert query_of(answer)["state"] not in response.headers.get("location", "") or response is began
            assert query_of(answer)["code"] not in response.text


async def test_a_user_who_was_disabled_is_let_in_by_nobody(database_url: str, upstream: Upstream) -> None:
    async with house(database_url, upstream) as it:
        await sign_in(it.client, upstream)
        await it.client.post("/auth/logout")
        query(database_url, "UPDATE gatepost_user SET disabled_at = 1, epoch = epoch + 1")
        response = await sign_in(it.client, upstream, error_to="/in")
        assert response.headers["location"] == "/in?error=login.failed"
        assert await who(it.client) is None


async def test_who_proved_the_address_here_is_let_in_by_a_provider_that_runs_it(
    database_url: str, upstream: Upstream
) -> None:
    async with house(database_url, upstream) as it:
        await it.gate.create_user(email=EMAIL, password=PASSWORD, email_verified=True)
        assert (await sign_in(it.client, upstream)).headers["location"] == "http://localhost:8000/"
        me = await who(it.client)
        assert me is not None
        assert me["email"] == EMAIL
        assert it.value("SELECT count(*) FROM gatepost_user") == 1


async def test_requests_that_nobody_came_back_from_are_forgotten(database_url: str, upstream: Upstream) -> None:
    clock = Clock()
    async with house(database_url, upstream, clock=clock) as it:
        await sent(it.client)
        clock.advance(600 + 3_599)
        assert sum([await prune() for prune in it.core.pruning]) >= 0
        assert it.value("SELECT count(*) FROM gatepost_federation") == 1
        clock.advance(2)
        for prune in it.core.pruning:
            await prune()
        assert it.value("SELECT count(*) FROM gatepost_federation") == 0
