"""Abuse: guesses from everywhere, locks as weapons, stolen lists of passwords, mails as weapons."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import psycopg
import pytest

from gatepost import Gatepost, Settings
from gatepost.core.throttle.actions import DEFAULTS
from gatepost.events import AccountLocked, ManySignInsFailed
from gatepost.web.guard import PUBLIC_MARK
from gatepost.web.routing import our_routes
from tests.harness import EMAIL, PASSWORD, WIDE, Running, eventually, query, running, settings

pytestmark = pytest.mark.anyio
WRONG, NEW = "a wrong password", "an entirely new phrase"
OFFICE = "192.0.2.1"
NAMES = ("login_budget_address", "login_budget_pair", "login_budget_account")
REAL: dict[str, Any] = {name: Settings.model_fields[name].default for name in NAMES} | {"budgets": {}}
LOCKED = "SELECT count(*) FROM gatepost_audit WHERE event = 'login.locked'"
ONE: dict[str, Any] = {"login_budget_account": "4/3600"}

PUBLIC_POSTS: dict[str, tuple[str, dict[str, Any] | str]] = {
    "/auth/register": ("sign_up", {"email": "new@example.com", "password": PASSWORD}),
    "/auth/login": ("sign_in", {"identifier": EMAIL, "password": WRONG}),
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
}


@asynccontextmanager
async def house(database_url: str, **changes: Any) -> AsyncIterator[Running]:  # noqa: ANN401 - settings
    """Run behind one proxy, with somebody who lives there."""
    async with running(database_url, **{"trusted_proxies": 1, **changes}) as it:
        assert (await it.register()).status_code == 201
        yield it


async def sign_in(
    client: httpx2.AsyncClient, password: str, ip: str, who: str = EMAIL, path: str = "/auth/login"
) -> httpx2.Response:
    headers = {"X-Forwarded-For": ip}
    if path == "/auth/token":
        form = {"grant_type": "password", "username": who, "password": password}
        return await client.post(path, data=form, headers=headers)
    return await client.post(path, json={"identifier": who, "password": password}, headers=headers)


async def stranger(it: Running, password: str, ip: str, who: str = EMAIL) -> int:
    """Try from a browser that nobody knows."""
    async with it.browser() as client:
        return (await sign_in(client, password, ip, who)).status_code


async def flood(it: Running, count: int, who: str = EMAIL) -> Counter[int]:
    """Guess from as many addresses."""
    guesses = (stranger(it, WRONG, f"198.51.{n // 250}.{n % 250 + 1}", who) for n in range(count))
    return Counter(await asyncio.gather(*guesses))


def verified(it: Running, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note every password that is verified or hashed."""
    found: list[str] = []
    hasher = it.core.passwords.hasher
    for name in ("verify", "hash"):
        inner = getattr(hasher, name)

        async def noting(*given: Any, inner: Any = inner, **more: Any) -> Any:  # noqa: ANN401 - passed through
            found.append(str(given[0]))
            return await inner(*given, **more)

        monkeypatch.setattr(hasher, name, noting)
    return found


async def mails(it: Running, subject: str) -> list[str]:
    """Return what was mailed under a subject once nothing is left to be sent."""

    async def is_empty() -> bool:
        return bool(it.value("SELECT count(*) FROM gatepost_outbox") == 0)

    await eventually(is_empty, within=10)
    return [mail.body for mail in it.mails.sent if subject in mail.subject]


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
    async with house(database_url, **ONE) as it:
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


