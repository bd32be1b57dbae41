"""`DELETE /auth/sessions`: all others end, in every process, or none does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from gatepost.storage.statement import Row, Step
from tests.harness import Running, bearer, eventually, query, running

pytestmark = pytest.mark.anyio
OTHERS = 6


async def end_others(it: Running, own: str) -> httpx2.Response:
    return await it.client.delete("/auth/sessions", headers=bearer(own))


def refuse_to_end(database_url: str, session_id: str) -> None:
    """Let the database refuse the end of one session."""
    if database_url.startswith("sqlite"):
        query(
            database_url,
            "CREATE TRIGGER stubborn BEFORE UPDATE OF revoked_at ON gatepost_session "
            f"WHEN NEW.id = '{session_id}' BEGIN SELECT RAISE(ABORT, 'no'); END",
        )
        return
    body = "BEGIN RAISE EXCEPTION 'no'; END"
    query(
        database_url,
        f"CREATE FUNCTION stubborn() RETURNS trigger LANGUAGE plpgsql AS '{body.replace(chr(39), chr(39) * 2)}'",
    )
    query(
        database_url,
        "CREATE TRIGGER stubborn BEFORE UPDATE OF revoked_at ON gatepost_session FOR EACH ROW "
        f"WHEN (NEW.id = '{session_id}') EXECUTE FUNCTION stubborn()",
    )


async def test_every_other_session_is_refused_in_every_process_and_the_own_one_goes_on(database_url: str) -> None:
    async with running(database_url) as it, running(database_url) as elsewhere:
        own = (await it.enrolled())["access_token"]
        others = [(await it.signed_in())["access_token"] for _ in range(OTHERS)]
        stranger = (await it.enrolled("bob@example.com"))["access_token"]
        for token in (own, stranger, *others):
            assert (await elsewhere.principal(token)).status_code == 200
        assert (await end_others(it, own)).status_code == 204
        for token in others:
            assert (await it.principal(token)).status_code == 401

            async def is_refused(token: str = token) -> bool:
                return (await elsewhere.principal(token)).status_code == 401

            await eventually(is_refused, within=3)
        for here in (it, elsewhere):
            for token in (own, stranger):
                assert (await here.principal(token)).status_code == 200


async def test_they_end_in_one_transaction(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(database_url) as it:
        own = (await it.enrolled())["access_token"]
        for _ in range(OTHERS):
            await it.signed_in()
        database, begun = it.core.database, list[str]()
        run, transaction = database.hot.run, database.transaction

        async def counted_run(*steps: Step) -> list[list[Row]]:
            begun.append("run")
            return await run(*steps)

        @asynccontextmanager
        async def counted_transaction() -> AsyncIterator[AsyncConnection]:
            begun.append("transaction")
            async with transaction() as connection:
                yield connection

        monkeypatch.setattr(database.hot, "run", counted_run)
        monkeypatch.setattr(database, "transaction", counted_transaction)
        assert (await end_others(it, own)).status_code == 204
        monkeypatch.undo()
        assert len(begun) == 1
        assert it.value("SELECT count(*) FROM gatepost_session WHERE revoked_at IS NULL") == 1


async def test_a_failure_in_the_middle_ends_none(database_url: str) -> None:
    async with running(database_url, raises=False) as it, running(database_url) as elsewhere:
        own = (await it.enrolled())["access_token"]
        others = [(await it.signed_in())["access_token"] for _ in range(OTHERS)]
        ids = sorted(str(row[0]) for row in it.rows("SELECT id FROM gatepost_session"))
        refuse_to_end(database_url, ids[OTHERS // 2])
        assert (await end_others(it, own)).status_code >= 500
        assert it.value("SELECT count(*) FROM gatepost_session WHERE revoked_at IS NULL") == OTHERS + 1
        assert it.value("SELECT count(*) FROM gatepost_change WHERE kind = 1") == 0
        for token in others:
            assert (await elsewhere.principal(token)).status_code == 200
