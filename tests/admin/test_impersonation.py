"""Acting as a user: what it opens, what it never opens, and what ends it."""

import json
from typing import Any

import pytest

from gatepost.crypto import jwt
from tests.admin.people import ADMIN, Admin, admin_of, administered, made, mailed
from tests.harness import EMAIL, Running, bearer, eventually, running

pytestmark = pytest.mark.anyio
REASON = {"reason": "ticket 4711"}


async def acting(it: Running, admin: Admin) -> tuple[str, str]:
    """Let an administrator act as a new user; return the user's id and the token."""
    user = await made(it, EMAIL, "editor")
    return str(user.id), await token_of(admin, str(user.id))


async def token_of(admin: Admin, user_id: str) -> str:
    given = await admin.does("POST", f"/users/{user_id}/impersonate", json=REASON)
    assert set(given) == {"access_token", "token_type", "expires_in"}
    return str(given["access_token"])


async def test_the_token_is_the_user_s_names_the_administrator_and_is_short(database_url: str) -> None:
    async with administered(database_url, impersonation_lifetime=300) as (it, admin):
        user_id, token = await acting(it, admin)
        answer = (await it.principal(token)).json()
        assert (answer["sub"], answer["roles"]) == (user_id, ["editor"])
        assert (await it.user(token)).json()["id"] == user_id
        _, claims = jwt.inspect(token)
        assert claims["act"]["sub"] == str(admin.user.id)
        assert (claims["exp"] - claims["iat"], claims["auth_time"], claims["amr"]) == (300, 0, ["impersonated"])
        assert (await it.gate.core.authenticator.bearer(token)).actor_id == admin.user.id
        it.clock.advance(315)
        assert (await it.principal(token)).status_code == 401


async def test_acting_as_somebody_adds_no_scope_to_those_of_the_administrator_s_sign_in(sqlite_url: str) -> None:
    async with administered(sqlite_url, scopes=("todo:read", "todo:write")) as (it, admin):
        admin.headers = bearer((await it.token(ADMIN, scope="todo:read")).json()["access_token"])
        _, token = await acting(it, admin)
        assert (await it.core.authenticator.bearer(token)).scopes == {"todo:read"}


