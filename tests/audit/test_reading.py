"""Reading the trail: every filter, pages without repetition or gap, streams, and lines that are only data."""

import csv
import io
import json
import uuid
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.audit.reading import (
    AuditFilter,
    AuditReader,
    AuditRow,
    CursorMalformed,
    cursor_at,
    exported_step,
    read_cursor,
)
from gatepost.core.audit.rendering import COLUMNS, csv_header, csv_line, json_line
from gatepost.kernel.clock import Clock
from gatepost.storage.database import Database
from gatepost.storage.migrate import migrate

pytestmark = pytest.mark.anyio
ADA, BOB, SESSION = (uuid.UUID(int=number, version=4) for number in (1, 2, 3))
HOME = Origin("192.0.2.1", "curl/8", "request-0001")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    found = Database(database_url, Clock())
    await found.start()
    await migrate(found)
    yield found
    await found.stop()


async def write(database: Database, event: AuditEvent = AuditEvent.LOGIN_FAILED, **more: object) -> None:
    await database.hot.run(audit_step(database.clock, event, **more))  # type: ignore[arg-type]


def row(**changes: object) -> AuditRow:
    values = {**dict.fromkeys(COLUMNS), "id": uuid.UUID(int=7), "at": 1, "event": "login.failed", **changes}
    return AuditRow(**values)  # type: ignore[arg-type]


async def test_each_filter_finds_what_it_names_and_nothing_else(database: Database) -> None:
    await write(database, AuditEvent.LOGIN_SUCCEEDED, subject_id=ADA, session_id=SESSION, origin=HOME)
    await write(database, AuditEvent.USER_DISABLED, subject_id=BOB, actor_id=ADA, detail={"why": "spam"})
    await write(database, AuditEvent.LOGIN_FAILED, subject_id=BOB, origin=Origin("192.0.2.2"))
    reader = AuditReader(database)

    async def names(**wanted: object) -> list[str]:
        page = await reader.page(AuditFilter(**wanted))  # type: ignore[arg-type]
        return [found.event for found in page.rows]

    assert sorted(await names()) == ["login.failed", "login.succeeded", "user.disabled"]
    assert await names(subject_id=ADA) == ["login.succeeded"]
    assert await names(actor_id=ADA) == ["user.disabled"]
    assert await names(session_id=SESSION) == ["login.succeeded"]
    assert await names(ip="192.0.2.2") == ["login.failed"]
    assert sorted(await names(events=("login.failed", "user.disabled"))) == ["login.failed", "user.disabled"]
    assert await names(events=("no.such",)) == []
    assert await names(ip="192.0.2.2\x00", events=("\udc80",), since=-(1 << 70), until=1 << 70) == []
    assert len(await names(since=-(1 << 70), until=1 << 70)) == 3
    assert await names(subject_id=BOB, events=("login.failed",)) == ["login.failed"]
    found = (await reader.page(AuditFilter(actor_id=ADA))).rows[0]
    assert (found.detail, found.subject_id) == ({"why": "spam"}, BOB)


async def test_a_range_of_time_includes_its_beginning_and_not_its_end(database: Database) -> None:
    for _ in range(3):
        await write(database)
        database.clock.advance(60)
    reader = AuditReader(database)
    times = [found.at async for found in reader.stream(AuditFilter())]
    assert len(times) == 3
    page = await reader.page(AuditFilter(since=times[1], until=times[2]))
    assert [found.at for found in page.rows] == [times[1]]


async def test_pages_show_every_row_once_though_others_come_and_moments_are_equal(database: Database) -> None:
    for _ in range(7):
        await write(database, subject_id=ADA)
    reader, seen, cursor = AuditReader(database), [], None
    before = {found.id async for found in reader.stream(AuditFilter())}
    while True:
        page = await reader.page(AuditFilter(subject_id=ADA), cursor=cursor, size=2)
        seen += [found.id for found in page.rows]
        cursor = page.cursor
        await write(database, subject_id=ADA)
        if cursor is None:
            break
    assert len(seen) == len(set(seen))
    assert set(seen) == before


async def test_a_stream_gives_all_in_order_over_several_parts(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gatepost.core.audit.reading._BATCH", 3)
    for _ in range(10):
        await write(database)
    found = [each async for each in AuditReader(database).stream(AuditFilter())]
    assert len({each.id for each in found}) == 10
    assert [(each.at, each.id) for each in found] == sorted((each.at, each.id) for each in found)


async def test_who_takes_the_trail_away_stands_in_it(database: Database) -> None:
    wanted = AuditFilter(events=("login.failed", "login.succeeded"), ip="192.0.2.2")
    await database.hot.run(exported_step(database.clock, wanted, actor_id=ADA, origin=HOME))
    found = (await AuditReader(database).page(AuditFilter())).rows[0]
    assert (found.event, found.actor_id, found.ip) == ("audit.exported", ADA, "192.0.2.1")
    assert found.detail == {"events": "login.failed login.succeeded", "ip": "192.0.2.2"}


@pytest.mark.parametrize("text", ["", "x", "AAAA", "é" * 32, "=" * 32, "A" * 33, cursor_at(row()) + "AAAA"])
async def test_a_cursor_of_somebody_s_own_making_is_refused(text: str) -> None:
    with pytest.raises(CursorMalformed):
        read_cursor(text)


def test_a_cursor_leads_back_to_its_row() -> None:
    assert read_cursor(cursor_at(row(at=-5))) == {"place_at": -5, "place_id": uuid.UUID(int=7)}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r", "\n", "\uff1d", " =", "  @", "\x00="])
def test_no_cell_of_csv_is_a_formula(start: str) -> None:
    line = csv_line(row(user_agent=f"{start}HYPERLINK(1)", detail={"=1": 2}))
    cells = next(csv.reader(io.StringIO(line, newline="")))
    assert cells[COLUMNS.index("user_agent")].startswith("'")
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


@given(st.text())
def test_a_line_is_one_line_whatever_a_value_holds(text: str) -> None:
    line = json_line(row(user_agent=text, detail={"x": text}))
    assert line.count("\n") == 1
    assert line.isascii()
    assert json.loads(line)["user_agent"] == text
    safe = text.encode("utf-8", "ignore").decode().replace("\x00", "")
    parsed = list(csv.reader(io.StringIO(csv_header() + csv_line(row(user_agent=safe)), newline="")))
    assert len(parsed) == 2
    assert parsed[1][COLUMNS.index("user_agent")].removeprefix("'") == safe.removeprefix("'")


def test_a_time_that_cannot_be_written_is_shown_as_its_number() -> None:
    assert json.loads(json_line(row(at=1 << 62)))["at"] == str(1 << 62)
    assert json.loads(json_line(row(at=1_700_000_000_123)))["at"] == "2023-11-14T22:13:20.123Z"
