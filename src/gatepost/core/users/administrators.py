"""Administrators: what they are called, that one is always left, and that the first one is made once.

Each is decided where it is written. Verbs that can take an administrator away write first, then wait for their turn on
one row, then look: of two administrators who remove each other at once, the second to look finds nobody and is undone.
(A condition inside the writing statement would not do: on PostgreSQL each would still see the other.)
"""

from dataclasses import dataclass

from sqlalchemy import String, Uuid, bindparam, exists, select, update

from gatepost.kernel.errors import AuthError
from gatepost.storage.database import Database
from gatepost.storage.schema import meta, user, user_role
from gatepost.storage.statement import Statement, store_now_ms
from gatepost.storage.unit_of_work import UnitOfWork

FIRST_ADMIN = "first_admin"


@dataclass(frozen=True, slots=True)
class AdminPolicy:
    """What administrators are told by settings.

    Attributes:
        role: the name of the role that makes one.
        has_setup_link: a server without an administrator prints a link that makes the first one.
        impersonation: seconds that an administrator may act as a user, at one time.
    """

    role: str = "admin"
    has_setup_link: bool = True
    impersonation: int = 900


class LastAdministrator(AuthError):
    """Nobody would be left who can administer."""

    code = "admin.last"
    status = 409
    public = "This is the last administrator. Make another one first."


_role = bindparam("admin_role", type_=String)
_is_enabled_admin = exists().where(
    user_role.c.role == _role, user.c.id == user_role.c.user_id, user.c.disabled_at.is_(None)
)
_has_admin = Statement(select(1).where(exists().where(user_role.c.role == _role)))
_take_turn = Statement(
    lambda insert: (
        insert(meta)
        .values(name="administrators", value=store_now_ms())
        .on_conflict_do_update(index_elements=[meta.c.name], set_={"value": store_now_ms()})
    )
)
_has_enabled_admin = Statement(select(1).where(_is_enabled_admin))
# The name is claimed by inserting it: of two at once, one wins.
_claim_first = Statement(
    lambda insert: (
        insert(meta)
        .values(name=bindparam("name", FIRST_ADMIN, type_=String), value=store_now_ms())
        .on_conflict_do_nothing()
        .returning(meta.c.name)
    )
)
_is_claimed = Statement(select(meta.c.value).where(meta.c.name == FIRST_ADMIN))
set_verified = Statement(
    update(user)
    .where(user.c.id == bindparam("user_id", type_=Uuid), user.c.email.is_not(None))
    .values(email_verified=bindparam("is_verified", type_=user.c.email_verified.type))
    .returning(user.c.id)
)


async def keep_an_administrator(work: UnitOfWork, role: str) -> None:
    """Refuse, at the end of a transaction, to leave nobody who is enabled and has the role.

    Raises:
        LastAdministrator: there would be none.
    """
    await work.run(_take_turn)
    if not await work.run(_has_enabled_admin, admin_role=role):
        raise LastAdministrator


async def claim_first_administrator(work: UnitOfWork) -> bool:
    """Note that there has been a first administrator; return whether this call was the first to do so."""
    return bool(await work.run(_claim_first))


async def lacks_first_administrator(database: Database, role: str) -> bool:
    """Whether nobody has ever been made administrator; one who came another way is noted."""
    if await database.hot.read(_is_claimed):
        return False
    if not await database.hot.read(_has_admin, {"admin_role": role}):
        return True
    await database.hot.run((_claim_first, {}))
    return False
