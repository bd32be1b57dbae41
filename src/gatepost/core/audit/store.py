"""Appending to the trail. There is no statement here that changes a row, and the database refuses one that tries."""

import json
import uuid
from collections.abc import Mapping

from sqlalchemy import bindparam, insert

from gatepost.core.audit.domain import NOWHERE, AuditEvent, Origin
from gatepost.kernel.clock import Clock
from gatepost.kernel.ids import uuid7
from gatepost.storage.schema import audit
from gatepost.storage.statement import Statement, Step, store_now_ms

append = Statement(
    insert(audit).values(
        at=store_now_ms(),
        **{column.name: bindparam(column.name, type_=column.type) for column in audit.c if column.name != "at"},
    )
)


def audit_step(
    clock: Clock,
    event: AuditEvent,
    *,
    subject_id: uuid.UUID | None = None,
    actor_id: uuid.UUID | None = None,
    session_id: uuid.UUID | None = None,
    origin: Origin = NOWHERE,
    detail: Mapping[str, object] | None = None,
) -> Step:
    """Return the statement that records one event, to be run in the transaction that makes it true."""
    return append, {
        "id": uuid7(clock.now_ms()),
        "event": event.value,
        "actor_id": origin.actor_id or actor_id,
        "subject_id": subject_id,
        "session_id": session_id,
        "ip": origin.ip,
        "user_agent": origin.user_agent,
        "request_id": origin.request_id,
        "detail": json.dumps(detail) if detail else None,
    }
