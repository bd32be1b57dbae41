"""A credential that was good when it was looked at, in a bounded memory, and the principals that are made of rows."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gatepost.core.api_keys.domain import KEY_METHOD, NEVER, LivingKey
from gatepost.core.roles.table import RoleTable
from gatepost.core.sessions.domain import SessionRow
from gatepost.core.users.domain import split_roles
from gatepost.kernel.principal import API_KEY_CLIENT, Principal, Watch

MAX_CACHED = 20_000


@dataclass(slots=True)
class Known:
    """A credential that was good when it was looked at, at a position of the feed."""

    principal: Principal
    expires_at: float
    global_epoch: int
    position: int
    touch_at: float = float("inf")


@dataclass(slots=True)
class Held:
    """Credentials of one kind that are read from the database once, and then kept until the feed says otherwise.

    Attributes:
        read: the row, or NotAuthenticated.
        touch: notes that one is used; returns whether its row must be read again.
        reason: why one that was kept is no longer good, for the log.
    """

    read: Callable[[str], Awaitable[Known]]
    touch: Callable[[Known], Awaitable[bool]]
    reason: str
    known: dict[str, Known] = field(default_factory=dict)


def keep(cache: dict[Any, Any], key: object, value: object) -> None:
    """Keep one more; the oldest goes when there are too many."""
    if len(cache) >= MAX_CACHED:
        del cache[next(iter(cache))]
    cache[key] = value


def principal_of_session(
    row: SessionRow, table: RoleTable, claims: Mapping[str, Any], issuer: str, watch: Watch
) -> Principal:
    """Return who holds the cookie of a session."""
    roles, scopes = split_roles(row.roles), frozenset(row.scope.split())
    return Principal(
        user_id=row.user_id,
        session_id=row.id,
        roles=roles,
        permissions=table.effective(roles, scopes),
        scopes=scopes,
        amr=tuple(row.amr.split(" ")),
        auth_time=row.auth_time,
        epoch=row.epoch,
        client_id=row.client_id,
        expires_at=min(row.idle_expires_at, row.expires_at) // 1000,
        claims=claims,
        issuer=issuer,
        subject=str(row.user_id),
        watch=watch,
    )


def principal_of_key(
    key: LivingKey, table: RoleTable, claims: Mapping[str, Any], issuer: str, watch: Watch
) -> Principal:
    """Return the program that holds an API key.

    Nobody proved anything when it came, so that `auth_time` is the beginning of time: a key is never fresh.
    """
    roles, scopes = split_roles(key.roles), frozenset(key.scope.split())
    return Principal(
        user_id=key.user_id,
        session_id=key.id,
        roles=roles,
        permissions=table.effective(roles, scopes),
        scopes=scopes,
        amr=(KEY_METHOD,),
        auth_time=0,
        epoch=key.epoch,
        client_id=API_KEY_CLIENT,
        expires_at=NEVER if key.expires_at is None else key.expires_at // 1000,
        claims=claims,
        issuer=issuer,
        subject=str(key.user_id),
        watch=watch,
    )
