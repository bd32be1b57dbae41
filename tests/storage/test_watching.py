"""Who watches a statement hears of every commit of it, once, and of nothing that was not committed."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from sqlalchemy import BigInteger, String, bindparam, delete, insert

from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import Refused
from gatepost.kernel.events import Listeners
from gatepost.storage.database import Database
from gatepost.storage.migrate import migrate
from gatepost.storage.schema import meta
from gatepost.storage.statement import Statement
from gatepost.storage.unit_of_work import unit_of_work

pytestmark = pytest.mark.anyio
_put = Statement(
    insert(meta).values(name=bindparam("number", type_=String), value=bindparam("amount", type_=BigInteger))
)
_none = Statement(delete(meta).where(meta.c.name == "nobody").returning(meta.c.name))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    made = Database(database_url, Clock())
    await made.start()
    await migrate(made)
    yield made
    await made.stop()


async def test_each_commit_is_told_once(database: Database) -> None:
    heard: list[Mapping[str, Any]] = []
    database.watchers.on(_put, heard.append)
    await database.hot.run((_put, {"number": "a", "amount": 1}))
    await database.hot.run((_put, {"number": "b", "amount": 2}), (_put, {"number": "c", "amount": 3}))
    async with unit_of_work(database, Listeners()) as work:
        await work.run(_put, number="d", amount=4)
        assert [values["amount"] for values in heard] == [1, 2, 3]
    assert [values["amount"] for values in heard] == [1, 2, 3, 4]


async def _begin_and_refuse(database: Database) -> None:
    async with unit_of_work(database, Listeners()) as work:
        await work.run(_put, number="a", amount=1)
        raise Refused


async def test_what_was_not_committed_is_not_told(database: Database) -> None:
    heard: list[Mapping[str, Any]] = []
    database.watchers.on(_put, heard.append)
    with pytest.raises(Refused):
        await _begin_and_refuse(database)
    await database.hot.run((_none, {}), (_put, {"number": "b", "amount": 2}))  # stopped before it
    await database.hot.run((_put, {"number": "c", "amount": 3}))
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        await database.hot.run((_put, {"number": "c", "amount": 4}))
    assert [values["amount"] for values in heard] == [3]


async def test_a_watcher_that_fails_changes_nothing(database: Database) -> None:
    heard: list[Mapping[str, Any]] = []

    def fail(_: Mapping[str, Any]) -> None:
        raise RuntimeError

    database.watchers.on(_put, fail)
    database.watchers.on(_put, heard.append)
    await database.hot.run((_put, {"number": "a", "amount": 1}))
    assert len(heard) == 1
