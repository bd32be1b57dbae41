"""What happens to the check of passwords."""

from dataclasses import dataclass

from gatepost.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordCheckUnavailable(Event):
    """A password was not looked up at the range service; `reason` says why, `was_accepted` what came of it."""

    reason: str
    was_accepted: bool
