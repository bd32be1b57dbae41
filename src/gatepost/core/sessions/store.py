"""Rows of sessions. Every verb is one conditional statement that returns whether it won."""

from sqlalchemy import BigInteger, String, Uuid, and_, bindparam, case, exists, insert, literal, or_, select, update
from sqlalchemy.sql import func
from sqlalchemy.sql.elements import ColumnElement

from gatepost.core.sessions.domain import SessionRow
from gatepost.core.users.store import roles_of_user
from gatepost.kernel.purpose import PurposeKeys
from gatepost.kernel.tokens import RefreshToken, TokenMalformed, parse_refresh
from gatepost.storage.database import Database
from gatepost.storage.schema import meta, session, user
from gatepost.storage.statement import Statement, store_now_ms

GLOBAL_EPOCH = "global_epoch"
_required_global_epoch = func.coalesce(select(meta.c.value).where(meta.c.name == GLOBAL_EPOCH).scalar_subquery(), 0)
_session_id = bindparam("session_id", type_=Uuid)
_user_id = bindparam("user_id", type_=Uuid)


def _milliseconds(name: str) -> ColumnElement[int]:
    return bindparam(name, type_=BigInteger)


def _least(left: ColumnElement[int], right: ColumnElement[int]) -> ColumnElement[int]:
    return case((left < right, left), else_=right)


def _greatest(left: ColumnElement[int], right: ColumnElement[int]) -> ColumnElement[int]:
    return case((left > right, left), else_=right)


# A sign-in that began before its user's epoch moved finds nobody here. FOR SHARE (PostgreSQL) waits for a change that
# is being committed; on SQLite writers are serialized.
open_session = Statement(
    insert(session)
    .from_select(
        [column.name for column in session.c if column.name != "revoked_at"],
        select(
            _session_id,
            user.c.id,
            bindparam("kind", type_=String),
            bindparam("client_id", type_=String),
            bindparam("scope", type_=String),
            bindparam("salt", type_=session.c.salt.type),
            literal(0),
            store_now_ms(),
            store_now_ms() + _milliseconds("access_ms"),
            store_now_ms(),
            store_now_ms(),
            store_now_ms() + _milliseconds("idle_ms"),
            store_now_ms() + _milliseconds("absolute_ms"),
            user.c.epoch,
            _required_global_epoch,
            bindparam("amr", type_=String),
            store_now_ms() // 1000,
            bindparam("ip", type_=String),
            bindparam("user_agent", type_=String),
            bindparam("actor_id", type_=Uuid),
        )
        .where(user.c.id == _user_id, user.c.epoch == _milliseconds("epoch"), user.c.disabled_at.is_(None))
        .with_for_update(read=True),
    )
    .returning(
        session.c.created_at,
        session.c.access_exp,
        session.c.auth_time,
        session.c.epoch,
        session.c.global_epoch,
        roles_of_user(_user_id).label("roles"),
    )
)

_read = Statement(
    select(
        session.c.id,
        session.c.user_id,
        session.c.kind,
        session.c.client_id,
        session.c.scope,
        session.c.salt,
        session.c.generation,
        session.c.rotated_at,
        session.c.access_exp,
        session.c.idle_expires_at,
        session.c.expires_at,
        session.c.revoked_at,
        session.c.epoch,
        session.c.global_epoch,
        session.c.amr,
        session.c.auth_time,
        session.c.seen_at,
        user.c.epoch.label("user_epoch"),
        user.c.disabled_at,
        _required_global_epoch.label("required"),
        roles_of_user(session.c.user_id).label("roles"),
        store_now_ms().label("now"),
    )
    .select_from(session.join(user, user.c.id == session.c.user_id))
    .where(session.c.id == _session_id)
)


async def read_session(database: Database, session_id: object) -> SessionRow | None:
    """Read a session with what its user and the store's clock say now."""
    rows = await database.hot.read(_read, {"session_id": session_id})
    return SessionRow(*rows[0]) if rows else None


