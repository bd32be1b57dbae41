"""Rows of the chain: the queue of what is not sealed yet, links, marks, kept keys.

Ids are read as text as they stand in the table, not as what they mean: an id in capital letters is the same id to a
parser and another one to a query, so that whoever changed it would have hidden a row from a search.
"""

from dataclasses import fields
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    LargeBinary,
    String,
    Uuid,
    bindparam,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from gatepost.core.audit.chain import HEAD, Mark
from gatepost.core.audit.reading import AuditRow
from gatepost.storage.schema import audit, audit_key, audit_link, audit_mark, audit_queue
from gatepost.storage.statement import Statement, Step, Values, store_now_ms

CHUNK = 50
ROW = tuple(
    cast(column, String).label(column.name) if isinstance(column.type, Uuid) else column
    for column in (audit.c[field.name] for field in fields(AuditRow))
)
_LINK = (audit_link.c.position, audit_link.c.sealed_at, audit_link.c.key_id, audit_link.c.mac)
_MARK = (
    audit_mark.c.name,
    audit_mark.c.position,
    audit_mark.c.mac,
    audit_mark.c.at,
    audit_mark.c.key_id,
    audit_mark.c.signature,
)


def _number(name: str) -> Any:  # noqa: ANN401 - a parameter
    return bindparam(name, type_=BigInteger)


_MARK_VALUES = {
    "position": _number("new_position"),
    "mac": bindparam("new_mac", type_=LargeBinary),
    "at": _number("new_at"),
    "key_id": bindparam("new_key_id", type_=String),
    "signature": bindparam("new_signature", type_=LargeBinary),
}

any_queued = Statement(select(literal(1)).where(exists(select(audit_queue.c.audit_id))))
queued = Statement(
    select(audit_queue.c.audit_id, *ROW)
    .join(audit, audit.c.id == audit_queue.c.audit_id)
    .order_by(audit_queue.c.audit_id)
    .limit(_number("size"))
)
marks = Statement(select(*_MARK))
# The mark of the head with the time, the lease, and what stands at its position: one statement, one moment.
head = Statement(
    select(
        *_MARK,
        store_now_ms().label("now"),
        audit_mark.c.leased_by,
        audit_mark.c.leased_until,
        select(func.max(audit_link.c.position)).scalar_subquery(),
    ).where(audit_mark.c.name == HEAD)
)
# When the first link that is left was sealed, and the time.
oldest = Statement(select(audit_link.c.sealed_at, store_now_ms()).order_by(audit_link.c.position).limit(1))
any_link = Statement(select(audit_link.c.position).limit(1))
now = Statement(select(store_now_ms()))
_start = Statement(
    lambda dialect_insert: (
        dialect_insert(audit_mark).values(name=bindparam("mark", type_=String), **_MARK_VALUES).on_conflict_do_nothing()
    )
)
_is_old = (
    audit_mark.c.name == bindparam("mark", type_=String),
    audit_mark.c.position == _number("old_position"),
    audit_mark.c.mac == bindparam("old_mac", type_=LargeBinary),
)
_me = bindparam("me", type_=Uuid)
_advance = Statement(
    update(audit_mark)
    .where(
        *_is_old,
        or_(
            audit_mark.c.leased_by == _me,
            audit_mark.c.leased_until <= store_now_ms(),
            # A store's clock that was set back must not keep a dead holder's lease alive.
            audit_mark.c.leased_until > store_now_ms() + _number("lease_ms"),
        ),
    )
    .values(**_MARK_VALUES, leased_by=_me, leased_until=store_now_ms() + _number("lease_ms"))
    .returning(audit_mark.c.position)
)
_move = Statement(update(audit_mark).where(*_is_old).values(**_MARK_VALUES).returning(audit_mark.c.position))

