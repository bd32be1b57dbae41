"""Rows of API keys. Each verb is one statement; a key is good only together with its user as it is now."""

from sqlalchemy import (
    BigInteger,
    String,
    Uuid,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from gatepost.core.users.store import roles_of_user
from gatepost.storage.schema import api_key, user
from gatepost.storage.statement import Statement, store_now_ms

HOUR_MS = 3_600_000
_id = bindparam("key_id", type_=Uuid)
_user_id = bindparam("user_id", type_=Uuid)
_is_owner = and_(
    user.c.id == _user_id, user.c.epoch == bindparam("epoch", type_=BigInteger), user.c.disabled_at.is_(None)
)
_is_unexpired = or_(api_key.c.expires_at.is_(None), api_key.c.expires_at > store_now_ms())
_is_good = and_(
    api_key.c.user_id == user.c.id,
    api_key.c.revoked_at.is_(None),
    _is_unexpired,
    api_key.c.epoch == user.c.epoch,
    user.c.disabled_at.is_(None),
)

# Two that make keys for one user wait for each other here, and the later one counts what the earlier one made: a count
# in the statement that inserts would not see a row that is being committed (PostgreSQL, READ COMMITTED).
lock_owner = Statement(select(user.c.id).where(_is_owner).with_for_update())
_lifetime = bindparam("lifetime_ms", type_=BigInteger)
_living = select(func.count()).select_from(api_key).where(_is_good).correlate(user).scalar_subquery()
insert_key = Statement(
    insert(api_key)
    .from_select(
        ["id", "user_id", "name", "hash", "prefix", "scope", "epoch", "created_at", "expires_at"],
        select(
            _id,
            user.c.id,
            bindparam("name", type_=String),
            bindparam("hash", type_=String),
            bindparam("prefix", type_=String),
            bindparam("scope", type_=api_key.c.scope.type),
            user.c.epoch,
            store_now_ms(),
            case((_lifetime > 0, store_now_ms() + _lifetime), else_=literal(None, BigInteger)),
        ).where(_is_owner, _living < bindparam("max_keys", type_=BigInteger)),
    )
    .returning(api_key.c.created_at, api_key.c.expires_at)
)

by_hash = Statement(
    select(
        api_key.c.id,
        api_key.c.user_id,
        api_key.c.scope,
        api_key.c.epoch,
        api_key.c.expires_at,
        api_key.c.last_used_at,
        roles_of_user().label("roles"),
    )
    .select_from(api_key.join(user, user.c.id == api_key.c.user_id))
    .where(api_key.c.hash == bindparam("hash", type_=String), _is_good)
)
standing = Statement(
    select(
        api_key.c.id,
        api_key.c.user_id,
        api_key.c.name,
        api_key.c.scope,
        _is_good,
        api_key.c.revoked_at.is_not(None),
        _is_unexpired,
        user.c.disabled_at.is_not(None),
    )
    .select_from(api_key.join(user, user.c.id == api_key.c.user_id))
    .where(api_key.c.hash == bindparam("hash", type_=String))
)
rehash = Statement(
    update(api_key)
    .where(api_key.c.id == _id, api_key.c.hash == bindparam("old_hash", type_=String))
    .values(hash=bindparam("hash", type_=String))
)

listing = Statement(
    select(
        api_key.c.id,
        api_key.c.name,
        api_key.c.prefix,
        api_key.c.scope,
        api_key.c.created_at,
        api_key.c.expires_at,
        api_key.c.last_used_at,
    )
    .select_from(api_key.join(user, user.c.id == api_key.c.user_id))
    .where(api_key.c.user_id == _user_id, _is_good, api_key.c.id < bindparam("before", type_=Uuid))
    .order_by(api_key.c.id.desc())
    .limit(bindparam("page_size", type_=BigInteger))
)
revoke = Statement(
    update(api_key)
    .where(api_key.c.id == _id, api_key.c.user_id == _user_id, api_key.c.revoked_at.is_(None))
    .values(revoked_at=store_now_ms())
    .returning(api_key.c.id)
)

# By the hour, as sessions are: whoever reads the list learns no minute.
_this_hour = store_now_ms() - store_now_ms() % HOUR_MS
touch = Statement(
    update(api_key)
    .where(api_key.c.id == _id, or_(api_key.c.last_used_at.is_(None), api_key.c.last_used_at < _this_hour))
    .values(last_used_at=_this_hour)
)

# An epoch only grows, so that a smaller one is a key that is dead for good.
_is_outlived = select(user.c.id).where(user.c.id == api_key.c.user_id, user.c.epoch > api_key.c.epoch).exists()
_before = bindparam("ended_before", type_=BigInteger)
prune = Statement(
    delete(api_key)
    .where(or_(api_key.c.expires_at < _before, api_key.c.revoked_at < _before, _is_outlived))
    .returning(api_key.c.id)
)
