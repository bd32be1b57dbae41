"""Jobs and mails. A job is sealed and of one size; the worker looks its user up, so that no row holds an address."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

_PAD_TO = 2_048
_MAX_DETAIL = 200
BACK_OFF_S = (5, 30, 120, 600, 3600, 4 * 3600, 12 * 3600)


class MailKind(StrEnum):
    """The closed set of mails."""

    SESSION_REUSED = "session_reused"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of a mail
    VERIFY_EMAIL = "verify_email"
    ALREADY_REGISTERED = "already_registered"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - the name of a mail
    CHANGE_EMAIL = "change_email"
    EMAIL_CHANGED = "email_changed"
    SIGN_IN = "sign_in"
    NEW_DEVICE = "new_device"
    ACCOUNT_LOCKED = "account_locked"
    ACCOUNT_DISOWNED = "account_disowned"
    ACCOUNT_DELETED = "account_deleted"
    API_KEY_MADE = "api_key_made"
    INVITATION = "invitation"
    ADMIN_ACTED = "admin_acted"
    IDENTITY_LINKED = "identity_linked"
    IDENTITY_UNLINKED = "identity_unlinked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One mail to be made.

    Attributes:
        kind: which mail.
        user_id: whose, where that is known.
        address: where a stranger asked that it be sent, or where a user no longer has a row to look it up in.
        locale: the language that was asked for (RFC 5646), where the user has none.
        details: what the words need; short, for people, never a secret.
    """

    kind: MailKind
    user_id: uuid.UUID | None = None
    address: str | None = None
    locale: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)

    def packed(self) -> bytes:
        """Return the job padded, so that the size of a sealed row tells nothing about its kind."""
        members = {
            "kind": self.kind.value,
            "user_id": str(self.user_id) if self.user_id is not None else None,
            "address": self.address,
            "locale": self.locale,
            "details": {name: value[:_MAX_DETAIL] for name, value in self.details.items()},
        }
        return json.dumps(members, ensure_ascii=False).encode().ljust(_PAD_TO)

    @classmethod
    def unpacked(cls, raw: bytes) -> "Job":
        """Return the job of packed bytes."""
        members = json.loads(raw)
        return cls(
            kind=MailKind(members["kind"]),
            user_id=uuid.UUID(members["user_id"]) if members["user_id"] is not None else None,
            address=members.get("address"),
            locale=members.get("locale"),
            details=members.get("details", {}),
        )


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail ready to be sent; `message_id` is the same at every attempt."""

    message_id: str
    recipient: str
    subject: str
    body: str
    html: str | None = None


class Undeliverable(Exception):
    """Raised by a mailer: this mail is refused for good, and is not tried again. The reason names no address."""


class Mailer(Protocol):
    """Whatever delivers a mail; raises if it could not, and then is asked again later."""

    async def send(self, mail: Mail) -> None:
        """Deliver one mail.

        Raises:
            Undeliverable: it never will be.
        """
        ...


def back_off_ms(attempts: int) -> int | None:
    """Return how long to wait after so many failed attempts, or None to give up."""
    return BACK_OFF_S[attempts - 1] * 1000 if attempts <= len(BACK_OFF_S) else None
