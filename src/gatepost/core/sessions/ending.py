"""Ending sessions: the row, and the change that every process must hear of, in one transaction."""

import uuid
from collections.abc import Callable, Iterable
from functools import partial

from sqlalchemy import BigInteger, Integer, Uuid, bindparam, case, insert, select, update
from sqlalchemy.sql import func

from gatepost.core.changes import Change, ChangeKind
from gatepost.core.changes.store import GRACE_MS, change_steps
from gatepost.storage.database import Database
from gatepost.storage.schema import change, session
from gatepost.storage.statement import CurrentXid, Statement, Step, store_now_ms
from gatepost.storage.unit_of_work import UnitOfWork

# Leeway is at most a minute, and is counted in.
KEEP_AFTER_MS = GRACE_MS + 60_000
Apply = Callable[[Change], None]
Owned = tuple[uuid.UUID, uuid.UUID]  # a session and its user

_session_id = bindparam("session_id", type_=Uuid)
_user_id = bindparam("user_id", type_=Uuid)

_end_one = Statement(
    update(session)
    .where(session.c.id == _session_id, session.c.user_id == _user_id, session.c.revoked_at.is_(None))
    .values(revoked_at=store_now_ms())
    .returning(session.c.id, session.c.access_exp)
)
# The row of the feed lives as long as the last token of the session, whose `exp` the session remembers, and long
# enough for every running process to have read it: a cookie has no `exp`, and what is cached of it must go.
_record_ended = Statement(
    insert(change).from_select(
        ["xid", "kind", "subject", "epoch", "keep_until"],
        select(
            CurrentXid(),
            bindparam("ended_kind", int(ChangeKind.SESSION_ENDED), type_=Integer),
            session.c.id,
            bindparam("no_epoch", None, type_=BigInteger),
            case((session.c.access_exp > store_now_ms(), session.c.access_exp), else_=store_now_ms())
            + bindparam("keep_after_ms", KEEP_AFTER_MS, type_=BigInteger),
        ).where(session.c.id == _session_id),
    )
)
_notify = Statement(select(func.pg_notify("gatepost_change", "")))
_end_all = Statement(
    update(session)
    .where(session.c.user_id == _user_id, session.c.revoked_at.is_(None))
    .values(revoked_at=store_now_ms())
)
_last_access = Statement(
    select(func.coalesce(func.max(session.c.access_exp), 0), store_now_ms()).where(session.c.user_id == _user_id)
)
_end_others = Statement(
    update(session)
    .where(session.c.user_id == _user_id, session.c.id != _session_id, session.c.revoked_at.is_(None))
    .values(revoked_at=store_now_ms())
    .returning(session.c.id, session.c.access_exp)
)


def end_session_steps(database: Database, session_id: uuid.UUID, user_id: uuid.UUID) -> list[Step]:
    """Return the statements that end one session of a user; the first returns a row if this call ended it."""
    return [
        (_end_one, {"session_id": session_id, "user_id": user_id}),
        *record_ended_steps(database, session_id),
    ]


def record_ended_steps(database: Database, session_id: uuid.UUID) -> list[Step]:
    """Return the statements that tell every process of a session that has just been ended."""
    steps: list[Step] = [(_record_ended, {"session_id": session_id})]
    return steps if database.is_sqlite else [*steps, (_notify, {})]


def ended(session_id: uuid.UUID, access_exp_ms: int) -> Change:
    """Return the change for this process's own index."""
    return Change(ChangeKind.SESSION_ENDED, session_id, None, access_exp_ms + KEEP_AFTER_MS)


async def end_other_sessions(
    work: UnitOfWork, database: Database, apply: Apply, *, user_id: uuid.UUID, kept: uuid.UUID
) -> int:
    """End every session of a user but one; return how many."""
    rows = await work.run(_end_others, user_id=user_id, session_id=kept)
    now = database.clock.now_ms()
    changes = [ended(session_id, max(access_exp, now)) for session_id, access_exp in rows]
    for (session_id, _), change_row in zip(rows, changes, strict=True):
        await work.run(_record_ended, session_id=session_id)
        work.settled.append(partial(apply, change_row))
    if rows and not database.is_sqlite:
        await work.run(_notify)
    return len(rows)


async def end_sessions(work: UnitOfWork, database: Database, apply: Apply, found: Iterable[Owned]) -> int:
    """End sessions, each with its user, in a transaction that is under way; return how many were still open."""
    count = 0
    for session_id, user_id in sorted(found):  # in one order: two that end the same do not wait for each other
        rows = await work.run(_end_one, session_id=session_id, user_id=user_id)
        if rows:
            await work.run(_record_ended, session_id=session_id)
            work.settled.append(partial(apply, ended(session_id, max(rows[0][1], database.clock.now_ms()))))
            count += 1
    if count and not database.is_sqlite:
        await work.run(_notify)
    return count


async def end_all_sessions(
    work: UnitOfWork, database: Database, apply: Apply, *, user_id: uuid.UUID, epoch: int
) -> None:
    """End every session of a user whose epoch has just moved to `epoch` in the same transaction."""
    await work.run(_end_all, user_id=user_id)
    last_access, now = (await work.run(_last_access, user_id=user_id))[0]
    change_row = Change(ChangeKind.USER_EPOCH, user_id, epoch, max(last_access, now) + KEEP_AFTER_MS)
    await work.steps(*change_steps(database, change_row))
    work.settled.append(lambda: apply(change_row))
