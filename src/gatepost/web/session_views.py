"""Sessions on the wire, by the hour of their last use."""

import uuid
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

_HOUR_MS = 3_600_000


class SessionView(BaseModel):
    """One session of a user."""

    id: uuid.UUID
    kind: str
    client_id: str
    created_at: datetime
    last_seen_at: datetime
    ip: str | None
    user_agent: str | None
    current: bool
    actor_id: uuid.UUID | None  # the administrator who opened it to act as the user


class SessionPage(BaseModel):
    """Some sessions, newest first; `next` is the cursor of the following page."""

    items: list[SessionView]
    next: str | None


def session_view(row: tuple[Any, ...], current: uuid.UUID | None = None) -> SessionView:
    """Return the view of a row of `LIST_COLUMNS`, for whoever calls by the session `current`."""
    session_id, kind, client_id, created_at, seen_at, ip, user_agent, actor_id = row
    return SessionView(
        id=session_id,
        kind=kind,
        client_id=client_id,
        created_at=_date(created_at),
        last_seen_at=_date(max(created_at, seen_at - seen_at % _HOUR_MS)),
        ip=ip,
        user_agent=user_agent,
        current=session_id == current,
        actor_id=actor_id,
    )


def _date(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds // 1000, UTC)
