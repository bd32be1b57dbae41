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
