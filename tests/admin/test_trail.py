"""The audit trail, read and carried away by administrators."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.admin.people import administered, made
from tests.harness import EMAIL, PASSWORD

pytestmark = pytest.mark.anyio


async def test_the_trail_is_filtered_and_paged(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        user = await made(it, EMAIL)
        for _ in range(3):
            await it.token(password="a wrong password")
        wanted = {"event": ["login.failed", "user.disabled"], "subject_id": str(user.id), "limit": 2}
        first = await admin.does("GET", "/audit", params=wanted)
        rest = await admin.does("GET", "/audit", params={**wanted, "cursor": first["next"]})
        events = first["items"] + rest["items"]
        assert [event["event"] for event in events] == ["login.failed"] * 3
        assert len({event["id"] for event in events}) == 3
        assert rest["next"] is None
        mine = await admin.does("GET", "/audit", params={"actor_id": str(admin.user.id), "event": "login.succeeded"})
        assert len(mine["items"]) == 1
        soon = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
        assert (await admin.does("GET", "/audit", params={"since": soon}))["items"] == []
        assert len((await admin.does("GET", "/audit", params={"until": soon}))["items"]) > 3


@pytest.mark.parametrize(
    "query",
    ["cursor=x", "limit=0", "limit=201", "since=yesterday", "since=2026-01-01", "actor_id=x", "unknown=1"],
)
async def test_a_filter_that_is_none_is_refused(sqlite_url: str, query: str) -> None:
    async with administered(sqlite_url) as (_, admin):
        assert (await admin("GET", f"/audit?{query}")).status_code in {400, 422}


@pytest.mark.parametrize("query", ["ip=%00", "event=%00&event=%27", "ip=%25"])
async def test_whatever_a_filter_holds_it_is_text(sqlite_url: str, query: str) -> None:
    async with administered(sqlite_url) as (_, admin):
        assert (await admin.does("GET", f"/audit?{query}"))["items"] == []


async def test_the_trail_is_carried_away_as_lines_and_that_is_in_the_trail(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        headers = {"User-Agent": '=HYPERLINK("https://evil.example")'}
        form = {"grant_type": "password", "username": EMAIL, "password": PASSWORD}
        await it.client.post("/auth/token", data=form, headers=headers)
        answer = await admin("POST", "/audit/export", json={})
        assert answer.headers["content-type"] == "application/jsonl"
        rows = [json.loads(line) for line in answer.text.splitlines()]
        assert rows[-1]["event"] == "audit.exported"
        assert rows[-1]["actor_id"] == str(admin.user.id)
        assert sorted(row["at"] for row in rows) == [row["at"] for row in rows]
        answer = await admin("POST", "/audit/export", json={"format": "csv", "event": ["login.failed"]})
        heads, row = csv.reader(io.StringIO(answer.text))
        assert row[heads.index("user_agent")].startswith("'=")
        assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'


async def test_exports_have_a_budget(sqlite_url: str) -> None:
    async with administered(sqlite_url, budgets={"export.subject": "1/3600"}) as (_, admin):
        assert (await admin("POST", "/audit/export", json={})).status_code == 200
        assert (await admin("POST", "/audit/export", json={})).status_code == 429
