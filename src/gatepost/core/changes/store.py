"""Rows of the change feed, written in the transaction that makes them true."""

from typing import Any

from sqlalchemy import BigInteger, Integer, Uuid, bindparam, delete, insert, literal_column, select
from sqlalchemy.sql import func

from gatepost.core.changes.domain import Change, ChangeKind
from gatepost.storage.database import Database
from gatepost.storage.schema import change, meta
from gatepost.storage.statement import CurrentXid, Row, Statement, Step, store_now_ms
from gatepost.storage.unit_of_work import UnitOfWork

CHANNEL = "gatepost_change"
GRACE_MS = 300_000

_insert = Statement(
    insert(change).values(
        xid=CurrentXid(),
        kind=bindparam("kind", type_=Integer),
        subject=bindparam("subject", type_=Uuid),
        epoch=bindparam("epoch", type_=BigInteger),
        keep_until=bindparam("keep_until", type_=BigInteger),
    )
)
_notify = Statement(select(func.pg_notify(CHANNEL, "")))
_prune = Statement(delete(change).where(change.c.keep_until < store_now_ms()).returning(change.c.id))
_global_epoch = Statement(select(meta.c.value).where(meta.c.name == "global_epoch"))

COLUMNS = (change.c.id, change.c.kind, change.c.subject, change.c.epoch, change.c.keep_until)
since_id = Statement(select(*COLUMNS).where(change.c.id > bindparam("since", type_=BigInteger)).order_by(change.c.id))

# The snapshot's xmin is taken by the same statement that reads the rows: everything below it is settled, so that the
# next read begins there and finds rows whose transactions commit late. The left side keeps one row when none match.
_snapshot = select(
    literal_column("CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)", BigInteger).label("xmin")
).subquery("snapshot")
since_xid = Statement(
    select(_snapshot.c.xmin, *COLUMNS)
    .select_from(_snapshot.outerjoin(change, change.c.xid >= bindparam("since", type_=BigInteger)))
    .order_by(change.c.id)
)


def change_steps(database: Database, one: Change) -> list[Step]:
    """Return the statements that record a change; to be run in the transaction that causes it."""
    values: dict[str, Any] = {
        "kind": int(one.kind),
        "subject": one.subject,
        "epoch": one.epoch,
        "keep_until": one.keep_until,
    }
    return [(_insert, values)] if database.is_sqlite else [(_insert, values), (_notify, {})]


async def record_change(work: UnitOfWork, database: Database, apply: Any, one: Change) -> None:  # noqa: ANN401
    """Write a change and apply it to this process's index once the transaction is settled."""
    await work.steps(*change_steps(database, one))
    work.settled.append(lambda: apply(one))


def from_row(row: Row) -> Change:
    """Return the change of a row (id, kind, subject, epoch, keep_until)."""
    try:
        kind = ChangeKind(row[1])
    except ValueError:  # a newer version wrote it: whatever it means, nothing that is cached is sure
        return Change(ChangeKind.GAP, None, None, row[4])
    return Change(kind, row[2], row[3], row[4])


async def read_global_epoch(database: Database) -> int:
    """Return the epoch below which every token is refused."""
    rows = await database.hot.read(_global_epoch)
    return int(rows[0][0]) if rows else 0


async def prune_changes(database: Database) -> int:
    """Delete rows that no living token can need; return how many."""
    return len((await database.hot.run((_prune, {})))[0])


__all__ = ["CHANNEL", "GRACE_MS", "change_steps", "from_row", "prune_changes", "record_change", "since_id", "since_xid"]
