"""A kind of change that this version does not know, as a newer one writes it: no error, and no cache is trusted."""

import pytest

from tests.harness import bearer, eventually, query, running

pytestmark = pytest.mark.anyio


def insert_unknown(database_url: str) -> None:
    xid = "0" if database_url.startswith("sqlite") else "pg_current_xact_id()::text::bigint"
    columns = "xid, kind, subject, epoch, keep_until"
    query(database_url, f"INSERT INTO gatepost_change ({columns}) VALUES ({xid}, 99, NULL, NULL, 9999999999999)")


async def test_requests_go_on_and_what_was_cached_is_read_again(database_url: str) -> None:
    async with running(database_url, raises=False) as it:
        token = (await it.enrolled())["access_token"]
        assert (await it.user(token)).json()["full_name"] is None
        query(database_url, "UPDATE gatepost_user SET full_name = 'Ada'")
        assert (await it.user(token)).json()["full_name"] is None  # no row of the feed says so
        insert_unknown(database_url)

        async def is_read_again() -> bool:
            answer = await it.user(token)
            assert answer.status_code == 200
            return bool(answer.json()["full_name"] == "Ada")

        await eventually(is_read_again, within=5)
        assert (await it.principal(token)).status_code == 200
        assert (await it.logout(token)).status_code == 204
        assert (await it.principal(token)).status_code == 401


async def test_a_cookie_session_that_ended_silently_is_refused(database_url: str) -> None:
    async with running(database_url, raises=False) as it:
        await it.register()
        await it.login()
        assert (await it.client.get("/principal")).status_code == 200
        query(database_url, "UPDATE gatepost_session SET revoked_at = 1")
        insert_unknown(database_url)

        async def is_refused() -> bool:
            status = (await it.client.get("/principal")).status_code
            assert status in {200, 401}
            return status == 401

        await eventually(is_refused, within=5)


async def test_changes_that_came_after_it_are_heard(database_url: str) -> None:
    async with running(database_url, raises=False) as it, running(database_url) as other:
        tokens = await it.enrolled()
        assert (await it.principal(tokens["access_token"])).status_code == 200
        insert_unknown(database_url)
        assert (await other.client.post("/auth/logout", headers=bearer(tokens["access_token"]))).status_code == 204

        async def is_refused() -> bool:
            status = (await it.principal(tokens["access_token"])).status_code
            assert status in {200, 401}
            return status == 401

        await eventually(is_refused, within=5)


async def test_a_start_reads_over_it(database_url: str) -> None:
    async with running(database_url) as it:
        token = (await it.enrolled())["access_token"]
    insert_unknown(database_url)
    async with running(database_url, raises=False) as again:
        assert (await again.principal(token)).status_code == 200
