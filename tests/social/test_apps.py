"""An application gets a code in the browser, and tokens for it: once, and only the application that began."""

import pytest

from gatepost.core.federation.domain import challenge_of
from gatepost.kernel.clock import Clock
from tests.harness import bearer, query
from tests.social.upstream import Upstream
from tests.social.visit import APP, WEB_APP, App, begin, house, refusals

pytestmark = pytest.mark.anyio
NOT_GOOD = {"error": "invalid_grant", "error_description": "The code is not good, or no longer."}


@pytest.mark.parametrize("redirect_uri", [APP, WEB_APP])
async def test_a_code_is_exchanged_for_the_tokens_of_one_session(
    database_url: str, upstream: Upstream, redirect_uri: str
) -> None:
    async with house(database_url, upstream) as it:
        app = App(it, redirect_uri)
        code = await app.code(upstream)
        assert it.value("SELECT count(*) FROM gatepost_session") == 0, "the session is opened by the application"
        answer = await app.redeem(code)
        assert answer.status_code == 200, answer.text
        tokens = answer.json()
        assert tokens["token_type"] == "Bearer"
        assert answer.headers["cache-control"] == "no-store"
        assert (await it.principal(tokens["access_token"])).status_code == 200
        assert (await it.refresh(tokens["refresh_token"])).status_code == 200
        assert it.value("SELECT kind FROM gatepost_session") == "token"
        assert it.value("SELECT count(*) FROM gatepost_identity_session") == 1
        assert code not in str(it.rows("SELECT * FROM gatepost_federation"))


async def test_an_application_may_keep_its_refresh_token_in_a_cookie(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream) as it:
        app = App(it, WEB_APP)
        answer = await app.redeem(await app.code(upstream), refresh_cookie="true")
        assert "refresh_token" not in answer.json()
        assert "gatepost-refresh=" in answer.headers["set-cookie"]
        foreign = App(it, WEB_APP)
        async with it.browser() as page:
            form = {"grant_type": "authorization_code", "code": await foreign.code(upstream), "refresh_cookie": "true"}
            headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
            assert (await page.post("/auth/token", data=form, headers=headers)).status_code == 403


async def test_an_application_gets_the_scopes_that_it_asks_for(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream, scopes=("todo:read", "todo:write")) as it:
        app = App(it)
        assert (await app.redeem(await app.code(upstream, scope="todo:read"))).json()["scope"] == "todo:read"
        everything = App(it)
        assert (await everything.redeem(await everything.code(upstream))).json()["scope"] == "todo:read todo:write"
        assert (await begin(it.client, **app.request, scope="todo:read admin")).status_code == 400


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"code_verifier": "v" * 43}, "code_verifier"),
        ({"code_verifier": None}, "code_verifier"),
        ({"code_verifier": ""}, "code_verifier"),
        ({"code_verifier": "short"}, "code_verifier"),
        ({"code_verifier": "v" * 129}, "code_verifier"),
        ({"redirect_uri": WEB_APP}, "redirect_uri"),
        ({"redirect_uri": None}, "redirect_uri"),
        ({"redirect_uri": f"{APP}/"}, "redirect_uri"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else value,
)
async def test_a_code_that_is_presented_wrongly_is_burned(
    database_url: str, upstream: Upstream, wrong: dict[str, str | None], reason: str
) -> None:
    async with house(database_url, upstream) as it:
        app = App(it)
        code = await app.code(upstream)
        refused = await app.redeem(code, **wrong)
        assert (refused.status_code, refused.json()) == (400, NOT_GOOD)
        assert (await app.redeem(code)).json() == NOT_GOOD, "what is presented rightly comes too late"
        assert it.value("SELECT count(*) FROM gatepost_session") == 0
        assert refusals(it) == [reason, "code_replayed"]


async def test_the_challenge_itself_is_no_verifier(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream) as it:
        app = App(it)
        code = await app.code(upstream)
        assert (await app.redeem(code, code_verifier=challenge_of(app.verifier))).json() == NOT_GOOD


async def test_a_second_redemption_ends_the_session_of_the_first(database_url: str, upstream: Upstream) -> None:
    async with house(database_url, upstream) as it:
        app, other = App(it), App(it)
        code = await app.code(upstream)
        tokens = (await app.redeem(code)).json()
        bystander = (await other.redeem(await other.code(upstream))).json()
        assert (await it.principal(tokens["access_token"])).status_code == 200
        assert (await app.redeem(code)).json() == NOT_GOOD
        assert (await it.principal(tokens["access_token"])).status_code == 401
        assert (await it.refresh(tokens["refresh_token"])).status_code == 400
        assert (await it.principal(bystander["access_token"])).status_code == 200
        assert refusals(it) == ["code_replayed"]


