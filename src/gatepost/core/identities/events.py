"""What can happen between a user and an account elsewhere."""

from dataclasses import dataclass

from gatepost.core.users.events import UserEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityLinked(UserEvent):
    """A user can sign in with an account elsewhere from now on; a user who is made by it, too."""

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityUnlinked(UserEvent):
    """A user can no longer sign in with an account elsewhere."""

    issuer: str
    subject: str
