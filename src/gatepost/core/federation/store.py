"""Rows of authorization requests. Each verb is one conditional statement that returns whether it won."""

from sqlalchemy import BigInteger, LargeBinary, String, Text, Uuid, bindparam, delete, insert, select, update

from gatepost.storage.schema.federation import federation
from gatepost.storage.statement import Statement, store_now_ms

_id = bindparam("request_id", type_=Uuid)
_provider = bindparam("provider", type_=String)
_is_open = (federation.c.consumed_at.is_(None), federation.c.expires_at > store_now_ms())
PENDING = (
    federation.c.id,
    federation.c.provider,
    federation.c.kind,
    federation.c.return_to,
    federation.c.error_to,
    federation.c.redirect_uri,
    federation.c.client_state,
    federation.c.max_age,
    federation.c.user_id,
    federation.c.session_id,
    federation.c.parked,
    federation.c.created_at,
)

begin = Statement(
    insert(federation).values(
        id=_id,
        provider=_provider,
        kind=bindparam("kind", type_=String),
        return_to=bindparam("return_to", type_=Text),
        error_to=bindparam("error_to", type_=Text),
        redirect_uri=bindparam("redirect_uri", type_=Text),
        client_state=bindparam("client_state", type_=Text),
        code_challenge=bindparam("code_challenge", type_=String),
        scope=bindparam("scope", type_=Text),
        max_age=bindparam("max_age", type_=BigInteger),
        user_id=bindparam("user_id", type_=Uuid),
        session_id=bindparam("session_id", type_=Uuid),
        created_at=store_now_ms(),
        expires_at=store_now_ms() + bindparam("lifetime_ms", type_=BigInteger),
    )
)
look = Statement(select(*PENDING).where(federation.c.id == _id, federation.c.provider == _provider, *_is_open))
# The first answer that is posted stays: a second one does not take its place.
park = Statement(
    update(federation)
    .where(federation.c.id == _id, federation.c.provider == _provider, federation.c.parked.is_(None), *_is_open)
    .values(parked=bindparam("sealed", type_=LargeBinary))
    .returning(federation.c.id)
)
consume = Statement(
    update(federation)
    .where(federation.c.id == _id, federation.c.provider == _provider, *_is_open)
    .values(consumed_at=store_now_ms())
    .returning(*PENDING)
)

_has_code = (federation.c.kind == "app", federation.c.consumed_at.is_not(None), federation.c.identity_id.is_not(None))
# From here on the row stands for a code, whose lifetime begins.
issue_code = Statement(
    update(federation)
    .where(federation.c.id == _id, federation.c.consumed_at.is_not(None), federation.c.identity_id.is_(None))
    .values(
        user_id=bindparam("user_id", type_=Uuid),
        identity_id=bindparam("identity_id", type_=Uuid),
        epoch=bindparam("epoch", type_=BigInteger),
        upstream_sid=bindparam("upstream_sid", type_=String),
        expires_at=store_now_ms() + bindparam("lifetime_ms", type_=BigInteger),
    )
    .returning(federation.c.id)
)
CODE = (
    federation.c.provider,
    federation.c.redirect_uri,
    federation.c.code_challenge,
    federation.c.scope,
    federation.c.user_id,
    federation.c.session_id,
    federation.c.identity_id,
    federation.c.epoch,
    federation.c.upstream_sid,
    federation.c.created_at,
    federation.c.redeemed_at,
    federation.c.expires_at > store_now_ms(),
)
look_up_code = Statement(select(*CODE).where(federation.c.id == _id, *_has_code))
# Right or wrong, a code is presented once.
use_code = Statement(
    update(federation)
    .where(
        federation.c.id == _id,
        *_has_code,
        federation.c.redeemed_at.is_(None),
        federation.c.expires_at > store_now_ms(),
    )
    .values(redeemed_at=store_now_ms())
    .returning(federation.c.id)
)
burn_code = Statement(
    update(federation)
    .where(federation.c.id == _id, *_has_code, federation.c.redeemed_at.is_(None))
    .values(redeemed_at=store_now_ms())
    .returning(federation.c.id)
)
note_session = Statement(
    update(federation).where(federation.c.id == _id).values(session_id=bindparam("session_id", type_=Uuid))
)
prune = Statement(
    delete(federation)
    .where(federation.c.expires_at < store_now_ms() - bindparam("kept_ms", type_=BigInteger))
    .returning(federation.c.id)
)
