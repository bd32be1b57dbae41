"""Somebody who owns the database tampers with the trail: each way is found, and it is said where."""

import uuid
from collections.abc import AsyncIterator

import pytest

from gatepost.core.audit import AuditEvent
from gatepost.core.audit.chain import Place
from gatepost.core.audit.pruning import PruningRefused, prune_older
from gatepost.kernel.purpose import PurposeKeys
from tests.audit.trail import Trail, trail

pytestmark = pytest.mark.anyio
CHANGES = {
    "at": "at + 1",
    "event": "'login.succeeded'",
    "actor_id": "subject_id",
    "subject_id": "NULL",
    "session_id": "subject_id",
    "ip": "'192.0.2.9'",
    "user_agent": "''",
    "request_id": "'another-one'",
    "detail": "NULL",
}


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[Trail]:
    """A trail of ten sealed rows."""
    async with trail(database_url) as found:
        await found.sealed(10)
        yield found


async def head_of(house: Trail) -> Place:
    return (await house.verify()).head


async def test_a_trail_that_nobody_touched_is_clean(house: Trail) -> None:
    report = await house.verify()
    assert (report.findings, report.notices, report.verified, report.unsealed) == ([], [], 10, 0)
    assert await house.faults(report.head) == []


@pytest.mark.parametrize("column", CHANGES)
async def test_a_changed_column_is_found_at_its_row_and_nowhere_else(house: Trail, column: str) -> None:
    target = house.id_at(4)
    house.tamper(f"UPDATE gatepost_audit SET {column} = {CHANGES[column]} WHERE id = '{target}'")
    assert await house.faults() == [("changed", 4)]
    assert str((await house.verify()).findings[0].audit_id) == target


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_value_that_only_looks_the_same_is_found(house: Trail) -> None:
    house.tamper(f"UPDATE gatepost_audit SET subject_id = upper(subject_id) WHERE id = '{house.id_at(4)}'")
    house.tamper(f"UPDATE gatepost_audit SET event = CAST(event AS BLOB) WHERE id = '{house.id_at(5)}'")
    assert await house.faults() == [("changed", 4), ("changed", 5)]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_row_that_no_driver_can_read_hides_no_other(house: Trail) -> None:
    house.tamper(f"UPDATE gatepost_audit SET user_agent = CAST(x'ff' AS TEXT) WHERE id = '{house.id_at(4)}'")
    house.tamper(f"UPDATE gatepost_audit SET event = 'x' WHERE id = '{house.id_at(7)}'")
    assert await house.faults() == [("changed", 4), ("changed", 7)]


async def test_a_deleted_row_is_found(house: Trail) -> None:
    house.tamper(f"DELETE FROM gatepost_audit WHERE id = '{house.id_at(4)}'")
    assert await house.faults() == [("missing_row", 4)]


async def test_a_row_that_was_deleted_with_its_link_is_found(house: Trail) -> None:
    house.tamper(
        f"DELETE FROM gatepost_audit WHERE id = '{house.id_at(4)}'",
        "DELETE FROM gatepost_audit_link WHERE position = 4",
    )
    assert await house.faults() == [("missing_links", 4)]


async def test_a_gap_that_was_closed_by_renumbering_is_found(house: Trail) -> None:
    house.tamper(
        f"DELETE FROM gatepost_audit WHERE id = '{house.id_at(4)}'",
        "DELETE FROM gatepost_audit_link WHERE position = 4",
        "UPDATE gatepost_audit_link SET position = position - 100 WHERE position > 4",
        "UPDATE gatepost_audit_link SET position = position + 99 WHERE position < 0",
    )
    assert ("changed", 4) in await house.faults()


async def test_a_row_that_was_deleted_before_it_was_sealed_is_found(house: Trail) -> None:
    await house.write(1, AuditEvent.USER_DISABLED)
    house.tamper("DELETE FROM gatepost_audit WHERE event = 'user.disabled'")
    assert await house.faults() == [("vanished", None)]


async def test_the_last_rows_cut_off_are_found(house: Trail) -> None:
    cut = "SELECT audit_id FROM gatepost_audit_link WHERE position > 7"
    house.tamper(
        f"DELETE FROM gatepost_audit WHERE id IN ({cut})", "DELETE FROM gatepost_audit_link WHERE position > 7"
    )
    assert await house.faults() == [("cut_off", 8)]


