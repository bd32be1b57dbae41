"""Reading the trail: filtered, by pages (newest first), or all of it as a stream (oldest first).

A page ends at a row, not at a number: rows that come meanwhile neither repeat nor hide one. Whoever takes the trail
away leaves a row in it himself (`exported_step`).
"""

import base64
import binascii
import json
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Uuid, bindparam, or_, select, tuple_

from gatepost.core.audit.domain import NOWHERE, AuditEvent, Origin
from gatepost.core.audit.store import audit_step
from gatepost.kernel.clock import Clock
from gatepost.storage.database import Database
from gatepost.storage.schema import audit
from gatepost.storage.statement import Row, Statement, Step

MAX_EVENTS = 50
_BATCH = 500
_CURSOR_BYTES = 24
_LATEST = 1 << 62


class CursorMalformed(ValueError):
    """The text is no cursor that a page of the trail gave out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One thing that happened; `at` is in milliseconds since the Unix epoch, by the store's clock."""

    id: uuid.UUID
    at: int
    event: str
    actor_id: uuid.UUID | None
    subject_id: uuid.UUID | None
    session_id: uuid.UUID | None
    ip: str | None
    user_agent: str | None
    request_id: str | None
    detail: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """What is looked for; what is None or empty is not asked about.

    Attributes:
        events: any of these names; an unknown one finds nothing.
        since: from this moment on, in milliseconds since the Unix epoch.
        until: before this moment.
    """

    events: tuple[str, ...] = ()
    actor_id: uuid.UUID | None = None
    subject_id: uuid.UUID | None = None
    session_id: uuid.UUID | None = None
    ip: str | None = None
    since: int | None = None
    until: int | None = None

    def values(self) -> dict[str, Any]:
        """Return what is asked about, by name."""
        found = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "events"}
        asked = {name: value for name, value in found.items() if value is not None}
        asked |= {f"event_{number}": event for number, event in enumerate(self.events[:MAX_EVENTS])}
        return {name: _storable(value) for name, value in asked.items()}

    def words(self) -> dict[str, str]:
        """Return what is asked about as text, for the row that an export leaves."""
        return {
            name: " ".join(value) if isinstance(value, tuple) else str(value)
            for name, value in asdict(self).items()
            if value is not None and value != ()
        }


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some rows, newest first; `cursor` leads to the following ones, None where there are none."""

    rows: tuple[AuditRow, ...]
    cursor: str | None


class AuditReader:
    """Reads the trail of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, wanted: AuditFilter, *, cursor: str | None = None, size: int = 50) -> AuditPage:
        """Return a page, newest first.

        Raises:
            CursorMalformed: it is none of ours.
        """
        place = {} if cursor is None else read_cursor(cursor)
        found = await self._rows(wanted, place, size + 1, is_newest_first=True)
        rows = tuple(found[:size])
        return AuditPage(rows, cursor_at(rows[-1]) if len(found) > size else None)

    async def stream(self, wanted: AuditFilter) -> AsyncIterator[AuditRow]:
        """Yield every row, oldest first, a bounded part at a time."""
        place: dict[str, Any] = {}
        while found := await self._rows(wanted, place, _BATCH, is_newest_first=False):
            for row in found:
                yield row
            place = {"place_at": found[-1].at, "place_id": found[-1].id}

    async def _rows(
        self, wanted: AuditFilter, place: Mapping[str, Any], size: int, *, is_newest_first: bool
    ) -> list[AuditRow]:
        values = {**wanted.values(), **place}
        statement = _statement(frozenset(values), is_newest_first)
        rows = await self._database.hot.read(statement, {**values, "size": size})
        return [from_row(row) for row in rows]


def from_row(row: Row) -> AuditRow:
    """Return a row of the table, its detail read; detail that is no JSON object is shown as it stands."""
    *plain, detail = row
    named = dict(zip((field.name for field in fields(AuditRow)), plain, strict=False))
    return AuditRow(**named, detail=_detail(detail))


def exported_step(clock: Clock, wanted: AuditFilter, *, actor_id: uuid.UUID | None, origin: Origin = NOWHERE) -> Step:
    """Return the statement that records who took which part of the trail away; run it before the first row leaves."""
    return audit_step(clock, AuditEvent.AUDIT_EXPORTED, actor_id=actor_id, origin=origin, detail=wanted.words())


def cursor_at(row: AuditRow) -> str:
    """Return the cursor for what follows a row."""
    raw = row.at.to_bytes(8, signed=True) + row.id.bytes
    return base64.urlsafe_b64encode(raw).decode("ascii")


def read_cursor(text: str) -> dict[str, Any]:
    """Return the place that a cursor stands for.

    Raises:
        CursorMalformed: it is none of ours.
    """
    try:
        raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise CursorMalformed from None
    if len(raw) != _CURSOR_BYTES:
        raise CursorMalformed
    return {"place_at": int.from_bytes(raw[:8], signed=True), "place_id": uuid.UUID(bytes=raw[8:])}


@lru_cache(maxsize=512)
def _statement(names: frozenset[str], is_newest_first: bool) -> Statement:  # noqa: FBT001 - a part of the cache's key
    """Return the statement for one set of questions: a condition that nobody asks for would cost the index."""
    events = sorted(name for name in names if name.startswith("event_"))
    conditions = []
    if events:
        conditions.append(or_(*(audit.c.event == bindparam(name, type_=audit.c.event.type) for name in events)))
    columns = [audit.c[name] for name in ("actor_id", "subject_id", "session_id", "ip") if name in names]
    conditions += [column == bindparam(column.name, type_=column.type) for column in columns]
    if "since" in names:
        conditions.append(audit.c.at >= bindparam("since", type_=BigInteger))
    if "until" in names:
        conditions.append(audit.c.at < bindparam("until", type_=BigInteger))
    if "place_at" in names:
        here = tuple_(audit.c.at, audit.c.id)
        place = tuple_(bindparam("place_at", type_=BigInteger), bindparam("place_id", type_=Uuid))
        conditions.append(here < place if is_newest_first else here > place)
    order = (audit.c.at.desc(), audit.c.id.desc()) if is_newest_first else (audit.c.at, audit.c.id)
    row = (audit.c[field.name] for field in fields(AuditRow))
    return Statement(select(*row).where(*conditions).order_by(*order).limit(bindparam("size", type_=BigInteger)))


def _storable(value: object) -> object:
    """Return what a driver takes, and what no row holds where the value was beyond that."""
    if isinstance(value, int):
        return max(-_LATEST, min(value, _LATEST))
    return value.encode("utf-8", "replace").decode().replace("\x00", "?") if isinstance(value, str) else value


def _detail(text: str | None) -> Mapping[str, Any] | None:
    if text is None:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return {"text": text}
    return found if isinstance(found, dict) else {"text": text}
