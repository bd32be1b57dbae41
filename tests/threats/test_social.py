"""Signing in with others: whose answer is taken, and what attackers get."""

import logging
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest

from gatepost import Gatepost
from gatepost.core.federation.domain import Asked, RequestKind
from gatepost.feature import Feature
from gatepost.features import DEFAULT
from tests.harness import EMAIL, PASSWORD, asgi_client, guarded_app, query, settings
from tests.social.upstream import SECRET, Upstream
from tests.social.visit import App, begin, house, path_of, query_of, refusals, sent, sign_in, who

pytestmark = pytest.mark.anyio
STATES = {
    "none": None,
    "empty": "",
    "word": "x",
    "prefix": "gps_",
    "zeros": "gps_" + "A" * 64,
    "long": "gps_" + "A" * 10_000,
    "NUL": "gps_\0",
    "SQL": "' OR 1=1 --",
}


@pytest.mark.parametrize("state", STATES)
async def test_a_state_that_was_not_made_here_is_taken_by_nobody(
    sqlite_url: str,
    upstream: Upstream,
    state: str,
) -> None:
    async with house(sqlite_url, upstream) as it:
        said = {"code": "x"} if STATES[state] is None else {"code": "x", "state": str(STATES[state])}
        answers = [
            await it.client.get("/auth/callback/acme", params=said),
            await it.client.post("/auth/callback/acme", data=said),
        ]
        assert {answer.status_code for answer in answers} == {400}
        assert upstream.count("/token") == 0


async def test_a_state_that_is_cut_changed_or_of_another_purpose_is_none(
    sqlite_url: str,
    upstream: Upstream,
) -> None:
    async with house(sqlite_url, upstream) as it:
        answer = query_of(await upstream.answer(await sent(it.client)))
        state, cookie = answer["state"], next(iter(it.client.cookies.values()))
        changed = state[:-2] + ("AA" if state[-2:] != "AA" else "BB")
        for wrong in (state[:-1], state + "A", changed, state.swapcase(), f" {state}", cookie, f"gpa_{state[4:]}"):
            response = await it.client.get("/auth/callback/acme", params={**answer, "state": wrong})
            assert response.status_code == 400, wrong
        assert upstream.count("/token") == 0
        assert (await it.client.get("/auth/callback/acme", params=answer)).status_code == 303


async def test_an_answer_that_an_attacker_began_signs_nobody_in_elsewhere(
    sqlite_url: str,
    upstream: Upstream,
) -> None:
    async with house(sqlite_url, upstream) as it, it.browser() as attacker, it.browser() as victim:
        stolen = path_of(await upstream.answer(await sent(attacker, error_to="/in")))
        await sent(victim)  # one of their own is under way, too
        response = await victim.get(stolen)
        assert (response.status_code, response.json()["code"]) == (400, "social.state_refused")
        assert await who(victim) is None
        assert upstream.count("/token") == 0
        assert refusals(it) == ["other_browser"]
        assert (await attacker.get(stolen)).status_code == 303, "and nothing was used up"


async def test_the_cookie_of_one_request_is_none_of_another(
    sqlite_url: str,
    upstream: Upstream,
) -> None:
    async with house(sqlite_url, upstream) as it, it.browser() as attacker:
        answer = await upstream.answer(await sent(attacker))
        await sent(it.client)
        name, value = next(iter(it.client.cookies.items()))
        wanted = f"gatepost-flow-{query_of(answer)['state'][4:16]}"
        for cookie in (f"{wanted}={value}", f"{name}={value}", f"{wanted}=", f"{wanted}=a; {wanted}=b"):
            async with it.browser() as browser:
                response = await browser.get(path_of(answer), headers={"Cookie": cookie})
                assert response.status_code == 400


async def test_the_cookie_of_a_request_is_bound_to_the_host_on_https(
    sqlite_url: str,
    upstream: Upstream,
) -> None:
    async with house(sqlite_url, upstream, public_url="https://localhost") as it:
        line = (await begin(it.client)).headers["set-cookie"]
        assert line.startswith("__Host-gatepost-flow-")
        for flag in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
            assert flag in line
        assert "Domain" not in line


async def test_the_answer_of_one_provider_is_none_of_another(
    sqlite_url: str,
    upstream: Upstream,
) -> None:
    with Upstream() as evil:
        providers = {"acme": upstream.settings(), "evil": evil.settings()}
        async with house(sqlite_url, upstream, providers=providers) as it:
            # The victim begins at the attacker's provider, which sends them on to the honest one.
            begun = query_of(await sent(it.client, "evil", error_to="/in"))
            honest = await upstream.answer(f"{upstream.issuer}/authorize?{urlencode(begun)}")
            for name in ("acme", "evil"):
                response = await it.client.get(f"/auth/callback/{name}?{honest.partition('?')[2]}")
                assert response.status_code in {303, 400}
                assert response.headers.get("location", "/in?error=").startswith("/in?error=")
            assert evil.count("/token") == 0, "the honest provider's code goes to nobody else"
            assert await who(it.client) is None
            assert refusals(it) == ["used_or_expired", "iss"]


async def test_a_provider_that_is_switched_off_meanwhile_signs_nobody_in(
    sqlite_url: str,
    upstream: Upstream,
) -> None:
    async with house(sqlite_url, upstream) as it:
        answer = path_of(await upstream.answer(await sent(it.client)))
        cookies = dict(it.client.cookies)
    async with house(sqlite_url, upstream, providers={}) as it:
        it.client.cookies.update(cookies)
        response = await it.client.get(answer)
        assert (response.status_code, response.json()["code"]) == (403, "social.provider_disabled")
        assert await who(it.client) is None
        assert upstream.count("/token") == 0


