"""Rows of the trail as lines: JSON (one object a line) or CSV (RFC 4180).

What could go wrong: a user agent that begins with `=` is a formula to a spreadsheet, and a formula can send what stands
beside it elsewhere. A cell that begins like one gets an apostrophe before it (OWASP, CSV injection).
"""

import csv
import io
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from gatepost.core.audit.reading import AuditRow

COLUMNS = tuple(field.name for field in fields(AuditRow))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_members(row: AuditRow) -> dict[str, Any]:
    """Return a row as JSON knows it: ids as text, the time in RFC 3339."""
    found = {name: getattr(row, name) for name in COLUMNS}
    ids = {name: str(found[name]) for name in found if name.endswith("id") and found[name] is not None}
    return {**found, **ids, "at": written(row.at)}


def written(at_ms: int) -> str:
    """Return a moment in RFC 3339, to the millisecond, in UTC."""
    try:
        return (_EPOCH + timedelta(milliseconds=at_ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except OverflowError:  # whoever can write the table can write any number
        return str(at_ms)


def json_line(row: AuditRow) -> str:
    """Return one line of JSON; control characters are escaped, so that no value begins a line of its own."""
    return json.dumps(as_members(row)) + "\n"


def csv_header() -> str:
    """Return the first line of CSV."""
    return _csv(COLUMNS)


def csv_line(row: AuditRow) -> str:
    """Return one row of CSV, no cell of which is a formula."""
    return _csv(_cell(value) for value in as_members(row).values())


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = json.dumps(value) if isinstance(value, Mapping) else str(value)
    start = unicodedata.normalize("NFKC", text.lstrip(" \x00")[:1])  # full-width signs begin a formula too
    return f"'{text}" if start.startswith(_FORMULA) else text


def _csv(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue()
