"""Signing everybody out: what `gatepost db restored` does after a restore from a backup.

The database has gone back in time, and what was issued since the backup is unknown to it: sessions, refresh tokens,
cookies, access tokens under any epoch. All of it is refused from here on, by running processes too. A counter that is
increased after a restore can reach a value that was in use before it, so the global epoch is a date.
"""

from dataclasses import dataclass

from sqlalchemy import BigInteger, Integer, bindparam, case, delete, insert, select, update
from sqlalchemy.sql import func

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.audit.domain import NOWHERE
from gatepost.core.changes import Change, ChangeKind, record_change
from gatepost.core.sessions.ending import KEEP_AFTER_MS, Apply
from gatepost.core.sessions.store import GLOBAL_EPOCH
from gatepost.kernel.events import Listeners
from gatepost.storage.database import Database
from gatepost.storage.schema import api_key, change, meta, outbox, proof, session
from gatepost.storage.statement import CurrentXid, Statement, store_now_ms
from gatepost.storage.unit_of_work import unit_of_work

# No access token lives longer than a day (`access_lifetime`), whatever the settings were when it was issued.
_LONGEST_TOKEN_MS = 86_400_000

_raise_epoch = Statement(
    lambda dialect_insert: (
        (row := dialect_insert(meta).values(name=GLOBAL_EPOCH, value=store_now_ms()))
        .on_conflict_do_update(
            index_elements=[meta.c.name],
            set_={"value": case((row.excluded.value > meta.c.value, row.excluded.value), else_=meta.c.value + 1)},
        )
        .returning(meta.c.value)
    )
)
_count_living = Statement(select(func.count()).select_from(session).where(session.c.revoked_at.is_(None)))
_end_all = Statement(update(session).where(session.c.revoked_at.is_(None)).values(revoked_at=store_now_ms()))
# A key that was revoked after the backup was made is back in it.
_end_keys = Statement(update(api_key).where(api_key.c.revoked_at.is_(None)).values(revoked_at=store_now_ms()))
_count_mails = Statement(select(func.count()).select_from(outbox))
_void_mails = Statement(delete(outbox))
_void_proofs = Statement(delete(proof))

# A process that runs has read the feed up to an id that the restored database may not have reached yet, and would not
# look at lower ones again. So the ids go on from the epoch, which is a date; PostgreSQL's feed does not go by them.
_epoch = bindparam("epoch", type_=BigInteger)
_last_id = select(func.coalesce(func.max(change.c.id), 0)).scalar_subquery()
_leap = Statement(
    insert(change).values(
        id=case((_last_id < _epoch, _epoch), else_=_last_id + 1),
        xid=CurrentXid(),
        kind=bindparam("kind", int(ChangeKind.GLOBAL_EPOCH), type_=Integer),
        epoch=_epoch,
        keep_until=bindparam("keep_until", type_=BigInteger),
    )
)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was ended, and the epoch under which everything begins again."""

    sessions: int
    mails: int
    epoch: int


async def sign_everybody_out(
    database: Database, listeners: Listeners, apply: Apply, *, origin: Origin = NOWHERE
) -> Restored:
    """End every session and refuse every token issued so far, in one transaction; void the mails that wait.

    Args:
        database: started, with current tables.
        listeners: of this Gatepost.
        apply: takes the change into this process's index; a command that serves nobody has none.
        origin: for the audit trail.
    """
    async with unit_of_work(database, listeners) as work:
        sessions = (await work.run(_count_living))[0][0]
        mails = (await work.run(_count_mails))[0][0]
        epoch = (await work.run(_raise_epoch))[0][0]
        await work.run(_end_all)
        await work.run(_end_keys)
        await work.run(_void_mails)
        await work.run(_void_proofs)
        keep_until = database.clock.now_ms() + _LONGEST_TOKEN_MS + KEEP_AFTER_MS
        if database.is_sqlite:
            await work.run(_leap, epoch=epoch, keep_until=keep_until)
        await record_change(work, database, apply, Change(ChangeKind.GLOBAL_EPOCH, None, epoch, keep_until))
        # Keys made since the backup are gone: no process may go on signing with what only it remembers.
        await record_change(work, database, apply, Change(ChangeKind.KEYS, None, None, keep_until))
        detail = {"sessions": sessions, "mails": mails, "epoch": epoch}
        audit = audit_step(database.clock, AuditEvent.EVERYBODY_SIGNED_OUT, origin=origin, detail=detail)
        await work.steps(audit)
    return Restored(sessions, mails, epoch)
