"""The rules of API keys, without I/O: what a key may be asked for, and what a program that holds one is."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from gatepost.core.audit.domain import NOWHERE, Origin
from gatepost.kernel.api_keys import ApiKeySecret
from gatepost.kernel.errors import AuthError, InvalidInput

MAX_NAME, MIN_LIFETIME = 100, 60
KEY_METHOD = "key"  # in `amr`; RFC 8176 has no name for it, since nobody was authenticated
NEVER = 253_402_300_799  # the end of the year 9999, in seconds


class TooManyKeys(AuthError):
    """The user has as many living keys as one may have."""

    code = "api_key.too_many"
    status = 409
    public = "There are too many API keys. Delete one first."


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyPolicy:
    """What settings say of keys.

    Attributes:
        lifetime: the longest, in seconds; None where a key may live for ever.
        limit: living keys of one user.
        scopes: every scope that a credential can have here.
    """

    lifetime: int | None = 365 * 86_400
    limit: int = 25
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as its owner sees it; times in milliseconds since the Unix epoch."""

    id: uuid.UUID
    name: str
    prefix: str
    scope: str
    created_at: int
    expires_at: int | None
    last_used_at: int | None


@dataclass(frozen=True, slots=True, repr=False)
class Minted:
    """A new key, and its secret, which nobody can show again."""

    key: ApiKey
    secret: ApiKeySecret


@dataclass(frozen=True, slots=True)
class LivingKey:
    """A key that is good, with what its user is now; times in milliseconds since the Unix epoch."""

    id: uuid.UUID
    user_id: uuid.UUID
    scope: str
    epoch: int
    expires_at: int | None
    last_used_at: int | None
    roles: str | None


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """How a key stands, good or not; where nothing else is wrong, its user was signed out everywhere since."""

    id: uuid.UUID
    user_id: uuid.UUID
    name: str
    scope: str
    is_good: bool
    is_revoked: bool
    is_unexpired: bool
    is_disabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Minting:
    """A key to be made: for whom, under which epoch, and what it may do."""

    user_id: uuid.UUID
    epoch: int
    name: str
    scopes: frozenset[str]
    lifetime: int | None
    origin: Origin = NOWHERE


def narrowed(wanted: Iterable[str] | None, own: frozenset[str], known: frozenset[str]) -> frozenset[str]:
    """Return the scopes of a new key: never more than the credential has that makes it.

    Raises:
        InvalidInput: one is not known here, or the caller does not have it.
    """
    available = own & known
    found = available if wanted is None else frozenset(wanted)
    if not found <= available:
        raise InvalidInput("scopes", "are more than you have here")
    return found


def checked_lifetime(wanted: int | None, longest: int | None) -> int | None:
    """Return how many seconds a new key lives, None for ever: as long as it may where nothing is asked for.

    Raises:
        InvalidInput: longer than it may.
    """
    if wanted is None:
        return longest
    if longest is not None and wanted > longest:
        raise InvalidInput("expires_in", f"is at most {longest}")
    return wanted
