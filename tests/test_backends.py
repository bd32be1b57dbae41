"""The servers under the tests are real, empty for each test, and survive what the tests of faults do to them."""

from pathlib import Path

import psycopg
import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisGoneError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.backends import PostgresServer, RedisServer


@pytest.mark.anyio
@pytest.mark.parametrize("round_", [1, 2])
async def test_each_test_has_an_empty_database(database_url: str, round_: int) -> None:
    engine = create_async_engine(database_url)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE once (round INTEGER)"))
            await connection.execute(text("INSERT INTO once VALUES (:round)"), {"round": round_})
            assert (await connection.execute(text("SELECT round FROM once"))).scalars().all() == [round_]
    finally:
        await engine.dispose()


def test_postgres_keeps_committed_rows_over_a_restart_and_a_crash(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    dsn = postgres_url.replace("+psycopg", "")
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE kept (n integer)")
        connection.execute("INSERT INTO kept VALUES (7)")
    postgres_server.restart()
    postgres_server.crash()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn)
    postgres_server.start()
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]


@pytest.mark.parametrize("round_", [1, 2])
def test_each_test_has_an_empty_redis_that_can_be_lost(redis_server: RedisServer, redis_url: str, round_: int) -> None:
    with Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("round", round_)
        redis_server.crash()
        with pytest.raises(RedisGoneError):
            client.get("round")
        redis_server.start()
        assert client.get("round") is None


def test_the_browser_is_an_executable_file(chromium: Path) -> None:
    assert chromium.stat().st_mode & 0o111
