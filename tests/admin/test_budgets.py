"""What somebody has spent of their attempts, seen by an administrator and given back."""

import json
from typing import Any

import pytest

from tests.admin.people import ADMIN, UNKNOWN, Admin, administered, made
from tests.harness import EMAIL, PASSWORD, Running

pytestmark = pytest.mark.anyio
NOBODY = "nobody@example.com"
IP = "192.0.2.1"
SMALL: dict[str, Any] = {
    "budgets": {},
    "trusted_proxies": 1,
    "login_budget_pair": "2/3600",
    "login_budget_account": "6/3600",
    "login_budget_address": "50/3600",
}


async def signing_in(it: Running, who: str, *passwords: str, ip: str = IP) -> list[int]:
    """Sign in by a browser of nobody's, from an address."""
    found = []
    for password in passwords:
        async with it.browser() as client:
            account = {"identifier": who, "password": password}
            answer = await client.post("/auth/login", json=account, headers={"X-Forwarded-For": ip})
            found.append(answer.status_code)
    return found


def levels(answer: Any) -> dict[str, tuple[int, int, bool]]:  # noqa: ANN401 - JSON
    """Return what is spent of which budget, its limit, and whether it is locked."""
    return {item["budget"]: (item["spent"], item["limit"], item["is_locked"]) for item in answer["items"]}


async def of(admin: Admin, **whose: str) -> dict[str, tuple[int, int, bool]]:
    return levels(await admin.does("POST", "/budgets", json=whose))


async def test_what_failures_have_spent_of_a_user_is_shown_and_given_back(database_url: str) -> None:
    async with administered(database_url, **SMALL) as (it, admin):
        user = await made(it, EMAIL)
        path = f"/users/{user.id}/budgets"
        assert await admin.does("GET", path) == {"items": []}
        assert await signing_in(it, EMAIL, *["a wrong password"] * 2, PASSWORD) == [401, 401, 429]
        shown = await admin.does("GET", path)
        assert levels(shown) == {"sign_in.pair": (2, 2, True), "sign_in.account": (2, 6, False)}
        (pair,) = [item for item in shown["items"] if item["budget"] == "sign_in.pair"]
        assert 1700 < pair["retry_after"] <= 1800
        assert await of(admin, identifier=EMAIL.upper()) == levels(shown)
        assert await admin.does("GET", path) == shown  # to look takes nothing
        await admin.does("DELETE", path)
        assert await admin.does("GET", path) == {"items": []}
        assert await signing_in(it, EMAIL, PASSWORD) == [200]


async def test_two_sources_that_fail_at_a_user_are_two_lines(database_url: str) -> None:
    async with administered(database_url, **SMALL) as (it, admin):
        user = await made(it, EMAIL)
        await signing_in(it, EMAIL, "a wrong password", "a wrong password")
        await signing_in(it, EMAIL, "a wrong password", ip="192.0.2.2")
        items = (await admin.does("GET", f"/users/{user.id}/budgets"))["items"]
        pairs = [(item["spent"], item["is_locked"]) for item in items if item["budget"] == "sign_in.pair"]
        assert sorted(pairs) == [(1, False), (2, True)]


async def test_an_identifier_that_nobody_has_is_shown_and_cleared_alike(database_url: str) -> None:
    async with administered(database_url, **SMALL) as (it, admin):
        assert await signing_in(it, NOBODY, *["a wrong password"] * 3) == [401, 401, 429]
        assert await of(admin, identifier=NOBODY) == {"sign_in.pair": (2, 2, True), "sign_in.account": (2, 6, False)}
        assert await of(admin, identifier="other@example.com") == {}
        await admin.does("POST", "/budgets/clear", json={"identifier": NOBODY})
        assert await of(admin, identifier=NOBODY) == {}
        assert await signing_in(it, NOBODY, "a wrong password") == [401]


