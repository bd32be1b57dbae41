"""Everything of one person in our tables, for who asks what is known of them (GDPR, article 15 and 20).

No hash, no key and no seal is in it: those are ours to keep, not facts about a person.
"""

import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, Uuid, bindparam, or_, select

from gatepost.storage.database import Database
from gatepost.storage.schema import (
    api_key,
    audit,
    device,
    identity,
    imported,
    password,
    proof,
    session,
    user,
    user_role,
)
from gatepost.storage.statement import Statement

_user_id = bindparam("user_id", type_=Uuid)
_SECRET = frozenset({"hash", "salt", "device"})
_TIMES = frozenset({"at", "access_exp", "rotated_at", "bound_password"})


def _of(table: Table, *conditions: ColumnElement[bool]) -> tuple[list[str], Statement]:
    columns = [column for column in table.c if column.name not in _SECRET]
    return [column.name for column in columns], Statement(select(*columns).where(or_(*conditions)))


_PARTS: dict[str, tuple[list[str], Statement]] = {
    "user": _of(user, user.c.id == _user_id),
    "password": _of(password, password.c.user_id == _user_id),
    "roles": _of(user_role, user_role.c.user_id == _user_id),
    "sessions": _of(session, session.c.user_id == _user_id),
    "devices": _of(device, device.c.user_id == _user_id),
    "api_keys": _of(api_key, api_key.c.user_id == _user_id),
    "identities": _of(identity, identity.c.user_id == _user_id),
    "imported_from": _of(imported, imported.c.user_id == _user_id),
    "proofs": _of(proof, proof.c.user_id == _user_id),
    "audit": _of(audit, audit.c.subject_id == _user_id, audit.c.actor_id == _user_id),
}


async def everything_of(database: Database, user_id: uuid.UUID) -> dict[str, list[dict[str, Any]]]:
    """Return every row about a user, by kind; dates as ISO 8601, ids as text."""
    found: dict[str, list[dict[str, Any]]] = {}
    for kind, (names, statement) in _PARTS.items():
        rows = await database.hot.read(statement, {"user_id": user_id})
        found[kind] = [{name: _shown(name, value) for name, value in zip(names, row, strict=True)} for row in rows]
    return found


def _shown(name: str, value: object) -> object:
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool) and (name.endswith("_at") or name in _TIMES):
        return datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec="milliseconds")
    return value