async def test_the_head_cannot_be_moved_to_where_the_trail_was_cut_off(house: Trail) -> None:
    mac = house.sql("SELECT mac FROM gatepost_audit_link WHERE position = 7")[0][0]
    literal = f"x'{mac.hex()}'" if house.database.is_sqlite else f"'\\x{mac.hex()}'"
    house.tamper(
        "DELETE FROM gatepost_audit WHERE id IN (SELECT audit_id FROM gatepost_audit_link WHERE position > 7)",
        "DELETE FROM gatepost_audit_link WHERE position > 7",
        f"UPDATE gatepost_audit_mark SET position = 7, mac = {literal} WHERE name = 'head'",
    )
    assert await house.faults() == [("forged_mark", 7)]


async def test_a_head_that_was_deleted_is_found(house: Trail) -> None:
    house.tamper("DELETE FROM gatepost_audit_mark")
    assert await house.faults() == [("no_head", None)]


def put_back(house: Trail, before: list[tuple[object, ...]]) -> str:
    """Return the statement that writes an old head."""
    name, position, mac, at, key_id, signature = before[0]
    assert isinstance(mac, bytes)
    assert isinstance(signature, bytes)
    quote = "x'{}'" if house.database.is_sqlite else "'\\x{}'"
    return (
        f"UPDATE gatepost_audit_mark SET position = {position}, mac = {quote.format(mac.hex())}, at = {at}, "
        f"key_id = '{key_id}', signature = {quote.format(signature.hex())} WHERE name = '{name}'"
    )


OLD_HEAD = "SELECT name, position, mac, at, key_id, signature FROM gatepost_audit_mark WHERE name = 'head'"


async def test_an_old_head_brought_back_is_found(house: Trail) -> None:
    before = house.sql(OLD_HEAD)
    await house.sealed(3)
    house.tamper(put_back(house, before))
    assert ("after_head", 10) in await house.faults()


async def test_an_old_head_brought_back_with_everything_after_it_gone_is_found_by_a_head_kept_outside(
    house: Trail,
) -> None:
    before = house.sql(OLD_HEAD)
    await house.sealed(3)
    outside = await head_of(house)
    house.tamper(
        "DELETE FROM gatepost_audit WHERE id IN (SELECT audit_id FROM gatepost_audit_link WHERE position > 10)",
        "DELETE FROM gatepost_audit_link WHERE position > 10",
        put_back(house, before),
    )
    assert await house.faults() == []  # the documented limit of what the database alone can prove
    assert await house.faults(outside) == [("cut_off", 13)]
    await house.sealed(5)  # and it stays found when the trail has grown past it
    assert await house.faults(outside) == [("other_history", 13)]


async def test_a_trail_emptied_whole_is_found_by_a_head_kept_outside(house: Trail) -> None:
    outside = await head_of(house)
    tables = ("gatepost_audit", "gatepost_audit_link", "gatepost_audit_mark", "gatepost_audit_queue")
    house.tamper(*(f"DELETE FROM {table}" for table in tables))
    assert await house.faults() == []
    assert await house.faults(outside) == [("cut_off", 10)]


async def test_a_forged_row_that_was_slipped_in_is_found(house: Trail) -> None:
    forged = uuid.uuid4()
    house.tamper(f"INSERT INTO gatepost_audit (id, at, event) VALUES ('{_text(house, forged)}', 5, 'login.succeeded')")
    assert await house.faults() == [("never_queued", None)]


async def test_a_forged_row_with_a_forged_link_is_found(house: Trail) -> None:
    forged, mac = _text(house, uuid.uuid4()), "x'00'" if house.database.is_sqlite else "'\\x00'"
    house.tamper(
        f"INSERT INTO gatepost_audit (id, at, event) VALUES ('{forged}', 5, 'login.succeeded')",
        "INSERT INTO gatepost_audit_link (position, audit_id, sealed_at, key_id, mac) "
        f"SELECT 11, '{forged}', sealed_at, key_id, {mac} FROM gatepost_audit_link WHERE position = 10",
    )
    assert await house.faults() == [("after_head", 10)]