async def test_an_attack_from_everywhere_does_not_keep_the_owner_out_of_a_known_device(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(database_url, **REAL, hash_queue=500) as it, it.browser() as owner:
        assert (await sign_in(owner, PASSWORD, OFFICE)).status_code == 200
        costs = verified(it, monkeypatch)
        assert await flood(it, 200) == {401: 40, 429: 160}
        assert len(costs) == 40
        assert await stranger(it, PASSWORD, "203.0.113.77") == 429
        assert len(costs) == 40, "the right password is not looked at either"
        assert (await sign_in(owner, PASSWORD, OFFICE)).status_code == 200
        assert (await sign_in(owner, PASSWORD, "203.0.113.78", path="/auth/token")).status_code == 200


async def test_a_known_device_has_few_guesses_itself_and_does_not_spend_the_others(database_url: str) -> None:
    budgets = {"budgets": {**dict.fromkeys(DEFAULTS, WIDE), "sign_in.device": "3/3600"}}
    async with house(database_url, **budgets) as it, it.browser() as thief, it.browser() as other:
        for client in (thief, other):
            assert (await sign_in(client, PASSWORD, OFFICE)).status_code == 200
        answers = [(await sign_in(thief, WRONG, f"198.51.100.{n}")).status_code for n in range(6)]
        assert answers == [401] * 3 + [429] * 3
        assert (await sign_in(thief, PASSWORD, OFFICE)).status_code == 429
        assert (await sign_in(other, PASSWORD, OFFICE)).status_code == 200
        assert await stranger(it, PASSWORD, OFFICE) == 200
        assert await mails(it, "failed sign-ins") == [], "who mistypes at home is not told of strangers"


async def test_another_user_s_device_or_a_forged_cookie_is_a_stranger_s(database_url: str) -> None:
    async with house(database_url, **ONE) as it, it.browser() as other, it.browser() as forged:
        await it.register("other@example.com")
        assert (await sign_in(other, PASSWORD, OFFICE, "other@example.com")).status_code == 200
        forged.cookies.set("gatepost-device", "gpd_forged", domain="localhost.local", path="/")
        assert await flood(it, 4) == {401: 4}
        assert (await sign_in(other, PASSWORD, OFFICE)).status_code == 429
        assert (await sign_in(forged, PASSWORD, OFFICE)).status_code == 429


async def test_a_lock_holds_for_every_password_wherever_it_is_typed(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(database_url, **ONE) as it:
        token = (await it.signed_in())["access_token"]
        assert await flood(it, 4) == {401: 4}
        costs = verified(it, monkeypatch)
        async with it.browser() as client:
            change = {"current_password": PASSWORD, "new_password": NEW}
            bearer = {"Authorization": f"Bearer {token}"}
            answers = [
                await sign_in(client, PASSWORD, OFFICE),
                await sign_in(client, PASSWORD, OFFICE, path="/auth/token"),
                await client.post("/auth/password/change", json=change, headers=bearer),
            ]
        assert [answer.status_code for answer in answers] == [429] * 3
        assert costs == []


async def test_a_lock_holds_for_codes_and_a_mailed_link_stays_a_way_in(database_url: str) -> None:
    for proof in ("code", "link"):
        async with running(database_url, email_sign_in=True, email_proof=proof, trusted_proxies=1, **ONE) as it:
            who = f"{proof}@example.com"
            await it.register(who)
            assert (await it.client.post("/auth/login/email/send", json={"email": who})).status_code == 202
            body = (await mails(it, "Sign in to"))[-1]
            assert await flood(it, 6, who) == {401: 4, 429: 2}
            if proof == "link":
                (token,) = re.findall(r"/sign-in#token=(\S+)", body)
                assert (await it.client.post("/auth/login/email", json={"token": token})).status_code == 200
                continue
            (code,) = re.findall(r"^ +(\d[\d -]+)$", body, re.MULTILINE)
            typed = {"email": who, "code": code}
            assert (await it.client.post("/auth/login/email", json=typed)).status_code == 429
            user = await it.gate.users.find(who)
            assert user is not None
            await it.core.login.clear_budgets(user.id)
            assert (await it.client.post("/auth/login/email", json=typed)).status_code == 200


async def test_wrong_codes_lock_as_wrong_passwords_do(sqlite_url: str) -> None:
    changes = {"email_sign_in": True, "email_proof": "code", "login_budget_account": "3/3600"}
    async with house(sqlite_url, **changes) as it:
        statuses = []
        for _ in range(3):
            assert (await it.client.post("/auth/login/email/send", json={"email": EMAIL})).status_code == 202
            answers = [await it.client.post("/auth/login/email", json={"email": EMAIL, "code": "0"}) for _ in range(2)]
            statuses += [answer.status_code for answer in answers]
        assert statuses == [400] * 3 + [429] * 3
        assert await stranger(it, PASSWORD, OFFICE) == 429


async def test_the_owner_is_mailed_once_a_lock_and_the_mail_is_a_way_in(database_url: str) -> None:
    async with house(database_url, **ONE) as it:
        assert await flood(it, 20) == {401: 4, 429: 16}
        for wait in (900, 1_800, 3_600):
            it.clock.advance(wait)
            assert await flood(it, 20) == {401: 1, 429: 19}
        assert it.value(LOCKED) == 4
        assert len(await mails(it, "Many failed sign-ins")) == 1
        assert await stranger(it, PASSWORD, OFFICE) == 429


async def test_the_link_of_a_locked_account_sets_a_password_and_clears_the_lock(database_url: str) -> None:
    async with house(database_url, **ONE) as it:
        assert (await it.client.post("/auth/password/forgot", json={"email": EMAIL})).status_code == 202
        (asked,) = await mails(it, "Choose a new password")
        assert await flood(it, 8) == {401: 4, 429: 4}
        (told,) = await mails(it, "Many failed sign-ins")
        tokens = [re.findall(r"/reset-password#token=(\S+)", body) for body in (asked, told)]
        assert [len(found) for found in tokens] == [1, 1]
        for (token,), expected in zip(tokens[::-1], [204, 400], strict=True):  # the one ends with the other's use
            answer = await it.client.post("/auth/password/reset", json={"token": token, "new_password": NEW})
            assert answer.status_code == expected, answer.text
        assert await stranger(it, NEW, OFFICE) == 200


async def test_a_lock_mail_does_not_void_the_link_that_the_owner_asked_for(database_url: str) -> None:
    async with house(database_url, **ONE) as it:
        assert (await it.client.post("/auth/password/forgot", json={"email": EMAIL})).status_code == 202
        (asked,) = await mails(it, "Choose a new password")
        assert await flood(it, 8) == {401: 4, 429: 4}
        assert len(await mails(it, "Many failed sign-ins")) == 1
        (token,) = re.findall(r"/reset-password#token=(\S+)", asked)
        answer = await it.client.post("/auth/password/reset", json={"token": token, "new_password": NEW})
        assert answer.status_code == 204, answer.text


async def test_nobody_is_mailed_or_told_for_an_account_that_is_not_there(database_url: str) -> None:
    async with house(database_url, **ONE) as it:
        heard: list[AccountLocked] = []
        it.gate.on(AccountLocked)(heard.append)
        assert await flood(it, 8, "nobody@example.com") == {401: 4, 429: 4}
        assert heard == []
        assert await mails(it, "failed sign-ins") == []
        assert await flood(it, 8) == {401: 4, 429: 4}
        assert len(heard) == 1


async def test_a_list_of_stolen_passwords_is_slowed_at_its_source(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(database_url, **REAL, hash_queue=500) as it:
        costs = verified(it, monkeypatch)
        tries = (stranger(it, WRONG, "203.0.113.9", f"victim{n}@example.com") for n in range(90))
        assert Counter(await asyncio.gather(*tries)) == {401: 40, 429: 50}
        assert len(costs) == 40
        assert await stranger(it, PASSWORD, "203.0.113.9") == 429
        assert await stranger(it, PASSWORD, "203.0.113.10") == 200
        before = it.value("SELECT count(*) FROM gatepost_throttle")
        for _ in range(3):
            await asyncio.gather(*(stranger(it, WRONG, "203.0.113.9", f"more{n}@example.com") for n in range(30)))
        assert it.value("SELECT count(*) FROM gatepost_throttle") <= before + 4, "refusals leave no rows"
        it.clock.advance(2 * 3_600)
        await it.core.throttle.prune()
        assert it.value("SELECT count(*) FROM gatepost_throttle") == 0


async def test_two_guesses_at_once_at_each_account_count_as_one_account_and_pass_for_none(sqlite_url: str) -> None:
    budgets = {"budgets": {**dict.fromkeys(DEFAULTS, WIDE), "sign_in.spread": "5/3600"}}
    async with house(sqlite_url, **budgets) as it:
        tries = (stranger(it, WRONG, "203.0.113.9", f"victim{n // 2}@example.com") for n in range(60))
        answers = await asyncio.gather(*tries)
        passed = {n // 2 for n, status in enumerate(answers) if status == 401}
        assert 1 <= len(passed) <= 5


async def test_an_office_behind_one_address_signs_in(database_url: str) -> None:
    async with house(database_url, **REAL) as it:
        people = [f"person{n}@example.com" for n in range(60)]
        for who in people:
            await it.gate.create_user(email=who, password=PASSWORD)
        for n, who in enumerate(people):
            if n % 3 == 0:  # one in three mistypes twice
                assert [await stranger(it, WRONG, OFFICE, who) for _ in range(2)] == [401, 401]
            assert await stranger(it, PASSWORD, OFFICE, who) == 200


async def test_a_machine_in_the_office_does_not_keep_known_devices_out(database_url: str) -> None:
    async with house(database_url, **REAL, hash_queue=500) as it, it.browser() as known:
        assert (await sign_in(known, PASSWORD, OFFICE)).status_code == 200
        await asyncio.gather(*(stranger(it, WRONG, OFFICE, f"victim{n}@example.com") for n in range(120)))
        assert await stranger(it, PASSWORD, OFFICE) == 429
        assert (await sign_in(known, PASSWORD, OFFICE)).status_code == 200


async def test_many_failures_everywhere_are_an_alarm_once_a_minute(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    budgets = {"budgets": {**dict.fromkeys(DEFAULTS, WIDE), "sign_in.failures": "10/600"}}
    async with house(database_url, **budgets) as it:
        heard: list[ManySignInsFailed] = []
        it.gate.on(ManySignInsFailed)(heard.append)
        alarms = "SELECT count(*) FROM gatepost_audit WHERE event = 'login.many_failed'"
        for n in range(10):
            assert await stranger(it, WRONG, OFFICE, f"victim{n}@example.com") == 401
        assert it.value(alarms) == 0
        await flood(it, 20)
        assert (it.value(alarms), len(heard)) == (1, 1)
        assert "login.many_failed" in caplog.text
        it.clock.advance(61)
        await flood(it, 20)
        assert (it.value(alarms), len(heard)) == (2, 2)
        assert await stranger(it, PASSWORD, OFFICE) == 200, "an alarm refuses nobody"


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
        assert statuses.count(202) <= 12
        assert 404 not in statuses


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
