"""A link or a code by mail opens a session, once, where it was asked for."""

import asyncio
import json
import uuid
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from gatepost import Gatepost
from gatepost.feature import Feature
from gatepost.features import DEFAULT
from tests.email_sign_in.mailing import ask, asked, asked_code, refused, sign_in, verified
from tests.harness import EMAIL, PASSWORD, Mails, Running, asgi_client, guarded_app, running, settings
from tests.recovery.mailing import delivered

pytestmark = pytest.mark.anyio
ON: dict[str, Any] = {"email_sign_in": True}
CODES: dict[str, Any] = {**ON, "email_proof": "code"}


async def test_a_link_signs_in_the_browser_that_asked_for_it(database_url: str) -> None:
    async with running(database_url, **ON) as it:
        await verified(it)
        token = await asked(it, it.client)
        answer = await sign_in(it.client, token=token)
        assert answer.status_code == 200, answer.text
        assert answer.json()["email"] == EMAIL
        assert (await it.client.get("/principal")).status_code == 200
        assert it.value("SELECT amr FROM gatepost_session") == "email"
        assert "gatepost-flow" not in it.client.cookies
        assert "gatepost-device" in it.client.cookies


async def test_a_code_signs_in_where_it_was_asked_for(database_url: str) -> None:
    async with running(database_url, **CODES) as it:
        await verified(it)
        code = await asked_code(it, it.client)
        answer = await sign_in(it.client, email="ADA@example.com", code=f"{code[:3]} {code[3:]}")
        assert answer.status_code == 200, answer.text
        assert it.value("SELECT amr FROM gatepost_session") == "otp"
        assert await refused(it.client, email=EMAIL, code=code) == "login.other_browser"


async def test_a_client_without_cookies_gets_tokens_for_the_flow_that_it_was_given(database_url: str) -> None:
    async with running(database_url, **CODES) as it:
        await verified(it)
        flow = await ask(it.client)
        it.client.cookies.clear()
        code = (await delivered(it))[-1].body
        digits = next(word for word in code.split() if word.isdigit() and len(word) == 6)
        assert await refused(it.client, email=EMAIL, code=digits, response="tokens") == "login.other_browser"
        assert await refused(it.client, email=EMAIL, code=digits, flow=flow) == "login.other_browser"
        answer = await sign_in(it.client, email=EMAIL, code=digits, flow=flow, response="tokens")
        assert answer.status_code == 200, answer.text
        assert "set-cookie" not in answer.headers
        tokens = answer.json()
        assert tokens["token_type"] == "Bearer"
        assert (await it.principal(tokens["access_token"])).status_code == 200
        claims = json.loads(urlsafe_b64decode(tokens["access_token"].split(".")[1] + "=="))
        assert claims["amr"] == ["otp"]
        assert (await it.refresh(tokens["refresh_token"])).status_code == 200


async def test_a_link_opened_in_another_browser_signs_nobody_in_and_is_not_used_up(database_url: str) -> None:
    async with running(database_url, **ON) as it:
        await verified(it)
        token = await asked(it, it.client)
        async with it.browser() as other:
            assert await refused(other, token=token) == "login.other_browser"
            await ask(other)  # a flow of its own is not the flow of this link
            assert await refused(other, token=token) == "login.other_browser"
            assert (await other.get("/principal")).status_code == 401
        assert (await sign_in(it.client, token=token)).status_code == 200
        assert it.value("SELECT count(*) FROM gatepost_audit WHERE event = 'proof.refused'") == 2


async def test_of_fifty_that_present_one_link_one_signs_in(database_url: str) -> None:
    async with running(database_url, **ON) as it:
        await verified(it)
        token = await asked(it, it.client)
        cookies = dict(it.client.cookies)
        browsers = [it.browser() for _ in range(50)]
        for browser in browsers:
            browser.cookies.update(cookies)
        answers = await asyncio.gather(*(sign_in(browser, token=token) for browser in browsers))
        assert Counter(answer.status_code for answer in answers) == {200: 1, 400: 49}
        assert it.value("SELECT count(*) FROM gatepost_session") == 1
        for browser in browsers:
            await browser.aclose()


async def test_of_twenty_that_claim_one_unverified_address_one_signs_in(database_url: str) -> None:
    async with running(database_url, **ON) as it:
        await it.register()
        token = await asked(it, it.client)
        cookies = dict(it.client.cookies)
        browsers = [it.browser() for _ in range(20)]
        for browser in browsers:
            browser.cookies.update(cookies)
        answers = await asyncio.gather(*(sign_in(browser, token=token) for browser in browsers))
        assert Counter(answer.status_code for answer in answers) == {200: 1, 400: 19}
        assert it.value("SELECT count(*) FROM gatepost_session WHERE revoked_at IS NULL") == 1
        winner = next(browser for browser, answer in zip(browsers, answers, strict=True) if answer.status_code == 200)
        assert (await winner.get("/principal")).status_code == 200
        for browser in browsers:
            await browser.aclose()


