"""Sessions of a user, seen and ended by an administrator; attempts given back."""

import pytest

from tests.admin.people import UNKNOWN, administered, made, mailed
from tests.harness import EMAIL, PASSWORD

pytestmark = pytest.mark.anyio


async def test_sessions_of_a_user_are_listed_and_ended_one_by_one(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        user = await made(it, EMAIL)
        tokens = [(await it.signed_in())["access_token"] for _ in range(3)]
        first = await admin.does("GET", f"/users/{user.id}/sessions", params={"limit": 2})
        rest = await admin.does("GET", f"/users/{user.id}/sessions", params={"limit": 2, "cursor": first["next"]})
        ids = [session["id"] for session in first["items"] + rest["items"]]
        assert (len(set(ids)), rest["next"]) == (3, None)
        await admin.does("DELETE", f"/users/{user.id}/sessions/{ids[0]}")
        assert [(await it.principal(token)).status_code for token in tokens] == [200, 200, 401]
        assert (await admin("DELETE", f"/users/{user.id}/sessions/{ids[0]}")).status_code == 404


async def test_a_session_is_ended_only_as_its_user_s(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        user, other = await made(it, EMAIL), await made(it, "other@example.com")
        token = (await it.signed_in())["access_token"]
        session_id = (await it.principal(token)).json()["sid"]
        assert (await admin("DELETE", f"/users/{other.id}/sessions/{session_id}")).status_code == 404
        assert (await it.principal(token)).status_code == 200
        assert user.id != other.id


async def test_a_user_is_signed_out_everywhere_and_told(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        user = await made(it, EMAIL)
        token = (await it.signed_in())["access_token"]
        await admin.does("DELETE", f"/users/{user.id}/sessions")
        assert (await it.principal(token)).status_code == 401
        assert "ended sessions" in (await mailed(it, EMAIL, "An administrator")).body
        rows = it.rows("SELECT actor_id FROM gatepost_audit WHERE event = 'session.all_ended'")
        assert [str(row[0]).replace("-", "") for row in rows] == [admin.user.id.hex]


async def test_attempts_are_given_back_to_a_user_whom_failures_keep_out(database_url: str) -> None:
    budgets = {"login_budget_pair": "2/3600", "login_budget_account": "4/3600"}
    async with administered(database_url, **budgets) as (it, admin):
        user = await made(it, EMAIL)
        for _ in range(3):
            await it.token(password="a wrong password")
        assert (await it.token(password=PASSWORD)).status_code == 429
        await admin.does("DELETE", f"/users/{user.id}/budgets")
        assert (await it.token(password=PASSWORD)).status_code == 200
        assert it.value("SELECT count(*) FROM gatepost_audit WHERE event = 'budget.cleared'") == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/sessions"), ("DELETE", "/sessions"), ("DELETE", f"/sessions/{UNKNOWN}"), ("DELETE", "/budgets")],
)
async def test_an_unknown_user_is_not_found(sqlite_url: str, method: str, path: str) -> None:
    async with administered(sqlite_url) as (_, admin):
        assert (await admin(method, f"/users/{UNKNOWN}{path}")).status_code == 404
