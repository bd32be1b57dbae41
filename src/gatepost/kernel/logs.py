"""Events in the log: a stable name with fields, readable in a host's plain log and whole in a structured one.

What could go wrong: a value with a line break would write a line of its own. What is not printable is escaped.
"""

import logging
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

request_id: ContextVar[str | None] = ContextVar("gatepost_request_id", default=None)
NAME, FIELDS = "gatepost_event", "gatepost_fields"


def log_event(logger: logging.Logger, level: int, name: str, /, **given: object) -> None:
    """Log an event; its name and fields stand in the record too, for whoever renders them."""
    if logger.isEnabledFor(level):
        shown = [f"{key}={_plain(value)}" for key, value in given.items() if value is not None]
        logger.log(level, "%s", " ".join((name, *shown)), extra={NAME: name, FIELDS: dict(given)}, stacklevel=2)


def event_of(record: logging.LogRecord) -> tuple[str, Mapping[str, Any]] | None:
    """Return the name and the fields of a record that `log_event` made."""
    name = getattr(record, NAME, None)
    return None if name is None else (name, getattr(record, FIELDS, {}))


def _plain(value: object) -> str:
    text = str(value)
    is_plain = text.isprintable() and " " not in text and text
    return text if is_plain else repr(text)
