"""`/admin/users`: what administrators find, read and change."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from tests.admin.people import ADMIN, UNKNOWN, Admin, administered, made, mailed
from tests.harness import EMAIL, PASSWORD, Running, bearer, conninfo

pytestmark = pytest.mark.anyio


async def found(admin: Admin, **query: Any) -> list[str]:  # noqa: ANN401 - query parameters
    page = await admin.does("GET", "/users", params=query)
    return [user["email"] or user["username"] for user in page["items"]]


async def crowd(it: Running) -> None:
    for name in ("ann", "anna", "bob"):
        await made(it, f"{name}@example.com", full_name=f"{name.title()} of Example")
    user = await it.gate.create_user(username="annette", password="a long enough phrase", full_name="100% real_name")
    assert user is not None


async def test_the_beginning_of_an_address_or_username_finds_users(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        await crowd(it)
        assert await found(admin) == [ADMIN, "ann@example.com", "anna@example.com", "bob@example.com", "annette"]
        assert await found(admin, q="ann") == ["ann@example.com", "anna@example.com", "annette"]
        assert await found(admin, q=" Anna") == ["anna@example.com"]
        assert await found(admin, q="example.com") == []


async def test_any_part_of_a_name_finds_users_where_that_is_asked_for(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        await crowd(it)
        assert await found(admin, q="OF EXAMPLE", anywhere="true", limit=2) == ["ann@example.com", "anna@example.com"]
        assert await found(admin, q="nette", anywhere="true") == ["annette"]


@pytest.mark.parametrize(("text", "names"), [("%", ["annette"]), ("_", ["annette"]), ("0%", ["annette"]), ("a%e", [])])
async def test_nothing_that_is_typed_is_a_wildcard(database_url: str, text: str, names: list[str]) -> None:
    async with administered(database_url) as (it, admin):
        await crowd(it)
        assert await found(admin, q=text, anywhere="true") == names
        assert await found(admin, q=text) == []


@pytest.mark.parametrize("name", ["q", "role"])
async def test_what_no_name_holds_is_refused_by_every_database(database_url: str, name: str) -> None:
    async with administered(database_url) as (_, admin):
        assert (await admin("GET", f"/users?{name}=a%00b")).status_code == 422


async def test_users_are_found_by_what_they_are(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        await crowd(it)
        editor = await made(it, "ed@example.com", "editor", email_verified=True)
        await it.gate.users.disable(editor.id)
        assert await found(admin, role="editor") == ["ed@example.com"]
        assert await found(admin, disabled="true") == ["ed@example.com"]
        assert await found(admin, verified="true", disabled="false") == []
        assert await found(admin, q="ed", role="admin") == []
        assert len(await found(admin, disabled="false", verified="false")) == 5


async def test_pages_follow_one_another_without_gap_or_repetition(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        await crowd(it)
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = await admin.does("GET", "/users", params={"limit": 2, "cursor": cursor})
            seen += [user["email"] or user["username"] for user in page["items"]]
            cursor = page["next"]
        assert seen == await found(admin, limit=100)


async def test_the_prefix_search_is_answered_by_an_index(postgres_url: str) -> None:
    async with administered(postgres_url) as (it, _):
        await crowd(it)
        with psycopg.connect(conninfo(postgres_url)) as direct:
            direct.execute("SET enable_seqscan = off")
            plan = direct.execute(
                "EXPLAIN SELECT id FROM gatepost_user WHERE email >= 'ann' AND email < 'ann~'"
                " UNION SELECT id FROM gatepost_user WHERE username >= 'ann' AND username < 'ann~'"
            ).fetchall()
    assert sum("Index Cond" in row[0] for row in plan) == 2


async def test_one_user_is_shown_with_sessions_and_the_last_sign_in(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        user = await made(it, EMAIL, "editor")
        shown = await admin.does("GET", f"/users/{user.id}")
        assert (shown["sessions"], shown["last_sign_in"], shown["has_password"]) == (0, None, True)
        await it.signed_in()
        shown = await admin.does("GET", f"/users/{user.id}")
        assert (shown["sessions"], shown["roles"], shown["is_disabled"]) == (1, ["editor"], False)
        age = datetime.now(UTC) - datetime.fromisoformat(shown["last_sign_in"])
        assert abs(age.total_seconds()) < 60


async def test_a_disabled_user_is_out_at_once_and_may_come_back(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        user = await made(it, EMAIL)
        token = (await it.signed_in())["access_token"]
        for _ in range(2):
            await admin.does("POST", f"/users/{user.id}/disable")
        assert (await it.principal(token)).status_code == 401
        assert (await it.token()).status_code == 400
        await admin.does("POST", f"/users/{user.id}/enable")
        assert (await it.token()).status_code == 200


async def test_a_role_is_given_and_taken_and_taking_it_ends_sessions(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        user = await made(it, EMAIL)
        await admin.does("PUT", f"/users/{user.id}/roles/editor")
        token = (await it.signed_in())["access_token"]
        assert (await it.principal(token)).json()["roles"] == ["editor"]
        await admin.does("DELETE", f"/users/{user.id}/roles/editor")
        assert (await it.principal(token)).status_code == 401
        assert (await admin("PUT", f"/users/{user.id}/roles/Two%20Words")).status_code == 422


async def test_a_deleted_user_is_gone_with_everything(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        user = await made(it, EMAIL)
        await it.signed_in()
        await admin.does("DELETE", f"/users/{user.id}")
        assert (await admin("GET", f"/users/{user.id}")).status_code == 404
        assert it.value("SELECT count(*) FROM gatepost_session") == 1
        assert "was deleted" in (await mailed(it, EMAIL, "deleted")).body


async def test_an_address_is_declared_verified(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        user = await made(it, EMAIL)
        shown = await admin.does("PATCH", f"/users/{user.id}", json={"email_verified": True})
        assert shown["email_verified"] is True


async def test_what_is_done_is_in_the_trail_with_who_did_it(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        user = await made(it, EMAIL)
        await admin.does("PATCH", f"/users/{user.id}", json={"email_verified": True})
        await admin.does("PUT", f"/users/{user.id}/roles/editor")
        await admin.does("DELETE", f"/users/{user.id}/roles/editor")
        await admin.does("POST", f"/users/{user.id}/disable")
        await admin.does("POST", f"/users/{user.id}/enable")
        await admin.does("DELETE", f"/users/{user.id}")
        rows = it.rows("SELECT event, actor_id, subject_id, detail FROM gatepost_audit ORDER BY id")
        both = [admin.user.id.hex, user.id.hex]
        mine = [row[0] for row in rows if [str(person).replace("-", "") for person in row[1:3]] == both]
        assert mine == [
            "user.changed",
            "role.granted",
            "role.removed",
            "user.disabled",
            "user.enabled",
            "user.deleted",
        ]
        assert [json.loads(row[3]) for row in rows if row[0] == "role.granted"] == [{"role": "editor"}]


async def test_the_user_is_told_by_mail(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        user = await made(it, EMAIL)
        await admin.does("POST", f"/users/{user.id}/disable")
        mail = await mailed(it, EMAIL, "An administrator")
        assert "has disabled your account" in mail.body


async def test_a_required_change_ends_sessions_opens_nothing_and_is_told_once(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        user = await made(it, EMAIL)
        token = (await it.signed_in())["access_token"]
        for _ in range(2):
            await admin.does("POST", f"/users/{user.id}/require-password-change")
        assert (await it.principal(token)).status_code == 401
        assert (await it.login()).json()["code"] == "password.change_required"
        shown = await admin.does("GET", f"/users/{user.id}")
        assert (shown["must_change_password"], shown["sessions"]) == (True, 0)
        assert "asks you to change your password" in (await mailed(it, EMAIL, "An administrator")).body
        events = "FROM gatepost_audit WHERE event = 'password.change_required'"
        rows = it.rows(f"SELECT actor_id {events}")
        assert [str(actor).replace("-", "") for (actor,) in rows] == [admin.user.id.hex]
        assert it.value("SELECT count(*) FROM gatepost_outbox") == 0
        assert len([mail for mail in it.mails.sent if "An administrator" in mail.subject]) == 1
        renewal = {"identifier": EMAIL, "password": PASSWORD, "new_password": "new horse, other battery"}
        assert (await it.client.post("/auth/password/renew", json=renewal)).status_code == 200
        assert (await admin.does("GET", f"/users/{user.id}"))["must_change_password"] is False


async def test_nothing_is_required_of_who_has_no_password(database_url: str) -> None:
    async with administered(database_url) as (_, admin):
        invited = await admin.does("POST", "/users", json={"email": EMAIL})
        answer = await admin("POST", f"/users/{invited['id']}/require-password-change")
        assert (answer.status_code, answer.json()["code"]) == (409, "password.none")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/disable"),
        ("POST", "/enable"),
        ("POST", "/require-password-change"),
        ("PUT", "/roles/editor"),
        ("DELETE", "/roles/editor"),
    ],
)
async def test_an_unknown_user_is_not_found(sqlite_url: str, method: str, path: str) -> None:
    async with administered(sqlite_url) as (_, admin):
        more = {"json": {"email_verified": True}} if method == "PATCH" else {}
        assert (await admin(method, f"/users/{UNKNOWN}{path}", **more)).status_code == 404
        assert (await admin(method, f"/users/not-an-id{path}", **more)).status_code == 422


@pytest.mark.parametrize("way", ["disable", "delete", "role"])
async def test_the_last_administrator_stays(database_url: str, way: str) -> None:
    ways = {"disable": ("POST", "/disable"), "delete": ("DELETE", ""), "role": ("DELETE", "/roles/admin")}
    async with administered(database_url) as (it, admin):
        other = await made(it, "other@example.com", "admin")
        await it.gate.users.disable(other.id)
        method, path = ways[way]
        refused = await admin(method, f"/users/{admin.user.id}{path}")
        assert (refused.status_code, refused.json()["code"]) == (409, "admin.last")
        assert (await admin("GET", "/users")).status_code == 200
        await it.gate.users.enable(other.id)
        await admin.does(method, f"/users/{admin.user.id}{path}")


@pytest.mark.parametrize("way", ["disable", "delete", "role"])
async def test_of_administrators_who_remove_each_other_at_once_one_is_left(database_url: str, way: str) -> None:
    ways = {"disable": ("POST", "/disable"), "delete": ("DELETE", ""), "role": ("DELETE", "/roles/admin")}
    method, path = ways[way]
    async with administered(database_url) as (it, present):
        first = present
        for round_ in range(5):
            second = await _another(it, f"second{round_}@example.com")
            answers = await asyncio.gather(
                first(method, f"/users/{second.user.id}{path}"), second(method, f"/users/{first.user.id}{path}")
            )
            assert Counter(answer.is_success for answer in answers)[True] <= 1
            rows = it.rows(
                "SELECT u.id FROM gatepost_user u JOIN gatepost_user_role r ON r.user_id = u.id"
                " WHERE r.role = 'admin' AND u.disabled_at IS NULL"
            )
            assert len(rows) == 1
            left = str(rows[0][0]).replace("-", "")
            first = first if left == first.user.id.hex else second
            token = (await it.signed_in(str(first.user.email)))["access_token"]
            first = Admin(it, first.user, token)


async def test_the_last_administrator_does_not_delete_themselves(sqlite_url: str) -> None:
    async with administered(sqlite_url) as (it, admin):
        answer = await it.client.delete("/auth/me", headers=admin.headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "admin.last")
        await made(it, "other@example.com", "admin")
        assert (await it.client.delete("/auth/me", headers=admin.headers)).status_code == 204


async def _another(it: Running, email: str) -> Admin:
    user = await made(it, email, "admin")
    return Admin(it, user, (await it.signed_in(email))["access_token"])


async def test_somebody_without_the_role_is_refused(sqlite_url: str) -> None:
    async with administered(sqlite_url) as (it, _):
        token = (await it.enrolled())["access_token"]
        answer = await it.client.get("/auth/admin/users", headers=bearer(token))
        assert (answer.status_code, answer.json()["code"]) == (403, "auth.forbidden")
        assert (await it.client.get("/auth/admin/users")).status_code == 401