async def read_authentic(database: Database, keys: PurposeKeys, text: str) -> tuple[RefreshToken, SessionRow] | None:
    """Read the session of a refresh token that we minted, whatever has become of it; None for any other text.

    A wrong MAC is the same as no token: it must have no effect at all, or a stranger could end sessions by guessing.
    """
    try:
        token = parse_refresh(text)
    except TokenMalformed:
        return None
    row = await read_session(database, token.session_id)
    return (token, row) if row is not None and token.mac_is_right(keys, row.salt) else None


is_live = and_(
    session.c.revoked_at.is_(None),
    session.c.idle_expires_at > store_now_ms(),
    session.c.expires_at > store_now_ms(),
    session.c.global_epoch >= _required_global_epoch,
    exists().where(user.c.id == session.c.user_id, user.c.epoch == session.c.epoch, user.c.disabled_at.is_(None)),
)
_generation = bindparam("generation", type_=BigInteger)


_same = session.alias("same")  # SQLite writes the columns of RETURNING without their table
_owner = select(_same.c.user_id).where(_same.c.id == _session_id).scalar_subquery()


def _advance(condition: ColumnElement[bool], next_generation: ColumnElement[int]) -> Statement:
    return Statement(
        update(session)
        .where(session.c.id == _session_id, condition, is_live)
        .values(
            generation=next_generation,
            rotated_at=store_now_ms(),
            seen_at=store_now_ms(),
            access_exp=_greatest(
                session.c.access_exp, _least(session.c.expires_at, store_now_ms() + _milliseconds("access_ms"))
            ),
            idle_expires_at=_least(session.c.expires_at, store_now_ms() + _milliseconds("idle_ms")),
        )
        .returning(session.c.access_exp, session.c.rotated_at, roles_of_user(_owner).label("roles"))
    )


rotate = _advance(session.c.generation == _generation, _generation + 1)
# An authentic token of a generation that the row has not reached: the row lost writes, so it catches up.
fast_forward = _advance(session.c.generation < _generation, _generation + 1)

# Reuse is decided again inside the statement that ends the session, so that it is written once.
end_reused = Statement(
    update(session)
    .where(
        session.c.id == _session_id,
        session.c.revoked_at.is_(None),
        session.c.generation > _generation,
        session.c.rotated_at < store_now_ms() - _milliseconds("grace_ms"),
    )
    .values(revoked_at=store_now_ms())
    .returning(session.c.id)
)

# Activity is kept by the hour, so that a thief who reads the list cannot time himself by it. What has expired is not
# touched: it would live again.
touch = Statement(
    update(session)
    .where(session.c.id == _session_id, is_live)
    .values(
        seen_at=store_now_ms(),
        idle_expires_at=_least(session.c.expires_at, store_now_ms() + _milliseconds("idle_ms")),
    )
)

# What an administrator opens as somebody else dies with the administrator's own session: rows of the feed that speak of
# that one must be kept as long as the other's token lives.
lend = Statement(
    update(session)
    .where(session.c.id == _session_id, session.c.user_id == _user_id, is_live)
    .values(access_exp=_greatest(session.c.access_exp, store_now_ms() + _milliseconds("access_ms")))
    .returning(session.c.epoch)
)

LIST_COLUMNS = (
    session.c.id,
    session.c.kind,
    session.c.client_id,
    session.c.created_at,
    session.c.seen_at,
    session.c.ip,
    session.c.user_agent,
    session.c.actor_id,
)
list_sessions = Statement(
    select(*LIST_COLUMNS)
    .where(session.c.user_id == _user_id, is_live, session.c.id < bindparam("before", type_=Uuid))
    .order_by(session.c.id.desc())
    .limit(bindparam("page_size", type_=BigInteger))
)
# `idle_expires_at` is never after `expires_at`.
_before = _milliseconds("ended_before")
prune = Statement(
    session.delete()
    .where(or_(session.c.idle_expires_at < _before, session.c.revoked_at < _before))
    .returning(session.c.id)
)
