"""Chains what was committed, beside requests and outside of their transactions.

Rows wait in a queue that the database fills itself. One statement moves the signed head, and only from where it was
read: of two sealers one wins, and one that is killed leaves either the whole batch or nothing. The lease only spares
the others the work.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from gatepost.core.audit import links
from gatepost.core.audit.chain import HEAD, ORIGIN, ChainKeys, Mark, Place, UnknownKey, marks_of
from gatepost.core.audit.kept import load_keys
from gatepost.core.audit.reading import AuditRow, from_row
from gatepost.kernel.errors import Unavailable
from gatepost.kernel.logs import log_event
from gatepost.kernel.purpose import PurposeKeys
from gatepost.storage.database import Database
from gatepost.storage.statement import Row, Step

BATCH = 200
LEASE_MS = 5_000
_POLL_S = 1.0
_HEAD_EVERY_S = 600.0
_COMPLAIN_EVERY_S = 60.0
_log = logging.getLogger("gatepost.audit")

Follower = Callable[[Sequence[AuditRow]], Sequence[Step]]


class ChainBroken(RuntimeError):
    """The chain cannot go on from what the database says; `gatepost audit verify` tells more."""


class Sealer:
    """Seals the trail of one database; every process has one.

    Args:
        database: started, with current tables.
        keys: from which the chain's keys derive.
        followers: what else is written with a batch, in its transaction: each row is given to them exactly once.
    """

    def __init__(self, database: Database, keys: PurposeKeys, followers: Sequence[Follower] = ()) -> None:
        self.holder = uuid.uuid4()
        self._database = database
        self._purpose_keys = keys
        self._followers = followers
        self._keys: ChainKeys | None = None
        self._last = ORIGIN
        self._head_due = self._complaint_due = float("-inf")

    async def run(self) -> None:
        """Seal for ever, until cancelled."""
        while True:
            try:
                while await self.seal_some():
                    pass
            except Unavailable:
                self._complain("audit.unreachable")
            except (ChainBroken, UnknownKey) as error:
                self._keys = None  # a rotated secret may have brought the key that was missing
                self._complain("audit.chain_broken", reason=str(error))
            except Exception:  # noqa: BLE001 - a sealer that ended would leave the trail open
                self._keys = None
                _log.exception("the audit trail was not sealed and will be tried again")
            await asyncio.sleep(_POLL_S)

    async def seal_some(self) -> int:
        """Seal one batch; return how many rows, 0 where nothing waits or another process is at it.

        Raises:
            ChainBroken: the head is not authentic, or it was set back.
            UnknownKey: it was signed under a secret that is not known here.
        """
        hot = self._database.hot
        if not await hot.read(links.any_queued):
            return 0
        keys = self._keys = self._keys or await load_keys(self._database, self._purpose_keys)
        head = await self._head(keys)
        if head is None:
            return 0
        mark, now = head
        found = await hot.read(links.queued, {"size": BATCH})
        if not found:
            return 0
        place, written = mark.place, []
        for audit_id, *row in found:
            link = keys.link(place, now, row)
            place = link.place
            written.append(
                {
                    "position": link.position,
                    "audit_id": audit_id,
                    "sealed_at": now,
                    "key_id": link.key_id,
                    "mac": link.mac,
                }
            )
        rows = [_as_row(row[1:]) for row in found]
        new = keys.mark(HEAD, place, now)
        results = await hot.run(
            links.advance_step(mark, new, holder=self.holder, lease_ms=LEASE_MS),
            *links.link_steps(written),
            *(step for follower in self._followers for step in follower(rows)),
        )
        if not results[0]:  # somebody else moved the head since
            return 0
        self._last = place
        self._tell(rows, place)
        return len(found)

    async def _head(self, keys: ChainKeys) -> tuple[Mark, int] | None:
        """Return the head and the store's time; None where another process holds the lease."""
        hot = self._database.hot
        found = await hot.read(links.head)
        if not found:
            await self._begin(keys)
            found = await hot.read(links.head)
        *mark_row, now, leased_by, leased_until, last_link = found[0]
        mark = marks_of([mark_row])[HEAD]
        if not keys.is_mark(mark):
            raise ChainBroken("the signature of the head is not ours")
        if mark.place.position < self._last.position or (
            mark.place.position == self._last.position and mark.place != self._last
        ):
            raise ChainBroken(f"the head was set back from {self._last} to {mark.place}")
        if (last_link or 0) > mark.place.position:
            raise ChainBroken(f"there are links after the head {mark.place}")
        is_taken = leased_by != self.holder and now < leased_until <= now + LEASE_MS
        return None if is_taken else (mark, now)

    async def _begin(self, keys: ChainKeys) -> None:
        """Make the first head, where nothing says that there was one before."""
        hot = self._database.hot
        if await hot.read(links.any_link) or await hot.read(links.marks):
            if await hot.read(links.head):
                return
            raise ChainBroken("there is a chain and no head")
        now = (await hot.read(links.now))[0][0]
        await hot.run(links.start_step(keys.mark(HEAD, ORIGIN, now)))

    def _tell(self, rows: Sequence[AuditRow], place: Place) -> None:
        for row in rows:
            log_event(_log, logging.INFO, row.event, **fields_of(row))
        now = self._database.clock.boottime()
        if now >= self._head_due:
            self._head_due = now + _HEAD_EVERY_S
            log_event(_log, logging.INFO, "audit.head", head=str(place))

    def _complain(self, name: str, **fields: object) -> None:
        now = self._database.clock.boottime()
        if now >= self._complaint_due:
            self._complaint_due = now + _COMPLAIN_EVERY_S
            log_event(_log, logging.ERROR, name, **fields)


def fields_of(row: AuditRow) -> dict[str, Any]:
    """Return a row's fields for the log."""
    return {
        "audit_id": str(row.id),
        "at": row.at,
        "actor_id": row.actor_id and str(row.actor_id),
        "subject_id": row.subject_id and str(row.subject_id),
        "session_id": row.session_id and str(row.session_id),
        "ip": row.ip,
        "user_agent": row.user_agent,
        "request_id": row.request_id,
        "detail": dict(row.detail) if row.detail else None,
    }


def _as_row(raw: Row) -> AuditRow:
    """Return a row that was read as text, its ids as ids; text that is none is nobody's."""
    audit_id, at, event, actor, subject, session, *rest = raw
    return from_row((_id(audit_id), at, event, _id(actor), _id(subject), _id(session), *rest))


def _id(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text is not None else None
    except ValueError:
        return None