async def test_a_second_redemption_ends_it_however_it_is_presented(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream) as it:
        app = App(it)
        code = await app.code(upstream)
        tokens = (await app.redeem(code)).json()
        assert (await app.redeem(code, code_verifier="v" * 43)).json() == NOT_GOOD
        assert (await it.principal(tokens["access_token"])).status_code == 401


async def test_a_code_lives_for_a_minute(database_url: str, upstream: Upstream) -> None:
    clock = Clock()
    async with house(database_url, upstream, clock=clock) as it:
        early, late = App(it), App(it)
        codes = [await early.code(upstream), await late.code(upstream)]
        clock.advance(58)
        assert (await early.redeem(codes[0])).status_code == 200
        clock.advance(3)
        assert (await late.redeem(codes[1])).json() == NOT_GOOD
        assert refusals(it) == ["code_expired"]


@pytest.mark.parametrize("code", ["x", "gpa_", "gpa_" + "A" * 64, "gps_" + "A" * 64, "%00", "A" * 60_000])
async def test_a_text_that_is_no_code_is_refused_like_any_other(sqlite_url: str, upstream: Upstream, code: str) -> None:
    async with house(sqlite_url, upstream) as it:
        assert (await App(it).redeem(code)).json() == NOT_GOOD


async def test_the_state_of_a_request_is_no_code(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream) as it:
        app = App(it)
        await app.code(upstream)
        state = next(asked.fields["state"] for asked in upstream.asked if asked.path == "/authorize")
        assert (await app.redeem(state)).json() == NOT_GOOD
        assert (await app.redeem(f"gpa_{state[4:]}")).json() == NOT_GOOD


async def test_a_code_is_worth_nothing_once_the_epoch_has_moved(database_url: str, upstream: Upstream) -> None:
    async with house(database_url, upstream) as it:
        app = App(it)
        code = await app.code(upstream)
        query(database_url, "UPDATE gatepost_user SET epoch = epoch + 1")
        assert (await app.redeem(code)).json()["error"] == "invalid_grant"
        assert it.value("SELECT count(*) FROM gatepost_session") == 0


async def test_another_client_than_ours_gets_nothing(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream) as it:
        app = App(it)
        code = await app.code(upstream)
        refused = await app.redeem(code, client_id="somebody")
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


async def test_a_refusal_is_told_to_the_application_with_its_state_and_who_says_it(
    sqlite_url: str, upstream: Upstream
) -> None:
    upstream.response = {"code": None, "error": "access_denied", "error_description": "no"}
    async with house(sqlite_url, upstream) as it:
        said = await App(it).answered(upstream)
        assert said.keys() == {"error", "state", "iss"}
        assert said["error"] == "social.denied"


async def test_an_account_that_nobody_has_here_is_refused_where_nobody_is_made(
    sqlite_url: str, upstream: Upstream
) -> None:
    async with house(sqlite_url, upstream, provider={"sign_up": False}) as it:
        assert (await App(it).answered(upstream))["error"] == "social.no_account"
        assert it.value("SELECT count(*) FROM gatepost_user") == 0


async def test_a_loopback_application_chooses_its_port(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream, redirect_uris=("http://127.0.0.1/cb", "http://[::1]/cb")) as it:
        for redirect_uri in ("http://127.0.0.1:49152/cb", "http://[::1]:8/cb"):
            app = App(it, redirect_uri)
            code = await app.code(upstream)
            assert (await app.redeem(code)).status_code == 200
        app = App(it, "http://127.0.0.1:49152/cb")
        code = await app.code(upstream)
        assert (await app.redeem(code, redirect_uri="http://127.0.0.1:49153/cb")).json() == NOT_GOOD


async def test_the_tokens_of_a_code_name_how_somebody_signed_in(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream, introspection_clients={"api": "x" * 32}) as it:
        app = App(it)
        tokens = (await app.redeem(await app.code(upstream))).json()
        listed = await it.client.get("/auth/sessions", headers=bearer(tokens["access_token"]))
        assert listed.status_code == 200
        assert it.value("SELECT amr FROM gatepost_session") == "fed"
