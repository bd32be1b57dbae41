"""Roles and signing keys, by an administrator."""

import pytest

from gatepost.core.roles.domain import RoleFixed
from tests.admin.people import administered, made
from tests.harness import EMAIL, eventually

pytestmark = pytest.mark.anyio


async def test_a_role_is_defined_changed_and_deleted_with_who_did_it(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        user = await made(it, EMAIL, "editor")
        body = {"description": "Writes", "permissions": ["todo:write", "todo:read"]}
        role = await admin.does("PUT", "/roles/editor", json=body)
        assert role == {"name": "editor", **body, "permissions": ["todo:read", "todo:write"], "is_fixed": False}
        assert role in (await admin.does("GET", "/roles"))["items"]
        await admin.does("DELETE", "/roles/editor")
        assert (await it.gate.users.get(user.id)).roles == frozenset()  # type: ignore[union-attr]
        assert (await admin("DELETE", "/roles/editor")).status_code == 404
        rows = it.rows("SELECT actor_id FROM gatepost_audit WHERE event IN ('role.defined', 'role.deleted')")
        assert [str(row[0]).replace("-", "") for row in rows] == [admin.user.id.hex] * 2


async def test_the_administrators_role_is_never_deleted_whatever_it_is_called(sqlite_url: str) -> None:
    async with administered(sqlite_url, admin_role="boss") as (it, admin):
        assert (await admin("GET", "/roles")).status_code == 403
        await it.gate.users.grant_role(admin.user.id, "boss")
        boss = (await it.signed_in(str(admin.user.email)))["access_token"]
        admin.headers = {"Authorization": f"Bearer {boss}"}
        answer = await admin("DELETE", "/roles/boss")
        assert (answer.status_code, answer.json()["code"]) == (409, "role.fixed")
        with pytest.raises(RoleFixed):
            await it.gate.roles.delete("boss")  # as the command does it
        assert (await admin("GET", "/roles")).status_code == 200


@pytest.mark.parametrize("role", ["Two%20Words", "x" * 65, "%00", "1"])
async def test_a_name_that_is_no_role_is_refused(sqlite_url: str, role: str) -> None:
    async with administered(sqlite_url) as (_, admin):
        assert (await admin("PUT", f"/roles/{role}", json={"permissions": []})).status_code == 422
        assert (await admin("DELETE", f"/roles/{role}")).status_code == 422


async def test_keys_are_listed_without_what_signs_and_rotated_with_who_did_it(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        (key,) = (await admin.does("GET", "/keys"))["items"]
        assert (set(key), key["state"]) == ({"kid", "state", "algorithm", "created_at", "active_from"}, "active")
        keys = (await admin.does("POST", "/keys/rotate", json={}))["items"]
        assert [one["state"] for one in keys] == ["active", "next"]
        rows = it.rows("SELECT actor_id FROM gatepost_audit WHERE event = 'key.rotated' ORDER BY id")
        assert [str(row[0]).replace("-", "") for row in rows][-1] == admin.user.id.hex


async def test_an_immediate_rotation_refuses_every_token_of_before(database_url: str) -> None:
    async with administered(database_url) as (_, admin):
        await admin.does("POST", "/keys/rotate", json={"immediately": True})

        async def is_refused() -> bool:
            return (await admin("GET", "/keys")).status_code == 401

        await eventually(is_refused)
