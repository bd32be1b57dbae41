"""What can happen to a user. Listeners `within` get the transaction's connection."""

import uuid
from dataclasses import dataclass

from gatepost.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEvent(Event):
    """Something that happened to one user."""

    user_id: uuid.UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRegistered(UserEvent):
    """A user was made, by signing up or by an operator."""

    email: str | None
    username: str | None
    full_name: str | None
    email_verified: bool = False
    is_invited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailVerified(UserEvent):
    """A user has proved to read the mailbox of their address."""

    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChanged(UserEvent):
    """A user's address is another one now, which is verified; `old_email` is None where there was none."""

    email: str
    old_email: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDisabled(UserEvent):
    """A user may not sign in any more; every session is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEnabled(UserEvent):
    """A user may sign in again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDeleted(UserEvent):
    """A user and all that is theirs in our tables is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolesChanged(UserEvent):
    """A user's roles are others now."""

    roles: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDisowned(UserEvent):
    """A user said "this was not me": sessions, password, devices and proofs are gone; within it, so is what else opens.

    Whatever lets somebody in besides (a passkey, a linked identity) was perhaps added by the thief.
    """
