"""Budgets: every public route has one, mails are no weapon, and a refusal tells nobody anything."""

import re
from typing import Any

import httpx2
import psycopg
import pytest

from gatepost import Gatepost
from gatepost.core.throttle.actions import DEFAULTS
from gatepost.web.guard import PUBLIC_MARK
from gatepost.web.routing import our_routes
from tests.harness import EMAIL, PASSWORD, WIDE, query, running, settings
from tests.threats.street import FOUR, NEW, WRONG, flood, house, mails, sign_in, verified

pytestmark = pytest.mark.anyio
PUBLIC_POSTS: dict[str, tuple[str, dict[str, Any] | str]] = {
    "/auth/register": ("sign_up", {"email": "new@example.com", "password": PASSWORD}),
    "/auth/login": ("sign_in", {"identifier": EMAIL, "password": WRONG}),
    "/auth/password/renew": ("sign_in", {"identifier": EMAIL, "password": WRONG, "new_password": NEW}),
    "/auth/logout": ("sign_out", {}),
    "/auth/token": ("refresh", "grant_type=refresh_token&refresh_token=x"),
    "/auth/revoke": ("sign_out", "token=x"),
    "/auth/introspect": ("introspection", "token=x"),
    "/auth/email/verify": ("proof", {"token": "x"}),
    "/auth/email/verify/send": ("email_verification", {"email": EMAIL}),
    "/auth/password/forgot": ("password_reset", {"email": EMAIL}),
    "/auth/password/reset": ("proof", {"token": "x", "new_password": NEW}),
    "/auth/login/email/send": ("sign_in_mail", {"email": EMAIL}),
    "/auth/login/email": ("proof", {"token": "x"}),
    "/auth/disown": ("proof", {"token": "x"}),
    "/auth/email/change/confirm": ("proof", {"token": "x"}),
    "/auth/invitation": ("proof", {"token": "x", "new_password": NEW}),
    "/auth/backchannel-logout/{provider}": ("upstream_logout", "logout_token=x"),
    "/auth/callback/{provider}": ("federation", "state=x&code=y"),
    "/auth/setup": ("proof", {"token": "x", "email": "root@example.com", "password": NEW}),
}


def test_every_public_route_that_posts_is_known_to_these_tests() -> None:
    gate: Gatepost[Any] = Gatepost(settings("sqlite:////nowhere/at-all.db"))
    found = {
        f"/auth{route.path}"
        for route in our_routes(gate.router.routes)
        if "POST" in (route.methods or ()) and getattr(route.endpoint, PUBLIC_MARK, False)
    }
    assert found == set(PUBLIC_POSTS)


