"""Rows of an import, and what is read back for an export."""

from sqlalchemy import BigInteger, String, Uuid, bindparam, case, func, insert, select

from gatepost.core.users.store import roles_of_user
from gatepost.storage.schema import identity, imported, password, user
from gatepost.storage.statement import Statement, store_now_ms

_user_id = bindparam("user_id", type_=Uuid)
_source = bindparam("source", type_=String)

find_imported = Statement(
    select(imported.c.user_id).where(
        imported.c.source == _source, imported.c.foreign_id == bindparam("foreign_id", type_=String)
    )
)
mapping = Statement(
    select(imported.c.foreign_id, imported.c.user_id)
    .where(imported.c.source == _source, imported.c.foreign_id > bindparam("after", type_=String))
    .order_by(imported.c.foreign_id)
    .limit(bindparam("page_size", type_=BigInteger))
)
note_imported = Statement(
    insert(imported).values(source=_source, foreign_id=bindparam("foreign_id", type_=String), user_id=_user_id)
)
insert_user = Statement(
    lambda dialect_insert: (
        dialect_insert(user)
        .values(
            id=_user_id,
            email=bindparam("email", type_=user.c.email.type),
            email_verified=bindparam("email_verified", type_=user.c.email_verified.type),
            username=bindparam("username", type_=user.c.username.type),
            full_name=bindparam("full_name", type_=user.c.full_name.type),
            locale=bindparam("locale", type_=user.c.locale.type),
            epoch=0,
            created_at=func.coalesce(bindparam("created_at", type_=BigInteger), store_now_ms()),
            disabled_at=case((bindparam("is_disabled", type_=BigInteger) == 1, store_now_ms()), else_=None),
        )
        .on_conflict_do_nothing()
        .returning(user.c.id)
    )
)
insert_identity = Statement(
    lambda dialect_insert: (
        dialect_insert(identity)
        .values(
            id=bindparam("identity_id", type_=Uuid),
            user_id=_user_id,
            issuer=bindparam("issuer", type_=String),
            subject=bindparam("subject", type_=String),
            email=bindparam("email", type_=String),
            created_at=store_now_ms(),
        )
        .on_conflict_do_nothing()
        .returning(identity.c.id)
    )
)
everybody = Statement(
    select(
        user.c.id,
        user.c.email,
        user.c.username,
        user.c.full_name,
        password.c.hash,
        user.c.email_verified,
        user.c.disabled_at,
        roles_of_user().label("roles"),
        user.c.created_at,
        user.c.locale,
    )
    .select_from(user.outerjoin(password, password.c.user_id == user.c.id))
    .where(user.c.id > bindparam("after", type_=Uuid))
    .order_by(user.c.id)
    .limit(bindparam("page_size", type_=BigInteger))
)
