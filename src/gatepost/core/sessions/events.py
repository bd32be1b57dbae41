"""What happens to sessions and credentials."""

import uuid
from dataclasses import dataclass

from gatepost.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(Event):
    """A user has a new password; every session that was open before is over."""

    user_id: uuid.UUID
