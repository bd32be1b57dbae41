"""Rows of devices: which user has signed in on which. Bounded by user and by age."""

from sqlalchemy import BigInteger, String, Uuid, bindparam, case, delete, func, select

from gatepost.core.devices.domain import BURST_MS, MAX_DEVICES, REMEMBERED_MS
from gatepost.storage.schema import device
from gatepost.storage.statement import Statement, store_now_ms

_user_id = bindparam("user_id", type_=Uuid)
_name = bindparam("device", type_=String)
_remembered_since = store_now_ms() - bindparam("remembered_ms", REMEMBERED_MS, type_=BigInteger)
_is_forgotten = device.c.seen_at <= _remembered_since

# One statement says whether the device was new, so that of two sign-ins at once one is: what is inserted was seen when
# it was made, and what is touched was seen later, by a millisecond at least.
_later = case((store_now_ms() > device.c.created_at, store_now_ms()), else_=device.c.created_at + 1)
saw = Statement(
    lambda dialect_insert: (
        dialect_insert(device)
        .values(user_id=_user_id, device=_name, created_at=store_now_ms(), seen_at=store_now_ms())
        .on_conflict_do_update(
            index_elements=[device.c.user_id, device.c.device],
            set_={
                "created_at": case((_is_forgotten, store_now_ms()), else_=device.c.created_at),
                "seen_at": case((_is_forgotten, store_now_ms()), else_=_later),
            },
        )
        .returning(device.c.created_at, device.c.seen_at)
    )
)
is_known = Statement(
    select(device.c.device).where(device.c.user_id == _user_id, device.c.device == _name, ~_is_forgotten)
)
# Written under the secret before: a row that goes here was the same device.
take_former = Statement(
    delete(device)
    .where(device.c.user_id == _user_id, device.c.device == _name, ~_is_forgotten)
    .returning(device.c.device)
)
count_others = Statement(
    select(
        func.count(),
        func.coalesce(
            func.sum(
                case((device.c.created_at > store_now_ms() - bindparam("burst_ms", BURST_MS, type_=BigInteger), 1))
            ),
            0,
        ),
    ).where(device.c.user_id == _user_id, device.c.device != _name)
)
# The rows of a user that were used least; those that another transaction holds are left for the next time.
trim = Statement(
    delete(device).where(
        device.c.user_id == _user_id,
        device.c.device.in_(
            select(device.c.device)
            .where(device.c.user_id == _user_id)
            .order_by(device.c.seen_at.desc())
            .offset(bindparam("max_devices", MAX_DEVICES, type_=BigInteger))
            .with_for_update(skip_locked=True)
        ),
    )
)
forget = Statement(delete(device).where(device.c.user_id == _user_id))
# The last device of a user stays: the sign-in that wakes an account after years must be told, not count as its first.
_newer = device.alias("newer")
prune = Statement(
    delete(device)
    .where(
        _is_forgotten,
        select(_newer.c.device)
        .where(_newer.c.user_id == device.c.user_id, _newer.c.seen_at > device.c.seen_at)
        .exists(),
    )
    .returning(device.c.device)
)
