"""Access tokens of others (RFC 9068, and the dialects around it): from a token to the principal that it speaks of.

What goes wrong: a token for another API, of another kind, or bound to a key that its bearer does not show is let in;
two issuers make one user of two people.
"""

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from gatepost.crypto.foreign import date_in, verify_foreign
from gatepost.crypto.jwk import TokenKey
from gatepost.crypto.reading import TokenRefused
from gatepost.kernel.principal import Actor, Principal, Watch
from gatepost.trust.dialect import Claims, Dialect, Granted, text, within, words

RolesFrom = str | tuple[str, ...] | Callable[[Claims], Iterable[str]]

_USERS = uuid.UUID("6f1d6c1e-6a0e-5d0b-9a53-0d1c8f1f7a11")
_SESSIONS = uuid.UUID("b0a3a4b7-54d8-5f4c-8a38-6f2f3b0a9c42")


def user_id_of(issuer: str, subject: str) -> uuid.UUID:
    """Return the id of a user: a UUIDv5 of issuer and subject, so that two issuers never name one user."""
    return uuid.uuid5(_USERS, f"{issuer} {subject}")  # an issuer is a URL, which has no space


def verify_access_token(
    token: str,
    keys: Mapping[str, TokenKey],
    *,
    dialect: Dialect,
    expected_issuer: str,
    expected_audiences: Collection[str],
    now: float,
    leeway: float,
) -> dict[str, Any]:
    """Return the claims of an access token that is good now.

    Args:
        token: as presented.
        keys: of this issuer and no other, by `kid`.
        dialect: how this issuer writes.
        expected_issuer: exactly this `iss`.
        expected_audiences: one of them is, or is among, `aud`.
        now: seconds since the Unix epoch.
        leeway: seconds that clocks may differ by.

    Raises:
        TokenRefused: it is not.
    """
    read = verify_foreign(
        token,
        keys,
        expected_issuer=expected_issuer,
        expected_audience=None,  # by the dialect, below
        expected_types=dialect.types,
        now=now,
        leeway=leeway,
    )
    require_access(read.claims, read.typ, dialect, expected_audiences)
    return read.claims


def require_access(claims: Claims, typ: str | None, dialect: Dialect, expected_audiences: Collection[str]) -> None:
    """Let through what is an access token for one of the audiences.

    Raises:
        TokenRefused: it is something else, or for others.
    """
    dialect.require_access(claims, typ)
    if not any(audience in expected_audiences for audience in dialect.audiences(claims)):
        raise TokenRefused("audience")
    # RFC 7800, section 3.1; RFC 8705, section 3; RFC 9449, section 7.1: who shows it must prove to hold a key, which a
    # bearer does not.
    if "cnf" in claims:
        raise TokenRefused("kind")


def principal_of(
    claims: Claims,
    *,
    issuer: str,
    dialect: Dialect,
    audiences: Collection[str],
    roles: RolesFrom | None,
    expires_at: int,
    watch: Watch,
) -> Principal:
    """Return whom verified claims speak of.

    Args:
        claims: all of them; the principal keeps them.
        issuer: who said them.
        dialect: how.
        audiences: what this API is called.
        roles: where roles stand, in the place of where the dialect looks.
        expires_at: when the credential dies.
        watch: waits for its end.

    Raises:
        TokenRefused: a claim has a type that it cannot have.
    """
    granted, subject = dialect.read(claims, audiences), text(claims.get("sub"))
    if dialect.has_user_ids:
        user_id, session_id = _uuid(subject), _uuid(granted.session)
    else:
        user_id, session_id = user_id_of(issuer, subject), _session_of(claims, issuer, granted, subject)
    return Principal(
        user_id=user_id,
        session_id=session_id,
        roles=granted.roles if roles is None else _roles_at(claims, roles),
        permissions=granted.permissions,
        scopes=granted.scopes,
        amr=_methods(claims),
        auth_time=int(date_in(claims, "auth_time")) if claims.get("auth_time") is not None else 0,
        epoch=_whole(claims.get("epoch", 0)) if dialect.has_user_ids else 0,
        client_id=granted.client_id,
        expires_at=expires_at,
        claims=MappingProxyType(dict(claims)),
        actor=_actor(claims["act"], issuer, session_id, dialect) if "act" in claims else None,
        issuer=issuer,
        subject=subject,
        watch=watch,
    )


def _roles_at(claims: Claims, roles: RolesFrom) -> frozenset[str]:
    if callable(roles):
        return frozenset(roles(claims))
    return words(within(claims, (roles,) if isinstance(roles, str) else roles))


def _session_of(claims: Claims, issuer: str, granted: Granted, subject: str) -> uuid.UUID:
    """Return an id of the sign-in, or of this token alone where the issuer does not name it."""
    named = granted.session or text(claims.get("jti")) or text(claims.get("uti"))
    return uuid.uuid5(_SESSIONS, f"{issuer} {named}" if named else f"{issuer}  {subject}")


def _actor(act: object, issuer: str, session_id: uuid.UUID, dialect: Dialect) -> Actor:
    # RFC 8693, section 4.1: somebody acts as the subject, who is therefore not here in person.
    if not isinstance(act, Mapping):
        raise TokenRefused("claims")
    subject = text(act.get("sub")) or text(act.get("client_id"))
    if not subject:
        raise TokenRefused("claims")
    if not dialect.has_user_ids:
        return Actor(user_id_of(issuer, subject), session_id, 0)
    session = _uuid(text(act.get("sid"))) if "sid" in act else session_id
    return Actor(_uuid(subject), session, _whole(act.get("epoch", 0)))


def _methods(claims: Claims) -> tuple[str, ...]:
    words(methods := claims.get("amr"))
    return tuple(methods or ())


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TokenRefused("claims")
    return value


def _uuid(value: str | None) -> uuid.UUID:
    try:
        return uuid.UUID(value or "")
    except ValueError:
        raise TokenRefused("claims") from None
