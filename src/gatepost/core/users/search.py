"""Finding users: by the beginning of an address or username, which an index answers, or by any part of a name.

There is no LIKE here, so nothing that is typed is a wildcard: a beginning is a range, a part is a position.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, String, Uuid, bindparam, func, or_, select, union
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement

from gatepost.core.sessions.store import is_live
from gatepost.core.users.domain import P, User, user_from_row
from gatepost.core.users.store import USER_COLUMNS
from gatepost.kernel.errors import InvalidInput
from gatepost.kernel.text import is_storable
from gatepost.storage.database import Database
from gatepost.storage.schema import password, session, user, user_role
from gatepost.storage.statement import Statement

MAX_QUERY = 200
_LAST = "\U0010ffff"  # identifiers are in the order of their bytes, on both databases


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which users are wanted; None where it does not matter.

    Attributes:
        text: the beginning of an e-mail address or a username.
        is_anywhere: `text` is any part of an address, a username or a full name instead; it reads every user.
    """

    text: str | None = None
    is_anywhere: bool = False
    role: str | None = None
    is_disabled: bool | None = None
    is_verified: bool | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What an administrator sees of a user besides the user; times in milliseconds since the Unix epoch."""

    has_password: bool
    must_change_password: bool
    sessions: int
    last_sign_in: int | None


class _Position(FunctionElement[int]):
    """Where a text stands in another, from 1; 0 where it does not."""

    type = BigInteger()
    inherit_cache = True


@compiles(_Position, "sqlite")
def _sqlite_position(element: _Position, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"instr({compiler.process(element.clauses, **options)})"


@compiles(_Position, "postgresql")
def _postgresql_position(element: _Position, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"strpos({compiler.process(element.clauses, **options)})"


_text = bindparam("text", type_=String)


def _beginning() -> ColumnElement[bool]:
    end = bindparam("end", type_=String)
    found = [select(user.c.id).where(column >= _text, column < end) for column in (user.c.email, user.c.username)]
    return user.c.id.in_(union(*found))


def _anywhere() -> ColumnElement[bool]:
    part = func.lower(_text)
    return or_(
        *(_Position(func.lower(column), part) > 0 for column in (user.c.email, user.c.username, user.c.full_name))
    )


_CONDITIONS: dict[str, Callable[[], ColumnElement[bool]]] = {
    "beginning": _beginning,
    "anywhere": _anywhere,
    "role": lambda: user.c.id.in_(
        select(user_role.c.user_id).where(user_role.c.role == bindparam("role", type_=String))
    ),
    "disabled": lambda: user.c.disabled_at.is_not(None),
    "enabled": lambda: user.c.disabled_at.is_(None),
    "verified": lambda: user.c.email_verified.is_(True),
    "unverified": lambda: user.c.email_verified.is_(False),
}


@cache
def _listing(conditions: frozenset[str]) -> Statement:
    """Return the statement for a set of conditions: only what is asked for stands in it, so that indexes are used."""
    return Statement(
        select(*USER_COLUMNS)
        .where(user.c.id > bindparam("after", type_=Uuid), *(_CONDITIONS[name]() for name in sorted(conditions)))
        .order_by(user.c.id)
        .limit(bindparam("page_size", type_=BigInteger))
    )


_user_id = bindparam("user_id", type_=Uuid)
_standing = Statement(
    select(
        select(password.c.user_id).where(password.c.user_id == _user_id).exists(),
        select(password.c.user_id).where(password.c.user_id == _user_id, password.c.must_change).exists(),
        select(func.count()).select_from(session).where(session.c.user_id == _user_id, is_live).scalar_subquery(),
        select(func.max(session.c.created_at))
        .where(session.c.user_id == _user_id, session.c.actor_id.is_(None))
        .scalar_subquery(),
    )
)


async def search_users(
    database: Database, profile: type[P], wanted: Search, *, after: uuid.UUID, size: int
) -> list[User[P]]:
    """Read users in order of creation, after one of them.

    Raises:
        InvalidInput: the text, or that of the role, cannot stand in any name.
    """
    conditions: set[str] = set()
    values: dict[str, Any] = {"after": after, "page_size": size}
    for field, given in (("q", wanted.text), ("role", wanted.role)):
        if given and not is_storable(given):
            raise InvalidInput(field, "holds characters that no name has")
    if wanted.text:
        conditions.add("anywhere" if wanted.is_anywhere else "beginning")
        values["text"] = wanted.text
        if not wanted.is_anywhere:
            start = wanted.text.strip().lower()
            values |= {"text": start, "end": start + _LAST}
    if wanted.role is not None:
        conditions.add("role")
        values["role"] = wanted.role
    if wanted.is_disabled is not None:
        conditions.add("disabled" if wanted.is_disabled else "enabled")
    if wanted.is_verified is not None:
        conditions.add("verified" if wanted.is_verified else "unverified")
    rows = await database.hot.read(_listing(frozenset(conditions)), values)
    return [user_from_row(row, profile) for row in rows]


async def standing_of(database: Database, user_id: uuid.UUID) -> Standing:
    """Read whether a user has a password and must change it, how many sessions are open, when the last one began."""
    return Standing(*(await database.hot.read(_standing, {"user_id": user_id}))[0])