async def test_a_link_is_ended_in_the_session_that_began_it_alone(
    sqlite_url: str,
    upstream: Upstream,
) -> None:
    async with house(sqlite_url, upstream) as it, it.browser() as attacker:
        await attacker.post("/auth/register", json={"email": "mallory@example.com", "password": PASSWORD})
        await attacker.post("/auth/login", json={"identifier": "mallory@example.com", "password": PASSWORD})
        session = it.rows("SELECT id, user_id FROM gatepost_session")[0]
        begun = await it.core.requests.begin(
            Asked(
                provider="acme",
                kind=RequestKind.LINK,
                session_id=UUID(str(session[0])),
                user_id=UUID(str(session[1])),
            )
        )
        answer = path_of(await upstream.answer(begun.location))
        cookie = {"Cookie": f"gatepost-flow-{begun.cookie}={begun.browser}"}
        await it.register()
        await it.login()
        # In the victim's browser: without the cookie, and with one that was planted there.
        assert (await it.client.get(answer)).status_code == 400
        planted = await it.browser().get(answer, headers=cookie)
        assert planted.status_code == 400
        value = it.client.cookies["gatepost"]
        other = await it.browser().get(answer, headers={"Cookie": f"{cookie['Cookie']}; gatepost={value}"})
        assert (other.status_code, other.json()["code"]) == (400, "social.state_refused")
        assert it.value("SELECT count(*) FROM gatepost_identity") == 0
        assert refusals(it) == ["other_browser", "other_session", "other_session"]
        own = f"{cookie['Cookie']}; gatepost={attacker.cookies['gatepost']}"
        assert (await it.browser().get(answer, headers={"Cookie": own})).status_code == 303
        assert it.value("SELECT count(*) FROM gatepost_identity") == 1


@pytest.mark.parametrize("said", [{"email_verified": False}, {"email_verified": None}, {"email_verified": "true"}])
async def test_an_address_that_the_provider_has_not_verified_signs_in_as_nobody_here(
    sqlite_url: str,
    upstream: Upstream,
    said: dict[str, Any],
) -> None:
    upstream.person |= said
    async with house(sqlite_url, upstream) as it:
        await it.gate.create_user(email=EMAIL, password=PASSWORD, email_verified=True)
        owner = it.value("SELECT id FROM gatepost_user")
        await sign_in(it.client, upstream)
        me = await who(it.client)
        assert me is None or UUID(me["id"]) != UUID(str(owner))
        assert it.rows("SELECT user_id FROM gatepost_identity") != [(owner,)]


async def test_another_factor_of_the_user_is_still_asked_for(
    sqlite_url: str,
    upstream: Upstream,
) -> None:
    async def factor(_: UUID, proved: Any) -> list[str]:  # noqa: ANN401 - the methods
        return [] if "totp" in proved else ["totp"]

    features = (*DEFAULT, Feature(name="totp", factors=(factor,)))
    options = {"providers": {"acme": upstream.settings()}, "outbound_dangerously_reaches_loopback": True}
    gate: Gatepost[Any] = Gatepost(settings(sqlite_url, **options), features=features)
    app = guarded_app(gate)
    async with app.router.lifespan_context(app), asgi_client(app) as browser:
        response = await sign_in(browser, upstream, error_to="/in")
        assert response.headers["location"] == "/in?error=login.factor_required"
        assert await who(browser) is None
        assert query(sqlite_url, "SELECT count(*) FROM gatepost_session") == [(0,)]


async def test_no_secret_of_a_sign_in_reaches_a_log_the_trail_or_a_mail(
    sqlite_url: str,
    upstream: Upstream,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="gatepost")
    async with house(sqlite_url, upstream, provider={"label": "Acme"}) as it:
        app = App(it)
        code = await app.code(upstream)
        await app.redeem(code, code_verifier="v" * 43)
        upstream.response = {"code": "a-code-of-somebody-else"}
        said = query_of(await sent(it.client))
        await sign_in(it.client, upstream)
        kept = [str(it.rows(f"SELECT * FROM {table}")) for table in ("gatepost_audit", "gatepost_federation")]
        text = caplog.text + "".join(kept) + str(it.mails.sent)
        secrets = (code, app.verifier, said["state"], said["nonce"], "a-code-of-somebody-else", SECRET)
        for secret in (*secrets, "upstream-access-token"):
            assert secret not in text


async def test_words_of_a_provider_are_shown_to_nobody(
    sqlite_url: str,
    upstream: Upstream,
) -> None:
    words = "<script>alert(1)</script>"
    upstream.response = {"code": None, "error": words, "error_description": words, "error_uri": words}
    async with house(sqlite_url, upstream) as it:
        for headers in ({"Accept": "text/html"}, {"Accept": "*/*"}):
            answer = path_of(await upstream.answer(await sent(it.client)))
            response = await it.client.get(answer, headers=headers)
            assert response.status_code == 400
            assert "alert(1)" not in response.text
        assert "alert(1)" not in str(it.rows("SELECT * FROM gatepost_audit"))


async def test_beginning_without_end_spends_a_budget(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream, budgets={"federation.address": "3/3600"}) as it:
        statuses = [(await begin(it.client)).status_code for _ in range(5)]
        assert statuses == [303, 303, 303, 429, 429]
        assert it.value("SELECT count(*) FROM gatepost_federation") == 3
        page = await it.client.get("/auth/callback/acme", headers={"Accept": "text/html"})
        assert page.status_code == 429
        assert int(page.headers["retry-after"]) > 0
