"""The worker of the outbox outlives whatever the database does to it."""

import asyncio

import psycopg
import pytest

from gatepost.core.outbox import store
from gatepost.storage.statement import Row, Statement, Values
from tests.harness import PASSWORD, bearer, eventually, running

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("error", [psycopg.errors.InternalError_, RuntimeError, KeyError])
async def test_an_error_that_nobody_expected_only_delays_the_mail(
    database_url: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(database_url, email_verification="off") as it:
        token = (await it.enrolled())["access_token"]
        hot, failed = it.core.database.hot, asyncio.Event()
        read = hot.read

        async def fail(statement: Statement, values: Values | None = None) -> list[Row]:
            if statement is not store.any_due or failed.is_set():
                return await read(statement, values)
            failed.set()
            raise error

        monkeypatch.setattr(hot, "read", fail)
        await asyncio.wait_for(failed.wait(), 10)
        change = {"current_password": PASSWORD, "new_password": "another long password"}
        answer = await it.client.post("/auth/password/change", json=change, headers=bearer(token))
        assert answer.status_code in {200, 204}, answer.text

        async def is_done() -> bool:
            return bool(it.value("SELECT count(*) FROM gatepost_outbox") == 0)

        await eventually(is_done, within=15)
        assert [mail.subject for mail in it.mails.sent].count("Your password for localhost was changed") == 1
