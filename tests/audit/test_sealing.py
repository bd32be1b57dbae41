"""Sealing: every committed row gets exactly one link, whatever happens to writers, sealers and clocks."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import psycopg
import pytest

from gatepost.core.audit import AuditEvent, audit_step, links
from gatepost.core.audit.reading import AuditRow
from gatepost.core.audit.sealer import BATCH, ChainBroken
from gatepost.kernel.clock import Clock
from gatepost.kernel.events import Listeners
from gatepost.storage.statement import Step
from gatepost.storage.unit_of_work import unit_of_work
from tests.audit.trail import Trail, trail
from tests.harness import around, conninfo

pytestmark = pytest.mark.anyio


async def assert_whole(house: Trail, count: int) -> None:
    report = await house.verify()
    assert report.findings == []
    assert (report.verified, report.unsealed) == (count, 0)
    positions = house.sql("SELECT position FROM gatepost_audit_link ORDER BY position")
    assert [position for (position,) in positions] == list(range(1, count + 1))
    assert house.count("gatepost_audit_queue") == 0


async def test_sixteen_writers_beside_a_sealer_leave_a_whole_chain(house: Trail) -> None:
    sealer, is_over = house.sealer(), asyncio.Event()

    async def seal() -> None:
        while not is_over.is_set():
            await sealer.seal_some()
            await asyncio.sleep(0)

    sealing = asyncio.create_task(seal())
    await asyncio.gather(*(house.write(12) for _ in range(16)))
    is_over.set()
    await sealing
    await house.seal(sealer)
    await assert_whole(house, 16 * 12)


async def test_more_than_one_batch_is_one_chain(house: Trail) -> None:
    await asyncio.gather(*(house.write(45) for _ in range(10)))
    assert await house.seal() == 450 > BATCH
    await assert_whole(house, 450)


async def test_two_sealers_at_once_give_each_row_one_link(database_url: str) -> None:
    async with trail(database_url) as one, trail(database_url) as other:
        await one.write(60)
        sealers = [house.sealer() for house in (one, other) for _ in range(3)]
        for _ in range(5):
            counts = await asyncio.gather(*(sealer.seal_some() for sealer in sealers))
            assert sum(count > 0 for count in counts) <= 1
            await other.write(3)
            one.database.clock.advance(10)
            other.database.clock.advance(10)
        await one.seal()
        await assert_whole(one, 75)


async def test_a_living_holder_keeps_others_out_and_a_dead_one_does_not(house: Trail) -> None:
    await house.write(2)
    assert await house.sealer().seal_some() == 2  # its process dies now
    await house.write(1)
    successor = house.sealer()
    assert await successor.seal_some() == 0
    house.database.clock.advance(6)
    assert await successor.seal_some() == 1
    await assert_whole(house, 3)


async def test_a_sealer_that_dies_in_the_middle_of_a_batch_leaves_nothing_of_it(
    house: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.write(5)
    real = links.link_steps

    def broken(found: list[dict[str, Any]]) -> list[Step]:
        first, *rest = real(found)
        return [first, *rest, first]  # the same positions again: refused after everything else was written

    monkeypatch.setattr(links, "link_steps", broken)
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        await house.sealer().seal_some()
    assert house.count("gatepost_audit_link") == 0
    assert house.count("gatepost_audit_queue") == 5
    monkeypatch.setattr(links, "link_steps", real)
    assert await house.seal() == 5
    await assert_whole(house, 5)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_a_transaction_that_commits_late_is_sealed_late(house: Trail) -> None:
    early = "INSERT INTO gatepost_audit (id, at, event) VALUES ('00000000-0000-7000-8000-000000000001', 1, 'early')"
    with psycopg.connect(conninfo(house.url)) as slow:
        slow.execute(early.encode())
        await house.sealed(4)
        await assert_whole(house, 4)
        slow.commit()
    assert await house.seal() == 1
    await assert_whole(house, 5)
    late = house.sql("SELECT event FROM gatepost_audit JOIN gatepost_audit_link ON audit_id = id WHERE position = 5")
    assert late == [("early",)]


async def test_what_was_rolled_back_is_not_sealed(house: Trail) -> None:
    async def change_one_s_mind() -> None:
        async with unit_of_work(house.database, Listeners()) as work:
            await work.steps(audit_step(house.database.clock, AuditEvent.USER_DISABLED))
            raise KeyError

    with pytest.raises(KeyError):
        await change_one_s_mind()
    await house.sealed(1)
    await assert_whole(house, 1)


async def test_clocks_that_step_back_lose_no_row(database_url: str) -> None:
    clock = Clock(offset_ms=86_400_000)
    async with trail(database_url, clock) as house:
        sealer = house.sealer()
        await house.write(3)
        assert await sealer.seal_some() == 3
        clock.offset_ms = 0
        await house.write(3)
        assert await sealer.seal_some() == 3
        clock.offset_ms = -86_400_000
        await house.write(3)
        assert await house.sealer().seal_some() == 3  # the lease of a future is no lease
        await assert_whole(house, 9)
        report = await house.verify()
        assert {notice.position for notice in report.notices} == set(range(4, 10))


async def test_followers_are_given_each_row_once_in_the_same_transaction(
    house: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[uuid.UUID] = []

    def follow(rows: Sequence[AuditRow]) -> list[Step]:
        seen.extend(row.id for row in rows)
        assert all(isinstance(row, AuditRow) for row in rows)
        return [audit_step(house.database.clock, AuditEvent.USER_CHANGED, detail={"of": str(row.id)}) for row in rows]

    await house.write(3)
    sealer = house.sealer(follow)
    monkeypatch.setattr(house.database.hot, "run", around(house.database.hot.run, before=_fail_once()))
    with pytest.raises(ConnectionError):
        await sealer.seal_some()
    assert house.count("gatepost_audit") == 3
    seen.clear()
    assert await sealer.seal_some() == 3
    assert len(set(seen)) == 3
    assert house.count("gatepost_audit") == 6


def _fail_once() -> Callable[[], Awaitable[None]]:
    failures = iter([True])

    async def fail() -> None:
        if next(failures, False):
            raise ConnectionError

    return fail


async def test_a_sealer_does_not_go_on_from_a_head_that_is_not_signed(house: Trail) -> None:
    await house.sealed(3)
    house.tamper("UPDATE gatepost_audit_mark SET position = 2 WHERE name = 'head'")
    await house.write(1)
    with pytest.raises(ChainBroken, match="signature"):
        await house.seal()
    house.tamper("DELETE FROM gatepost_audit_mark")
    with pytest.raises(ChainBroken, match="no head"):
        await house.seal()


async def test_a_sealer_that_lives_notices_a_head_that_was_set_back(house: Trail) -> None:
    sealer = house.sealer()
    await house.write(2)
    await house.seal(sealer)
    old = house.sql("SELECT position, mac, at, key_id, signature FROM gatepost_audit_mark WHERE name = 'head'")[0]
    await house.write(2)
    await house.seal(sealer)
    position, mac, at, key_id, signature = (
        value if isinstance(value, int) else f"'{value}'" if isinstance(value, str) else _blob(house, value)
        for value in old
    )
    house.tamper(
        "DELETE FROM gatepost_audit_link WHERE position > 2",
        f"UPDATE gatepost_audit_mark SET position = {position}, mac = {mac}, at = {at}, key_id = {key_id}, "
        f"signature = {signature} WHERE name = 'head'",
        "INSERT INTO gatepost_audit_queue SELECT id FROM gatepost_audit "
        "WHERE id NOT IN (SELECT audit_id FROM gatepost_audit_link)",
    )
    with pytest.raises(ChainBroken, match="set back"):
        await sealer.seal_some()


def _blob(house: Trail, value: bytes) -> str:
    return f"x'{value.hex()}'" if house.database.is_sqlite else f"'\\x{value.hex()}'"
