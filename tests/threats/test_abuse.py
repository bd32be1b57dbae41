"""Abuse: guesses from everywhere, locks as weapons, stolen lists of passwords."""

import asyncio
import re
from collections import Counter

import pytest

from gatepost.core.throttle.actions import DEFAULTS
from gatepost.events import AccountLocked, ManySignInsFailed
from tests.harness import EMAIL, PASSWORD, WIDE, running
from tests.threats.street import FOUR, NEW, OFFICE, REAL, WRONG, flood, house, mails, sign_in, stranger, verified

pytestmark = pytest.mark.anyio
LOCKED = "SELECT count(*) FROM gatepost_audit WHERE event = 'login.locked'"


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
    async with house(database_url, **FOUR) as it, it.browser() as other, it.browser() as forged:
        await it.register("other@example.com")
        assert (await sign_in(other, PASSWORD, OFFICE, "other@example.com")).status_code == 200
        forged.cookies.set("gatepost-device", "gpd_forged", domain="localhost.local", path="/")
        assert await flood(it, 4) == {401: 4}
        assert (await sign_in(other, PASSWORD, OFFICE)).status_code == 429
        assert (await sign_in(forged, PASSWORD, OFFICE)).status_code == 429


async def test_a_lock_holds_for_every_password_wherever_it_is_typed(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(database_url, **FOUR) as it:
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
        async with running(database_url, email_sign_in=True, email_proof=proof, trusted_proxies=1, **FOUR) as it:
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
    async with house(database_url, **FOUR) as it:
        assert await flood(it, 20) == {401: 4, 429: 16}
        for wait in (900, 1_800, 3_600):
            it.clock.advance(wait)
            assert await flood(it, 20) == {401: 1, 429: 19}
        assert it.value(LOCKED) == 4
        assert len(await mails(it, "Many failed sign-ins")) == 1
        assert await stranger(it, PASSWORD, OFFICE) == 429


async def test_the_link_of_a_locked_account_sets_a_password_and_clears_the_lock(database_url: str) -> None:
    async with house(database_url, **FOUR) as it:
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
    async with house(database_url, **FOUR) as it:
        assert (await it.client.post("/auth/password/forgot", json={"email": EMAIL})).status_code == 202
        (asked,) = await mails(it, "Choose a new password")
        assert await flood(it, 8) == {401: 4, 429: 4}
        assert len(await mails(it, "Many failed sign-ins")) == 1
        (token,) = re.findall(r"/reset-password#token=(\S+)", asked)
        answer = await it.client.post("/auth/password/reset", json={"token": token, "new_password": NEW})
        assert answer.status_code == 204, answer.text


async def test_nobody_is_mailed_or_told_for_an_account_that_is_not_there(database_url: str) -> None:
    async with house(database_url, **FOUR) as it:
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
