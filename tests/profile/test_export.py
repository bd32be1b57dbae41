"""Everything that is known of one person, for themselves and for an administrator."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from gatepost import User
from tests.admin.people import UNKNOWN, administered, made
from tests.harness import EMAIL, Running, bearer, running

pytestmark = pytest.mark.anyio
MINE = "/auth/me/export"


async def exported(it: Running, token: str) -> httpx2.Response:
    return await it.client.get(MINE, headers=bearer(token))


async def test_the_owner_has_all_that_is_theirs_as_a_file_and_nobody_else_s(database_url: str) -> None:
    async with running(database_url) as it:
        await it.enrolled("other@example.com")
        token = (await it.enrolled())["access_token"]
        answer = await exported(it, token)
        assert answer.status_code == 200
        assert answer.headers["content-disposition"] == 'attachment; filename="account.json"'
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "no-store"
        known = answer.json()
        assert [row["email"] for row in known["user"]] == [EMAIL]
        assert len(known["sessions"]) == len(known["password"]) == 1
        assert {"user.registered", "login.succeeded", "user.exported"} <= {row["event"] for row in known["audit"]}
        assert "other@example.com" not in answer.text
        assert "$argon2" not in answer.text
        hidden = {"hash", "salt", "sealed", "mac"}
        assert not any(hidden & row.keys() for rows in known.values() for row in rows)
        rows = it.rows("SELECT actor_id, subject_id FROM gatepost_audit WHERE event = 'user.exported'")
        me = uuid.UUID(known["user"][0]["id"]).hex
        assert [[str(person).replace("-", "") for person in row] for row in rows] == [[me, me]]


async def test_only_a_fresh_sign_in_in_person_exports(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        user = await made(it, EMAIL)
        token = (await it.signed_in())["access_token"]
        key = (await it.client.post("/auth/api-keys", json={"name": "x"}, headers=bearer(token))).json()["key"]
        acting = await admin.does("POST", f"/users/{user.id}/impersonate", json={"reason": "x"})
        assert (await it.client.get(MINE)).status_code == 401
        for other in (key, acting["access_token"]):
            assert (await exported(it, other)).status_code == 403
        it.gate.clock.advance(601)
        assert (await exported(it, token)).json()["code"] == "session.not_fresh"
        assert (await admin("GET", f"/users/{user.id}/export")).json()["code"] == "session.not_fresh"
        assert it.value("SELECT count(*) FROM gatepost_audit WHERE event = 'user.exported'") == 0


async def test_exports_have_a_budget_of_whom_they_are_about(sqlite_url: str) -> None:
    async with administered(sqlite_url, budgets={"export.subject": "2/3600"}) as (it, admin):
        token = (await it.enrolled())["access_token"]
        other = await made(it, "other@example.com")
        assert [(await exported(it, token)).status_code for _ in range(3)] == [200, 200, 429]
        path = f"/users/{other.id}/export"
        assert [(await admin("GET", path)).status_code for _ in range(3)] == [200, 200, 429]


async def test_an_administrator_exports_and_is_recorded_and_stays_unknown_to_the_user(database_url: str) -> None:
    async with administered(database_url, trusted_proxies=1) as (it, admin):
        user = await made(it, EMAIL)
        admin.headers = {**admin.headers, "X-Forwarded-For": "198.51.100.9", "User-Agent": "the admin's browser"}
        await admin.does("POST", f"/users/{user.id}/impersonate", json={"reason": "x"})
        known = await admin.does("GET", f"/users/{user.id}/export")
        text = json.dumps(known)
        assert {"user.impersonated", "user.exported"} <= {row["event"] for row in known["audit"]}
        assert {row["actor_id"] for row in known["audit"] if row["event"] == "user.exported"} == {str(admin.user.id)}
        assert "198.51.100.9" not in text
        assert "the admin's browser" not in text
        assert (await admin("GET", f"/users/{UNKNOWN}/export")).status_code == 404


async def test_the_host_adds_what_it_knows(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        made_at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

        @it.gate.personal_data
        def todos(user: User) -> dict[str, Any]:
            return {"todos": [{"title": f"of {user.email}", "at": made_at, "id": uuid.UUID(int=7), "odd": "\ud800"}]}

        @it.gate.personal_data
        async def letters(user: User) -> dict[str, Any]:
            return {"letters": len(user.email or "")}

        known = (await exported(it, (await it.enrolled())["access_token"])).json()
        assert known["letters"] == len(EMAIL)
        (todo,) = known["todos"]
        assert (todo["title"], todo["at"]) == (f"of {EMAIL}", "2026-01-02T03:04:05+00:00")
        assert (todo["id"], todo["odd"]) == ("00000000-0000-0000-0000-000000000007", "\ud800")


async def test_a_part_that_is_there_already_is_a_fault_and_no_half_answer(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        it.gate.personal_data(lambda _: {"user": "mine"})
        token = (await it.enrolled())["access_token"]
        with pytest.raises(ValueError, match=r"@gate\.personal_data returned parts that are there already: user"):
            await exported(it, token)