async def test_of_twenty_right_codes_at_once_one_signs_in_and_five_guesses_are_all(database_url: str) -> None:
    async with running(database_url, **CODES) as it:
        await verified(it)
        code = await asked_code(it, it.client)
        cookies = dict(it.client.cookies)
        browsers = [it.browser() for _ in range(20)]
        for browser in browsers:
            browser.cookies.update(cookies)
        answers = await asyncio.gather(*(sign_in(browser, email=EMAIL, code=code) for browser in browsers))
        assert Counter(answer.status_code for answer in answers)[200] == 1
        second = await asked_code(it, it.client)
        wrong = f"{(int(second) + 1) % 1_000_000:06}"
        for _ in range(5):
            assert await refused(it.client, email=EMAIL, code=wrong) == "proof.refused"
        assert await refused(it.client, email=EMAIL, code=second) == "proof.refused"
        for browser in browsers:
            await browser.aclose()


async def test_who_proves_an_address_takes_the_account_that_somebody_else_registered_with_it(database_url: str) -> None:
    async with running(database_url, **ON) as it:
        thief = await it.enrolled()
        token = await asked(it, it.client)
        async with it.browser() as planted:
            await planted.post("/auth/login", json={"identifier": EMAIL, "password": PASSWORD})
            answer = await sign_in(it.client, token=token)
            assert answer.status_code == 200, answer.text
            assert answer.json()["email_verified"] is True
            assert (await it.client.get("/principal")).status_code == 200
            assert (await planted.get("/principal")).status_code == 401
        assert (await it.principal(thief["access_token"])).status_code == 401
        assert (await it.refresh(thief["refresh_token"])).status_code == 400
        assert (await it.token()).status_code == 400
        assert it.value("SELECT count(*) FROM gatepost_password") == 0
        assert it.value("SELECT count(*) FROM gatepost_device") == 1
        assert "not-me" in (await delivered(it))[-1].body


async def test_a_verified_user_keeps_the_password_and_every_other_session(database_url: str) -> None:
    async with running(database_url, **ON) as it:
        await verified(it)
        before = await it.signed_in()
        assert (await sign_in(it.client, token=await asked(it, it.client))).status_code == 200
        assert (await it.principal(before["access_token"])).status_code == 200
        assert (await it.token()).status_code == 200


async def test_a_link_dies_with_the_password_and_with_its_time(database_url: str) -> None:
    async with running(database_url, **ON) as it:
        await verified(it)
        token = await asked(it, it.client)
        tokens = await it.signed_in()
        change = {"current_password": PASSWORD, "new_password": "another horse battery"}
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert (await it.client.post("/auth/password/change", json=change, headers=headers)).status_code == 204
        assert await refused(it.client, token=token) == "proof.refused"
        token = await asked(it, it.client)
        it.clock.advance(601)
        assert await refused(it.client, token=token) == "proof.refused"


async def test_two_browsers_that_ask_do_not_take_the_link_of_each_other(database_url: str) -> None:
    async with running(database_url, **ON) as it:
        await verified(it)
        token = await asked(it, it.client)
        async with it.browser() as stranger:
            await ask(stranger)
        assert (await sign_in(it.client, token=token)).status_code == 200


async def test_who_is_disabled_meanwhile_does_not_sign_in(database_url: str) -> None:
    async with running(database_url, **ON) as it:
        await verified(it)
        token = await asked(it, it.client)
        user = await it.gate.users.find(EMAIL)
        assert user is not None
        await it.gate.users.disable(user.id)
        assert await refused(it.client, token=token) == "proof.refused"


async def test_it_is_not_there_unless_it_is_switched_on(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        assert (await it.client.post("/auth/login/email/send", json={"email": EMAIL})).status_code == 404
        assert (await sign_in(it.client, token="gpp_x")).status_code == 404


async def test_where_sign_in_waits_for_verification_the_mail_is_the_verification(sqlite_url: str) -> None:
    async with running(sqlite_url, email_verification="required", **ON) as it:
        await it.register()
        assert (await it.login()).status_code == 403
        assert (await sign_in(it.client, token=await asked(it, it.client))).status_code == 200


async def test_a_flow_of_another_secret_or_purpose_is_none(sqlite_url: str) -> None:
    async with running(sqlite_url, **ON) as it:
        await verified(it)
        token = await asked(it, it.client)
        flow = it.client.cookies["gatepost-flow"]
        device = it.core.devices.cookie(None) or ""
        for bad in ("", "gpf_", flow[:-1], flow + "A", flow.swapcase(), "gpf_" + device[4:], token):
            it.client.cookies.clear()
            it.client.cookies["gatepost-flow"] = bad
            assert await refused(it.client, token=token) == "login.other_browser"


async def test_another_factor_is_still_asked_for_and_the_link_is_not_used_up(sqlite_url: str) -> None:
    remaining = ["totp"]

    async def factor(_: uuid.UUID, proved: Sequence[str]) -> Sequence[str]:
        assert list(proved) == ["email"]
        return remaining

    mails = Mails()
    features = (*DEFAULT, Feature(name="second", factors=[factor]))
    gate: Gatepost[Any] = Gatepost(settings(sqlite_url, **ON), mailer=mails, features=features)
    app = guarded_app(gate)
    async with app.router.lifespan_context(app), asgi_client(app) as client:
        it = Running(gate, app, client, sqlite_url, mails)
        await it.register()
        token = await asked(it, client)
        answer = await sign_in(client, token=token)
        assert answer.status_code == 403
        assert answer.json()["remaining"] == ["totp"]
        assert it.value("SELECT count(*) FROM gatepost_session") == 0
        assert it.value("SELECT count(*) FROM gatepost_password") == 1
        remaining.clear()
        assert (await sign_in(client, token=token)).status_code == 200
