"""Which failures count as «not now»: among them a primary that was demoted and no longer takes writes."""

import sqlite3

import psycopg
import pytest
from sqlalchemy import exc

from gatepost.storage.errors import is_unreachable
from tests.harness import conninfo, eventually, running

pytestmark = pytest.mark.anyio


def test_a_server_that_takes_no_writes_is_unreachable() -> None:
    error = psycopg.errors.ReadOnlySqlTransaction()
    assert is_unreachable(error)
    assert is_unreachable(exc.InternalError("UPDATE", {}, error))


def test_the_driver_s_error_within_sqlalchemy_s_counts() -> None:
    assert is_unreachable(exc.DBAPIError("UPDATE", {}, psycopg.errors.AdminShutdown()))


@pytest.mark.parametrize(
    "error",
    [
        ValueError(),
        psycopg.errors.UniqueViolation(),
        psycopg.errors.UndefinedTable(),
        sqlite3.IntegrityError(),
        exc.IntegrityError("INSERT", {}, psycopg.errors.UniqueViolation()),
        exc.ProgrammingError("SELECT", {}, psycopg.errors.UndefinedTable()),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_mistake_of_ours_is_not(error: Exception) -> None:
    assert not is_unreachable(error)


async def test_a_demoted_primary_answers_503_until_it_takes_writes_again(postgres_url: str) -> None:
    async with running(postgres_url, raises=False) as it:
        await it.enrolled()

        async def statuses() -> set[int]:
            return {(await ask()).status_code for ask in (it.token, it.login)}

        async def is_well() -> bool:
            return await statuses() == {200}

        make_read_only(postgres_url, is_on=True)
        for _ in range(10):  # the first ones meet connections that were cut, the others the server itself
            assert await statuses() == {503}
        make_read_only(postgres_url, is_on=False)
        await eventually(is_well, within=10)


def make_read_only(postgres_url: str, *, is_on: bool) -> None:
    with psycopg.connect(conninfo(postgres_url), autocommit=True) as direct:
        direct.execute("SET default_transaction_read_only = off")
        name = psycopg.sql.Identifier(direct.info.dbname)
        verb = "SET default_transaction_read_only = on" if is_on else "RESET default_transaction_read_only"
        direct.execute(psycopg.sql.SQL("ALTER DATABASE {} " + verb).format(name))
        direct.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