linked = Statement(
    select(*_LINK, cast(audit_link.c.audit_id, String), *ROW)
    .outerjoin(audit, audit.c.id == audit_link.c.audit_id)
    .where(audit_link.c.position > _number("after"), audit_link.c.position <= _number("through"))
    .order_by(audit_link.c.position)
    .limit(_number("size"))
)
# The next link without its row, where the row cannot be read.
bare = Statement(
    select(*_LINK, cast(audit_link.c.audit_id, String))
    .where(audit_link.c.position > _number("after"))
    .order_by(audit_link.c.position)
    .limit(1)
)
# Links of one position, whatever follows: what an outside copy of a head is compared with.
mac_at = Statement(select(audit_link.c.mac).where(audit_link.c.position == _number("at_position")))
_is_linked = exists().where(audit_link.c.audit_id == audit.c.id)
_is_queued = exists().where(audit_queue.c.audit_id == audit.c.id)
unsealed = Statement(select(func.count(), func.min(audit.c.at)).select_from(audit).where(~_is_linked & _is_queued))
strangers = Statement(
    select(cast(audit.c.id, String), audit.c.at)
    .where(~_is_linked, ~_is_queued)
    .order_by(audit.c.at)
    .limit(_number("size"))
)
vanished = Statement(
    select(cast(audit_queue.c.audit_id, String))
    .where(~exists().where(audit.c.id == audit_queue.c.audit_id))
    .limit(_number("size"))
)
_range = (audit_link.c.position > _number("old_position"), audit_link.c.position <= _number("new_position"))
delete_rows = Statement(delete(audit).where(audit.c.id.in_(select(audit_link.c.audit_id).where(*_range))))
delete_links = Statement(delete(audit_link).where(*_range))

keys = Statement(select(audit_key.c.id, audit_key.c.sealed))
_keep_key = Statement(
    lambda dialect_insert: (
        (row := dialect_insert(audit_key).values(
            id=bindparam("which", type_=String), sealed=bindparam("sealed", type_=LargeBinary)
        )).on_conflict_do_update(index_elements=[audit_key.c.id], set_={"sealed": row.excluded.sealed})
    )
)  # fmt: skip


def start_step(mark: Mark) -> Step:
    """Return the statement that writes a mark where there is none of its name."""
    return _start, _values(mark)


def advance_step(old: Mark, new: Mark, *, holder: object, lease_ms: int) -> Step:
    """Return the statement that moves the head and takes the lease; it returns a row if it won."""
    return _advance, {**_values(new), **_old(old), "me": holder, "lease_ms": lease_ms}


def move_step(old: Mark, new: Mark) -> Step:
    """Return the statement that moves a mark; it returns a row if it won."""
    return _move, {**_values(new), **_old(old)}


def keep_key_step(name: str, sealed: bytes) -> Step:
    """Return the statement that keeps a key of a former secret, sealed anew if it is there."""
    return _keep_key, {"which": name, "sealed": sealed}


def link_steps(links: list[dict[str, Any]]) -> list[Step]:
    """Return the statements that write links and take their rows from the queue, several to a statement."""
    steps: list[Step] = []
    for begin in range(0, len(links), CHUNK):
        part = links[begin : begin + CHUNK]
        values = {f"{name}_{number}": value for number, link in enumerate(part) for name, value in link.items()}
        ids = {f"audit_id_{number}": link["audit_id"] for number, link in enumerate(part)}
        steps += [(_insert_links(len(part)), values), (_unqueue(len(part)), ids)]
    return steps


def _values(mark: Mark) -> dict[str, Any]:
    return {
        "mark": mark.name,
        "new_position": mark.place.position,
        "new_mac": mark.place.mac,
        "new_at": mark.at,
        "new_key_id": mark.key_id,
        "new_signature": mark.signature,
    }


def _old(mark: Mark) -> Values:
    return {"old_position": mark.place.position, "old_mac": mark.place.mac}


@lru_cache(maxsize=CHUNK)
def _insert_links(count: int) -> Statement:
    return Statement(
        insert(audit_link).values(
            [
                {column.name: bindparam(f"{column.name}_{number}", type_=column.type) for column in audit_link.c}
                for number in range(count)
            ]
        )
    )


@lru_cache(maxsize=CHUNK)
def _unqueue(count: int) -> Statement:
    names = [bindparam(f"audit_id_{number}", type_=Uuid) for number in range(count)]
    return Statement(delete(audit_queue).where(or_(*(audit_queue.c.audit_id == name for name in names))))