async def test_a_row_written_into_the_past_is_noticed(house: Trail) -> None:
    house.sql(f"INSERT INTO gatepost_audit (id, at, event) VALUES ('{_text(house, uuid.uuid4())}', 5, 'user.enabled')")
    await house.seal()
    report = await house.verify()
    assert [notice.position for notice in report.notices] == [11]


async def test_two_rows_that_changed_places_are_found(house: Trail) -> None:
    one, other, nobody = house.id_at(3), house.id_at(8), _text(house, uuid.uuid4())
    move = "UPDATE gatepost_audit_link SET audit_id = '{}' WHERE position = {}"
    house.tamper(move.format(nobody, 3), move.format(one, 8), move.format(other, 3))
    assert await house.faults() == [("changed", 3), ("changed", 8)]


async def test_the_contents_of_two_rows_exchanged_are_found(house: Trail) -> None:
    one, other = house.id_at(3), house.id_at(8)
    rows = house.sql(f"SELECT subject_id FROM gatepost_audit WHERE id IN ('{one}', '{other}') ORDER BY id")
    swap = "UPDATE gatepost_audit SET subject_id = '{}' WHERE id = '{}'"
    first, second = sorted((one, other))
    house.tamper(swap.format(rows[1][0], first), swap.format(rows[0][0], second))
    assert await house.faults() == [("changed", 3), ("changed", 8)]


async def test_rows_that_nobody_seals_are_counted_and_dated(house: Trail) -> None:
    await house.write(4)
    report = await house.verify()
    assert (report.unsealed, report.findings) == (4, [])
    oldest = house.sql("SELECT min(at) FROM gatepost_audit JOIN gatepost_audit_queue ON audit_id = id")[0][0]
    assert report.unsealed_since == oldest


async def test_the_database_itself_refuses_to_change_or_delete(house: Trail) -> None:
    await house.write(1)
    refused = [
        "UPDATE gatepost_audit SET event = 'x'",
        "DELETE FROM gatepost_audit",
        "UPDATE gatepost_audit_link SET position = position",
        "DELETE FROM gatepost_audit_link",
        "UPDATE gatepost_audit_mark SET position = 1",
        "DELETE FROM gatepost_audit_mark",
    ]
    if house.database.is_sqlite:
        refused.append("INSERT OR REPLACE INTO gatepost_audit SELECT * FROM gatepost_audit")
    else:
        refused += ["TRUNCATE gatepost_audit", "TRUNCATE gatepost_audit_link"]
    for statement in refused:
        with pytest.raises(Exception, match="append-only"):
            house.sql(statement)
    assert (house.count("gatepost_audit"), await house.faults()) == (11, [])


async def test_pruning_does_not_destroy_what_verification_would_find(house: Trail) -> None:
    house.tamper(f"UPDATE gatepost_audit SET event = 'x' WHERE id = '{house.id_at(4)}'")
    house.database.clock.advance(3600)
    with pytest.raises(PruningRefused, match="position 4"):
        await prune_older(house.database, house.keys, 1000)
    assert await house.faults() == [("changed", 4)]


async def test_a_forged_checkpoint_hides_no_deletion(house: Trail) -> None:
    quote = "x'{}'" if house.database.is_sqlite else "'\\x{}'"
    mac = quote.format(house.sql("SELECT mac FROM gatepost_audit_link WHERE position = 4")[0][0].hex())
    house.tamper(
        "DELETE FROM gatepost_audit WHERE id IN (SELECT audit_id FROM gatepost_audit_link WHERE position <= 4)",
        "DELETE FROM gatepost_audit_link WHERE position <= 4",
        "INSERT INTO gatepost_audit_mark (name, position, mac, at, key_id, signature) "
        f"SELECT 'pruned', 4, {mac}, at, key_id, signature FROM gatepost_audit_mark WHERE name = 'head'",
    )
    assert await house.faults() == [("forged_mark", 4), ("missing_links", 1)]


async def test_another_secret_makes_no_link_that_verifies(house: Trail) -> None:
    stranger = Trail(house.database, house.url, PurposeKeys(b"the secret of somebody else 0123456789 xyz"))
    await stranger.write(1)
    with pytest.raises(LookupError):
        await stranger.seal()
    assert {fault for fault, _ in await stranger.faults()} == {"unknown_key"}
    assert await house.faults() == []


def _text(house: Trail, some_id: uuid.UUID) -> str:
    return some_id.hex if house.database.is_sqlite else str(some_id)
