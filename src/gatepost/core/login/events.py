"""What happens at the door."""

import uuid
from dataclasses import dataclass

from gatepost.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Event):
    """A session was opened."""

    user_id: uuid.UUID
    session_id: uuid.UUID
    ip: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInFailed(Event):
    """Somebody tried and was refused; `user_id` is None where nobody has that identifier."""

    user_id: uuid.UUID | None
    ip: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLocked(Event):
    """Failures have spent a budget of a user; `ip` is where the last one came from."""

    user_id: uuid.UUID
    ip: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ManySignInsFailed(Event):
    """More sign-ins fail than usual, of everybody together; published once a minute at most while it lasts."""

    limit: int
    seconds: int
