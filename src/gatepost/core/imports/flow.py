"""Writing imported users, a batch to a transaction. Nobody is mailed: these people did not sign up now."""

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from gatepost.core.audit import AuditEvent, audit_step
from gatepost.core.imports import store
from gatepost.core.imports.domain import ImportedUser, read_record
from gatepost.core.users import store as users
from gatepost.core.users.administrators import claim_first_administrator
from gatepost.crypto.pepper import Peppers
from gatepost.kernel.events import Listeners
from gatepost.kernel.ids import uuid7
from gatepost.storage.database import Database
from gatepost.storage.unit_of_work import UnitOfWork, unit_of_work

_PAGE = 500


class Outcome(StrEnum):
    """What became of one record."""

    IMPORTED = "imported"
    BEFORE = "imported before"
    TAKEN = "identifier taken"


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome, and the user that it is now; None where an identifier was somebody else's."""

    foreign_id: str
    outcome: Outcome
    user_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is at a provider."""

    foreign_id: str
    issuer: str
    subject: str
    email: str | None


class Importer:
    """Imports from one source.

    Args:
        database: started, with current tables.
        source: the name under which the ids of the other system are remembered.
        admin_role: what administrators have here.
        keeps_ids: a UUID of the other system stays the user's id, so that what refers to it need not be moved.
        peppers: of this system, for hashes that an export of ours holds.
    """

    def __init__(
        self,
        database: Database,
        source: str,
        *,
        admin_role: str,
        keeps_ids: bool = False,
        peppers: Peppers | None = None,
    ) -> None:
        self._database = database
        self._source = source
        self.admin_role = admin_role
        self._keeps_ids = keeps_ids
        self._peppers = peppers or Peppers()

    def read(self, record: Mapping[str, object], names: Mapping[str, str]) -> ImportedUser:
        """Return the user of a record, as `read_record` does, by what there is here."""
        return read_record(record, names, self.admin_role, self._peppers)

    async def write(self, batch: Sequence[ImportedUser]) -> list[Result]:
        """Write users in one transaction; who was imported before, or has a taken identifier, is left alone."""
        async with unit_of_work(self._database, Listeners()) as work:
            return [await self._write(work, each) for each in batch]

    async def write_identities(self, batch: Sequence[Identity]) -> int:
        """Give imported users who they are at providers; return how many were new."""
        count = 0
        async with unit_of_work(self._database, Listeners()) as work:
            for each in batch:
                rows = await work.run(store.find_imported, source=self._source, foreign_id=each.foreign_id)
                if rows:
                    made = await work.run(
                        store.insert_identity,
                        identity_id=uuid7(self._database.clock.now_ms()),
                        user_id=rows[0][0],
                        issuer=each.issuer,
                        subject=each.subject,
                        email=each.email,
                    )
                    count += len(made)
        return count

    async def mapping(self) -> AsyncIterator[tuple[str, uuid.UUID]]:
        """Yield the id elsewhere and the user that it is here, for everybody ever imported from this source."""
        after = ""
        while True:
            values = {"source": self._source, "after": after, "page_size": _PAGE}
            rows = await self._database.hot.read(store.mapping, values)
            for foreign_id, user_id in rows:
                yield foreign_id, user_id
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    async def _write(self, work: UnitOfWork, one: ImportedUser) -> Result:
        source, foreign_id = self._source, one.foreign_id
        if rows := await work.run(store.find_imported, source=source, foreign_id=foreign_id):
            return Result(foreign_id, Outcome.BEFORE, rows[0][0])
        kept = one.own_uuid if self._keeps_ids else None
        user_id = kept or uuid7(self._database.clock.now_ms())
        fields: dict[str, Any] = {
            "email": one.email,
            "email_verified": one.email_verified,
            "username": one.username,
            "full_name": one.full_name,
            "locale": one.locale,
            "created_at": one.created_at,
            "is_disabled": int(one.is_disabled),
        }
        if not await work.run(store.insert_user, user_id=user_id, **fields):
            return Result(foreign_id, Outcome.TAKEN, None)
        if one.password_hash is not None:
            await work.run(users.insert_password, user_id=user_id, hash=one.password_hash)
        for role in sorted(one.roles):
            await work.run(users.grant_role, user_id=user_id, role=role)
        if self.admin_role in one.roles:
            await claim_first_administrator(work)
        await work.run(store.note_imported, source=source, foreign_id=foreign_id, user_id=user_id)
        detail = {"source": source, "foreign_id": foreign_id}
        await work.steps(audit_step(self._database.clock, AuditEvent.USER_IMPORTED, subject_id=user_id, detail=detail))
        return Result(foreign_id, Outcome.IMPORTED, user_id)


async def exported_users(database: Database) -> AsyncIterator[dict[str, Any]]:
    """Yield every user as a record that `read_record` reads, with the hash of the password."""
    after = uuid.UUID(int=0)
    while True:
        rows = await database.hot.read(store.everybody, {"after": after, "page_size": _PAGE})
        for row in rows:
            yield {
                "id": str(row[0]),
                "email": row[1],
                "username": row[2],
                "full_name": row[3],
                "password_hash": row[4],
                "email_verified": bool(row[5]),
                "disabled": row[6] is not None,
                "roles": sorted(row[7].split(" ")) if row[7] else [],
                "created_at": datetime.fromtimestamp(row[8] / 1000, UTC).isoformat(timespec="milliseconds"),
                "locale": row[9],
            }
        if len(rows) < _PAGE:
            return
        after = rows[-1][0]
