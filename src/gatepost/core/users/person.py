"""Everything of one person in our tables, for who asks what is known of them (GDPR, article 15 and 20).

No hash, no key and no seal is in it: those are ours to keep, not facts about a person. Nor is what others are known
by: where somebody else acted, their address and browser are left out (article 15, paragraph 4).
"""

import inspect
import json
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Table, Uuid, bindparam, or_, select

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.audit.domain import NOWHERE
from gatepost.core.users.domain import User
from gatepost.storage.database import Database
from gatepost.storage.schema import (
    api_key,
    audit,
    device,
    federation,
    identity,
    identity_session,
    imported,
    password,
    proof,
    provider_token,
    session,
    user,
    user_role,
)
from gatepost.storage.statement import Statement

_user_id = bindparam("user_id", type_=Uuid)
_SECRET = frozenset({"hash", "salt", "device", "sealed", "parked"})
_OF_WHO_ACTED = ("ip", "user_agent", "request_id")
_TIMES = frozenset({"at", "access_exp", "rotated_at", "bound_password", "leased_until"})


def _of(table: Table, *conditions: ColumnElement[bool]) -> tuple[list[str], Statement]:
    columns = [column for column in table.c if column.name not in _SECRET]
    return [column.name for column in columns], Statement(select(*columns).where(or_(*conditions)))


_own_identities = select(identity.c.id).where(identity.c.user_id == _user_id)
_PARTS: dict[str, tuple[list[str], Statement]] = {
    "user": _of(user, user.c.id == _user_id),
    "password": _of(password, password.c.user_id == _user_id),
    "roles": _of(user_role, user_role.c.user_id == _user_id),
    "sessions": _of(session, session.c.user_id == _user_id),
    "devices": _of(device, device.c.user_id == _user_id),
    "api_keys": _of(api_key, api_key.c.user_id == _user_id),
    "identities": _of(identity, identity.c.user_id == _user_id),
    "identity_sessions": _of(identity_session, identity_session.c.identity_id.in_(_own_identities)),
    "provider_tokens": _of(provider_token, provider_token.c.identity_id.in_(_own_identities)),  # that they are kept
    "sign_ins_elsewhere": _of(federation, federation.c.user_id == _user_id),
    "imported_from": _of(imported, imported.c.user_id == _user_id),
    "proofs": _of(proof, proof.c.user_id == _user_id),
    "audit": _of(audit, audit.c.subject_id == _user_id, audit.c.actor_id == _user_id),
}


async def everything_of(database: Database, user_id: uuid.UUID) -> dict[str, list[dict[str, Any]]]:
    """Return every row about a user, by kind; dates as ISO 8601, ids as text."""
    found: dict[str, list[dict[str, Any]]] = {}
    for kind, (names, statement) in _PARTS.items():
        rows = await database.hot.read(statement, {"user_id": user_id})
        found[kind] = [_row(dict(zip(names, row, strict=True)), user_id) for row in rows]
    return found


PersonalDataFunction = Callable[[User[Any]], dict[str, Any] | Awaitable[dict[str, Any]]]
F = TypeVar("F", bound=PersonalDataFunction)


class PersonalData:
    """All that is known of a user, ours and the host's, for whoever may have it."""

    def __init__(self) -> None:
        self._functions: list[PersonalDataFunction] = []

    def __call__(self, function: F) -> F:
        """Register a function from a user to what else the host knows of them: a decorator."""
        self._functions.append(function)
        return function

    async def export(self, database: Database, user: User[Any], *, origin: Origin = NOWHERE) -> str:
        """Return it as JSON; that it was asked for is recorded before.

        Raises:
            ValueError: a function returned a part that is ours or another one's.
        """
        await database.hot.run(audit_step(database.clock, AuditEvent.USER_EXPORTED, subject_id=user.id, origin=origin))
        known: dict[str, Any] = dict(await everything_of(database, user.id))
        for function in self._functions:
            result = function(user)
            added = await result if inspect.isawaitable(result) else result
            if taken := known.keys() & added.keys():
                msg = f"@gate.personal_data returned parts that are there already: {', '.join(sorted(taken))}"
                raise ValueError(msg)
            known.update(added)
        return json.dumps(known, indent=2, ensure_ascii=False, default=_text)


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _row(row: dict[str, object], user_id: uuid.UUID) -> dict[str, object]:
    if row.get("actor_id") not in {None, user_id}:
        row |= {name: None for name in _OF_WHO_ACTED if name in row}
    return {name: _shown(name, value) for name, value in row.items()}


def _shown(name: str, value: object) -> object:
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool) and (name.endswith("_at") or name in _TIMES):
        return datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec="milliseconds")
    return value