async def test_the_user_sees_it_is_told_and_can_end_it(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        _, token = await acting(it, admin)
        own = (await it.signed_in())["access_token"]
        sessions = (await it.client.get("/auth/sessions", headers=bearer(own))).json()["items"]
        (theirs,) = [session for session in sessions if session["actor_id"] is not None]
        assert theirs["actor_id"] == str(admin.user.id)
        assert "signed in to your account" in (await mailed(it, EMAIL, "An administrator")).body
        await it.client.delete(f"/auth/sessions/{theirs['id']}", headers=bearer(own))
        assert (await it.principal(token)).status_code == 401


async def test_why_and_who_is_in_the_trail_and_so_is_what_is_done_meanwhile(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        user_id, token = await acting(it, admin)
        answer = await it.client.patch("/auth/me", json={"full_name": "Ada"}, headers=bearer(token))
        assert answer.status_code == 200
        rows = it.rows("SELECT event, actor_id, subject_id, detail FROM gatepost_audit ORDER BY id")
        found = {row[0]: tuple(str(part).replace("-", "") for part in row[1:3]) for row in rows}
        pair = (admin.user.id.hex, user_id.replace("-", ""))
        assert (found["user.impersonated"], found["user.changed"]) == (pair, pair)
        assert [json.loads(row[3]) for row in rows if row[0] == "user.impersonated"] == [REASON]


FORBIDDEN: list[tuple[str, str, dict[str, Any] | None]] = [
    ("DELETE", "/auth/me", None),
    ("POST", "/auth/password/change", {"current_password": "a" * 20, "new_password": "b" * 20}),
    ("POST", "/auth/api-keys", {"name": "x", "scopes": []}),
    ("GET", "/auth/admin/users", None),
]


@pytest.mark.parametrize(("method", "path", "body"), FORBIDDEN)
async def test_what_is_for_the_user_alone_stays_so(
    sqlite_url: str, method: str, path: str, body: dict[str, Any] | None
) -> None:
    async with administered(sqlite_url) as (it, admin):
        _, token = await acting(it, admin)
        answer = await it.client.request(method, path, json=body, headers=bearer(token))
        assert (answer.status_code, answer.json()["code"][:5]) == (403, "auth.")


async def test_nobody_acts_as_an_administrator_or_as_somebody_disabled(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        other = await made(it, "other@example.com", "admin")
        user = await made(it, EMAIL)
        await it.gate.users.disable(user.id)
        for user_id in (other.id, user.id, admin.user.id):
            answer = await admin("POST", f"/users/{user_id}/impersonate", json=REASON)
            assert (answer.status_code, answer.json()["code"]) == (403, "admin.not_impersonable")
        assert it.value("SELECT count(*) FROM gatepost_session WHERE actor_id IS NOT NULL") == 0


async def test_a_role_that_the_user_gets_meanwhile_does_not_let_the_actor_administer(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        user_id, token = await acting(it, admin)
        await admin.does("PUT", f"/users/{user_id}/roles/admin")
        assert (await it.client.get("/auth/admin/users", headers=bearer(token))).status_code == 403


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 201}, {"reason": "x", "roles": ["admin"]}])
async def test_a_reason_is_needed_and_nothing_else_is_taken(sqlite_url: str, body: dict[str, Any]) -> None:
    async with administered(sqlite_url) as (it, admin):
        user = await made(it, EMAIL)
        assert (await admin("POST", f"/users/{user.id}/impersonate", json=body)).status_code == 422


@pytest.mark.parametrize("end", ["signs out", "is disabled", "loses the role", "is signed out", "is deleted"])
async def test_it_ends_with_the_administrator_in_every_process(database_url: str, end: str) -> None:
    async with administered(database_url) as (it, admin), running(database_url) as other:
        second = await admin_of(it, "second@example.com")
        _, token = await acting(it, second)
        assert (await other.principal(token)).status_code == 200
        users, user_id = it.gate.users, second.user.id
        match end:
            case "signs out":
                await it.client.post("/auth/logout", headers=second.headers)
            case "is disabled":
                await admin.does("POST", f"/users/{user_id}/disable")
            case "loses the role":
                await admin.does("DELETE", f"/users/{user_id}/roles/admin")
            case "is signed out":
                await users.sign_out_everywhere(user_id)
            case _:
                await users.delete(user_id)
        assert (await it.principal(token)).status_code == 401

        async def is_refused() -> bool:
            return (await other.principal(token)).status_code == 401

        await eventually(is_refused)


@pytest.mark.parametrize("by", ["cookie", "bearer"])
async def test_the_end_is_remembered_as_long_as_the_token_lives(sqlite_url: str, by: str) -> None:
    async with administered(sqlite_url, impersonation_lifetime=3600) as (it, admin):
        user = await made(it, EMAIL)
        headers = admin.headers
        if by == "cookie":
            assert (await it.login(ADMIN)).status_code == 200
            headers = {}
        answer = await it.client.post(f"/auth/admin/users/{user.id}/impersonate", json=REASON, headers=headers)
        token = answer.json()["access_token"]
        await it.client.post("/auth/logout", headers=headers)
        it.clock.advance(3_000)
        for prune in it.core.pruning:
            await prune()
        it.core.feed.index.prune(it.clock.now_ms())
        assert (await it.principal(token)).status_code == 401


async def test_a_fresh_sign_in_is_needed_to_begin(sqlite_url: str) -> None:
    async with administered(sqlite_url, access_lifetime=3600) as (it, admin):
        user = await made(it, EMAIL)
        it.clock.advance(601)
        answer = await admin("POST", f"/users/{user.id}/impersonate", json=REASON)
        assert (answer.status_code, answer.json()["code"]) == (403, "session.not_fresh")


async def test_whoever_is_introspected_is_shown_with_who_acts(sqlite_url: str) -> None:
    async with administered(sqlite_url, introspection_clients={"api": "s" * 40}) as (it, admin):
        _, token = await acting(it, admin)
        answer = await it.client.post("/auth/introspect", data={"token": token}, auth=("api", "s" * 40))
        assert answer.json()["act"] == {"sub": str(admin.user.id)}


async def test_a_stream_ends_with_the_administrator(sqlite_url: str) -> None:
    async with administered(sqlite_url) as (it, admin):
        second = await admin_of(it, "second@example.com")
        _, token = await acting(it, second)
        principal = await it.core.authenticator.bearer(token)
        await it.gate.users.disable(second.user.id)
        await principal.ended()
        assert admin.user.id != second.user.id
