"""Jobs and mails. A job names its user and its kind; the worker looks up the address, so that no row holds one."""

import json
import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

_PAD_TO = 256
BACK_OFF_S = (5, 30, 120, 600, 3600, 4 * 3600, 12 * 3600)


class MailKind(StrEnum):
    """The closed set of mails."""

    SESSION_REUSED = "session_reused"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of a mail


@dataclass(frozen=True, slots=True)
class Job:
    """One mail to be made."""

    kind: MailKind
    user_id: uuid.UUID

    def packed(self) -> bytes:
        """Return the job padded, so that the size of a sealed row tells nothing about its kind."""
        text = json.dumps({"kind": self.kind.value, "user_id": str(self.user_id)})
        return text.ljust(_PAD_TO).encode()

    @classmethod
    def unpacked(cls, raw: bytes) -> "Job":
        """Return the job of packed bytes."""
        members = json.loads(raw)
        return cls(MailKind(members["kind"]), uuid.UUID(members["user_id"]))


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail ready to be sent; `message_id` is the same at every attempt."""

    message_id: str
    recipient: str
    subject: str
    body: str


class Mailer(Protocol):
    """Whatever delivers a mail; raises if it could not."""

    async def send(self, mail: Mail) -> None:
        """Deliver one mail."""
        ...


def back_off_ms(attempts: int) -> int | None:
    """Return how long to wait after so many failed attempts, or None to give up."""
    return BACK_OFF_S[attempts - 1] * 1000 if attempts <= len(BACK_OFF_S) else None
