"""A key that leaked: once its removal was heard, nothing that it signed is good, whether or not keys can be read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from gatepost.core.changes.domain import Change, ChangeKind
from gatepost.core.keys.store import read_keys
from gatepost.kernel.errors import Unavailable
from gatepost.storage.database import Database
from tests.harness import Running, eventually, running

pytestmark = pytest.mark.anyio
REFUSED = {401, 503}


@dataclass
class Reads:
    """How one Gatepost reads its keys: held back before or after the read, and failing if told so."""

    database: Database | None = None
    fail: bool = False
    began: asyncio.Event = field(default_factory=asyncio.Event)
    before: asyncio.Event = field(default_factory=asyncio.Event)
    after: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, database: Database) -> object:
        if database is not self.database:
            return await read_keys(database)
        self.began.set()
        await self.before.wait()
        if self.fail:
            raise Unavailable("the pool is taken")
        found = await read_keys(database)
        await self.after.wait()
        return found

    def release(self) -> None:
        self.before.set()
        self.after.set()


@dataclass
class Pair:
    """A Gatepost with held reads, another over the same database, and tokens of the first."""

    it: Running
    other: Running
    reads: Reads
    tokens: list[str]
    heard: list[ChangeKind]

    async def remove_the_key(self) -> None:
        """Rotate elsewhere, and wait until it was heard here."""
        self.heard.clear()
        await self.other.core.keyring.rotate(immediately=True)
        await eventually(self._has_heard, within=5)

    async def _has_heard(self) -> bool:
        return ChangeKind.KEYS in self.heard

    async def statuses(self) -> set[int]:
        return {(await self.it.principal(token)).status_code for token in self.tokens}

    async def assert_all_is_well_again(self) -> None:
        self.reads.fail = False
        self.reads.release()
        assert await self.statuses() == {401}
        assert (await self.it.principal((await self.it.signed_in())["access_token"])).status_code == 200


@asynccontextmanager
async def pair(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pair]:
    reads, heard = Reads(), list[ChangeKind]()
    monkeypatch.setattr("gatepost.core.keys.keyring.read_keys", reads.read)

    def hear(change: Change) -> None:
        heard.append(change.kind)

    async with running(database_url) as it, running(database_url) as other:
        first = (await it.enrolled())["access_token"]
        tokens = [first, *[(await it.signed_in())["access_token"] for _ in range(3)]]
        for token in tokens[:-1]:  # the last is seen for the first time when the key is gone
            assert (await it.principal(token)).status_code == 200
        it.core.feed.index.subscribe(hear)
        reads.database = it.core.database
        try:
            yield Pair(it, other, reads, tokens, heard)
        finally:
            reads.release()


async def test_no_request_is_let_in_while_the_keys_are_read_nor_after_that_failed(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pair(database_url, monkeypatch) as both:
        both.reads.fail = True
        await both.remove_the_key()
        asked = [asyncio.create_task(both.it.principal(both.tokens[0]))]
        await asyncio.wait_for(both.reads.began.wait(), 5)
        asked += [asyncio.create_task(both.it.principal(token)) for token in both.tokens]
        await asyncio.wait(asked[1:], timeout=0.2)  # who does not wait for the keys is answered by now
        both.reads.release()
        assert {(await answer).status_code for answer in asked} <= REFUSED
        assert await both.statuses() <= REFUSED
        assert await both.statuses() <= REFUSED
        await both.assert_all_is_well_again()


async def test_no_request_is_let_in_while_a_slow_read_of_the_keys_succeeds(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pair(database_url, monkeypatch) as both:
        await both.remove_the_key()
        asked = [asyncio.create_task(both.it.principal(both.tokens[0]))]
        await asyncio.wait_for(both.reads.began.wait(), 5)
        asked += [asyncio.create_task(both.it.principal(token)) for token in both.tokens]
        await asyncio.wait(asked[1:], timeout=0.2)
        both.reads.release()
        assert {(await answer).status_code for answer in asked} <= REFUSED
        await both.assert_all_is_well_again()


async def test_one_failed_read_lets_nobody_in_and_the_next_one_mends_it(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pair(database_url, monkeypatch) as both:
        both.reads.fail = True
        both.reads.release()
        await both.remove_the_key()
        assert await both.statuses() <= REFUSED
        await both.assert_all_is_well_again()


async def test_a_removal_that_is_heard_while_older_keys_are_read_is_not_missed(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What that read brings is old already when it arrives."""
    async with pair(database_url, monkeypatch) as both:
        both.reads.before.set()
        both.it.core.feed.index.apply(Change(ChangeKind.KEYS, None, None, 0))
        asked = asyncio.create_task(both.it.principal(both.tokens[0]))
        await asyncio.wait_for(both.reads.began.wait(), 5)
        await both.remove_the_key()
        both.reads.release()
        await asked  # it came before the removal: either answer is right
        assert await both.statuses() <= REFUSED
        await both.assert_all_is_well_again()
