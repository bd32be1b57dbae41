"""Retention: old rows go, the chain stays verifiable from a signed mark, and others notice nothing."""

import asyncio

import pytest

from gatepost.core.audit import AuditEvent
from gatepost.core.audit.pruning import AuditPolicy, prune, prune_older
from gatepost.core.audit.verifying import Report
from tests.audit.trail import Trail, trail

pytestmark = pytest.mark.anyio
DAY = 86_400_000


async def test_what_is_old_goes_and_the_rest_verifies_from_the_mark(house: Trail) -> None:
    await house.sealed(7)
    house.database.clock.advance(3600)
    await house.sealed(5)
    head = (await house.verify()).head
    assert await prune_older(house.database, house.keys, 1_800_000) == 7
    report = await house.verify(head)
    assert (report.findings, report.begins.position, report.verified, report.unsealed) == ([], 7, 5, 1)
    assert (house.count("gatepost_audit"), house.count("gatepost_audit_link")) == (6, 5)
    await house.sealed(3)
    report = await house.verify(head)
    assert (report.findings, report.verified) == ([], 9)


async def test_pruning_leaves_a_row_that_says_how_much_went(house: Trail) -> None:
    await house.sealed(4)
    house.database.clock.advance(3600)
    await prune_older(house.database, house.keys, 1000)
    detail = house.sql(f"SELECT detail FROM gatepost_audit WHERE event = '{AuditEvent.AUDIT_PRUNED}'")
    assert len(detail) == 1
    assert '"rows": 4, "through": "4:' in detail[0][0]


async def test_an_emptied_trail_goes_on_where_it_was(house: Trail) -> None:
    for _ in range(3):
        await house.sealed(2)
        house.database.clock.advance(3600)
        await prune_older(house.database, house.keys, 1000)
    report = await house.verify()
    assert (report.findings, report.begins.position) == ([], 2 + 3 + 3)


async def test_what_is_not_sealed_is_never_pruned(house: Trail) -> None:
    await house.write(3)
    house.database.clock.advance(3600)
    assert await prune_older(house.database, house.keys, 1000) == 0
    assert house.count("gatepost_audit") == 3


async def test_a_row_with_a_false_date_neither_goes_early_nor_holds_back_the_others(house: Trail) -> None:
    for number, at in enumerate((1, 1 << 50)):
        house.sql(
            f"INSERT INTO gatepost_audit (id, at, event) VALUES ('0000000000007000800000000000000{number}', {at}, 'x')"
        )
    await house.sealed(1)
    house.database.clock.advance(3600)
    await house.sealed(1)
    assert await prune_older(house.database, house.keys, 7_200_000) == 0
    assert await prune_older(house.database, house.keys, 1_800_000) == 3


async def test_retention_waits_for_its_slack_and_then_prunes_to_its_bound(house: Trail) -> None:
    policy = AuditPolicy(retention_ms=20 * DAY)
    await house.sealed(2)
    house.database.clock.advance(20.5 * 86_400)
    await house.sealed(2)
    assert await prune(house.database, house.keys, policy) == 0
    house.database.clock.advance(0.6 * 86_400)
    assert await prune(house.database, house.keys, policy) == 2
    assert await prune(house.database, house.keys, policy) == 0
    assert await prune(house.database, house.keys, AuditPolicy(retention_ms=None)) == 0


async def test_a_round_of_maintenance_is_bounded(house: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatepost.core.audit.pruning._BATCH", 3)
    monkeypatch.setattr("gatepost.core.audit.pruning._BATCHES", 2)
    await house.sealed(20)
    house.database.clock.advance(30 * 86_400)
    assert await prune(house.database, house.keys, AuditPolicy(retention_ms=DAY)) == 6
    assert await house.faults() == []


async def test_pruners_sealers_and_verifiers_do_not_disturb_each_other(database_url: str) -> None:
    async with trail(database_url) as one, trail(database_url) as other:
        await one.sealed(40)
        for house in (one, other):
            house.database.clock.offset_ms = 3_600_000
        results = await asyncio.gather(
            *(prune_older(house.database, house.keys, 1000) for house in (one, other) for _ in range(3)),
            one.write(10),
            one.sealer().seal_some(),
            other.verify(),
            one.verify(),
        )
        assert sum(result for result in results[:6] if isinstance(result, int)) == 40
        assert [report.findings for report in results if isinstance(report, Report)] == [[], []]
        await one.seal()
        assert await one.faults() == []