@pytest.mark.parametrize("path", PUBLIC_POSTS)
async def test_every_public_route_that_posts_spends_a_budget_before_its_work(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    action, body = PUBLIC_POSTS[path]
    budgets = {**dict.fromkeys(DEFAULTS, WIDE), f"{action}.address": "1/3600"}
    spent = {"login_budget_address": "1/3600"} if action == "sign_in" else {"budgets": budgets}
    changes: dict[str, Any] = {"email_sign_in": True, **spent}
    async with running(sqlite_url, **changes) as it:
        user = await it.gate.create_user(email=EMAIL, password=PASSWORD)
        assert user is not None

        async def post() -> httpx2.Response:
            if isinstance(body, str):
                form = {"Content-Type": "application/x-www-form-urlencoded"}
                return await it.client.post(path, content=body, headers=form)
            return await it.client.post(path, json=body)

        assert (await post()).status_code != 429
        costs = verified(it, monkeypatch)
        written = it.value("SELECT count(*) FROM gatepost_outbox")
        refused = await post()
        assert refused.status_code == 429, refused.text
        assert costs == []
        assert it.value("SELECT count(*) FROM gatepost_outbox") <= written
        assert re.fullmatch(rf'"{action}\.address";q=1;w=3600', refused.headers["RateLimit-Policy"])
        wait = refused.headers["Retry-After"]
        assert refused.headers["RateLimit"] == f'"{action}.address";r=0;t={wait}'
        assert 1 <= int(wait) <= 3600


@pytest.mark.parametrize("path", ["/auth/login", "/auth/token"])
async def test_a_refusal_tells_by_no_header_whether_there_is_an_account(database_url: str, path: str) -> None:
    async with house(database_url, **FOUR) as it:
        seen = []
        for who in (EMAIL, "nobody@example.com"):
            assert (await flood(it, 8, who)) == {401: 4, 429: 4}
            async with it.browser() as client:
                answer = await sign_in(client, PASSWORD, "203.0.113.1", who, path)
            assert answer.status_code == 429
            kept = {n: v for n, v in answer.headers.items() if n not in {"retry-after", "ratelimit", "date"}}
            seen.append((kept, answer.json(), answer.headers["RateLimit"].split("t=")[0]))
            assert abs(int(answer.headers["Retry-After"]) - 900) <= 30
        assert seen[0] == seen[1]
        assert seen[0][0]["ratelimit-policy"] == '"sign_in.account";q=4;w=3600'


@pytest.mark.parametrize("path", ["/auth/password/forgot", "/auth/email/verify/send"])
async def test_a_recipient_is_mailed_so_often_whoever_asks_and_nobody_is_counted_alike(
    database_url: str, path: str
) -> None:
    async with house(database_url, budgets={}) as it:
        sent = len(await mails(it, ""))
        found = []
        for who in (EMAIL, "nobody@example.com"):
            statuses = []
            for n in range(12):
                headers = {"X-Forwarded-For": f"198.51.100.{n}"}
                answer = await it.client.post(path, json={"email": who.upper() if n % 2 else who}, headers=headers)
                statuses.append((answer.status_code, answer.text, "RateLimit" in answer.headers))
            found.append(statuses)
        assert found[0] == found[1]
        assert [status for status, _, _ in found[0]] == [202] * 6 + [429] * 6
        assert len(await mails(it, "")) - sent <= 6


async def test_a_recipient_is_not_mailed_more_by_asking_for_everything(database_url: str) -> None:
    async with house(database_url, budgets={}, email_sign_in=True) as it:
        statuses = []
        for n in range(30):
            path = ["/auth/password/forgot", "/auth/email/verify/send", "/auth/login/email/send"][n % 3]
            headers = {"X-Forwarded-For": f"198.51.100.{n}"}
            statuses.append((await it.client.post(path, json={"email": EMAIL}, headers=headers)).status_code)
        assert statuses[::3].count(202) == 6, "resets have a budget of their own"
        assert statuses[1::3].count(202) + statuses[2::3].count(202) == 12 - 1, "the sign-up took one"
        assert 404 not in statuses


@pytest.mark.parametrize("verification", ["optional", "required"])
async def test_asking_for_what_mails_nobody_does_not_keep_the_owner_from_a_reset(
    sqlite_url: str, verification: str
) -> None:
    async with running(sqlite_url, budgets={}, trusted_proxies=1, email_verification=verification) as it:
        await it.gate.create_user(email=EMAIL, password=PASSWORD, email_verified=True)
        for n in range(40):
            headers = {"X-Forwarded-For": f"198.51.100.{n}"}
            await it.client.post("/auth/email/verify/send", json={"email": EMAIL}, headers=headers)
            account = {"email": EMAIL, "password": PASSWORD}
            await it.client.post("/auth/register", json=account, headers=headers)
        assert it.value("SELECT count(*) FROM gatepost_throttle WHERE key LIKE 'mail.subject:%'") == 1
        headers = {"X-Forwarded-For": "203.0.113.9"}
        answer = await it.client.post("/auth/password/forgot", json={"email": EMAIL}, headers=headers)
        assert answer.status_code == 202
        assert await mails(it, "password")


@pytest.mark.parametrize("sent", ["127.0.0.1", "::1", "not an address", "192.0.2.7, 198.51.100.1"])
async def test_no_address_is_exempt_from_the_budget_of_an_action(sqlite_url: str, sent: str) -> None:
    budgets = {"budgets": {**dict.fromkeys(DEFAULTS, WIDE), "password_reset.address": "2/3600"}}
    async with house(sqlite_url, **budgets) as it:
        headers = {"X-Forwarded-For": sent}
        found = [
            (await it.client.post("/auth/password/forgot", json={"email": f"{n}@example.com"}, headers=headers))
            for n in range(4)
        ]
        assert [answer.status_code for answer in found] == [202, 202, 429, 429]


async def test_without_its_table_of_budgets_nothing_is_tried(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(database_url) as it:
        costs = verified(it, monkeypatch)
        query(database_url, "ALTER TABLE gatepost_throttle RENAME TO gatepost_throttle_gone")
        try:
            for path, body in (
                ("/auth/login", {"identifier": EMAIL, "password": PASSWORD}),
                ("/auth/password/forgot", {"email": EMAIL}),
            ):
                with pytest.raises((httpx2.HTTPStatusError, psycopg.Error)):
                    (await it.client.post(path, json=body)).raise_for_status()
        finally:
            query(database_url, "ALTER TABLE gatepost_throttle_gone RENAME TO gatepost_throttle")
        assert costs == []
