"""Rows of roles. A definition is one statement; who holds a role is read a batch at a time."""

from sqlalchemy import BigInteger, String, Uuid, bindparam, delete, select

from gatepost.storage.schema import role, user_role
from gatepost.storage.statement import Statement, store_now_ms

_name = bindparam("name", type_=String)

define = Statement(
    lambda dialect_insert: (
        row := dialect_insert(role).values(
            name=_name,
            description=bindparam("description", type_=String),
            permissions=bindparam("permissions", type_=role.c.permissions.type),
            created_at=store_now_ms(),
        )
    ).on_conflict_do_update(
        index_elements=[role.c.name],
        set_={"description": row.excluded.description, "permissions": row.excluded.permissions},
    )
)
remove = Statement(delete(role).where(role.c.name == _name).returning(role.c.name))
listing = Statement(select(role.c.name, role.c.description, role.c.permissions).order_by(role.c.name))

# In the order of ids: two deletions at once then wait for each other, and never in a circle.
holders = Statement(
    select(user_role.c.user_id)
    .where(user_role.c.role == _name, user_role.c.user_id > bindparam("after", type_=Uuid))
    .order_by(user_role.c.user_id)
    .limit(bindparam("batch", type_=BigInteger))
)