async def test_a_source_is_shown_and_cleared_and_nobody_else_s_budget_moves(database_url: str) -> None:
    changes = {**SMALL, "login_budget_address": "3/3600"}
    async with administered(database_url, **changes) as (it, admin):
        await made(it, EMAIL)
        names = [f"name{n}@example.com" for n in range(4)]
        for name, status in zip(names, [401, 401, 401, 429], strict=True):
            assert await signing_in(it, name, "a wrong password") == [status]
        await signing_in(it, names[0], "a wrong password", ip="192.0.2.2")
        shown = await of(admin, address=IP)
        assert shown["sign_in.address"] == (3, 3, False)
        assert shown["sign_in.spread"][0] == 3
        await admin.does("POST", "/budgets/clear", json={"address": IP})
        assert await of(admin, address=IP) == {}
        assert await signing_in(it, EMAIL, PASSWORD) == [200]
        assert (await of(admin, address="192.0.2.2"))["sign_in.address"][0] == 1
        assert (await of(admin, identifier=names[0]))["sign_in.account"][0] == 2


async def test_an_address_of_ipv6_is_its_subscriber_s_network(database_url: str) -> None:
    async with administered(database_url, **SMALL) as (it, admin):
        await signing_in(it, NOBODY, "a wrong password", ip="2001:db8::1")
        assert (await of(admin, address="2001:db8::ffff"))["sign_in.address"][0] == 1
        assert await of(admin, address="2001:db8:0:1::1") == {}


async def test_mails_that_were_asked_for_count_for_whoever_would_get_them(database_url: str) -> None:
    async with administered(database_url, **SMALL) as (it, admin):
        user = await made(it, EMAIL)
        for address in (EMAIL, NOBODY):
            answer = await it.client.post("/auth/email/verify/send", json={"email": address})
            assert answer.status_code == 202
            found = await of(admin, identifier=address)
            assert (found["email_verification.subject"][0], found["mail.subject"][0]) == (1, 1)
        await admin.does("DELETE", f"/users/{user.id}/budgets")
        assert await of(admin, identifier=EMAIL) == {}
        assert (await of(admin, identifier=NOBODY))["mail.subject"][0] == 1


async def test_what_is_cleared_is_recorded_without_the_name_of_who_is_nobody(database_url: str) -> None:
    async with administered(database_url, **SMALL) as (it, admin):
        user = await made(it, EMAIL)
        for whose in ({"identifier": EMAIL}, {"identifier": NOBODY}, {"address": "2001:db8::1"}):
            await admin.does("POST", "/budgets/clear", json=whose)
        rows = it.rows(
            "SELECT actor_id, subject_id, detail FROM gatepost_audit WHERE event = 'budget.cleared' ORDER BY id"
        )
        assert {str(actor).replace("-", "") for actor, _, _ in rows} == {admin.user.id.hex}
        assert [subject and str(subject).replace("-", "") for _, subject, _ in rows] == [user.id.hex, None, None]
        one, nobody, source = [json.loads(detail or "null") for _, _, detail in rows]
        assert (one, source) == (None, {"address": "2001:db8::"})
        assert len(nobody["identifier"]) == 24
        assert NOBODY not in str(rows)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"identifier": NOBODY, "address": IP},
        {"address": "300.1.1.1"},
        {"address": ""},
        {"address": "192.0.2.0/24"},
        {"address": "x" * 65},
        {"identifier": ""},
        {"identifier": "\x00"},
        {"identifier": "x" * 321},
        {"identifier": "a b@example.com"},
        {"user_id": UNKNOWN},
        {"identifier": ["x"]},
        [],
    ],
)
async def test_what_names_nobody_is_refused(sqlite_url: str, body: Any) -> None:  # noqa: ANN401 - JSON
    async with administered(sqlite_url) as (it, admin):
        for path in ("/budgets", "/budgets/clear"):
            answer = await admin("POST", path, json=body)
            assert answer.status_code == 422, (path, answer.text)
        assert it.value("SELECT count(*) FROM gatepost_audit WHERE event = 'budget.cleared'") == 0


async def test_an_unknown_user_is_not_found(sqlite_url: str) -> None:
    async with administered(sqlite_url) as (_, admin):
        for method in ("GET", "DELETE"):
            assert (await admin(method, f"/users/{UNKNOWN}/budgets")).status_code == 404


@pytest.mark.redis
async def test_a_source_that_redis_counts_is_shown_and_cleared(database_url: str, redis_url: str) -> None:
    async with administered(database_url, **SMALL, redis_url=redis_url) as (it, admin):
        await signing_in(it, ADMIN, "a wrong password", PASSWORD)
        assert (await of(admin, address=IP))["sign_in.address"] == (1, 50, False)
        await admin.does("POST", "/budgets/clear", json={"address": IP})
        assert await of(admin, address=IP) == {}
