"""From a kind of mail and its words to a subject and a text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from gatepost.core.outbox.domain import MailKind


@dataclass(frozen=True, slots=True)
class Rendered:
    """What stands in a mail."""

    subject: str
    text: str
    html: str | None = None


class Renderer(Protocol):
    """Makes the words of a mail."""

    def render(self, kind: MailKind, locale: str | None, words: Mapping[str, str]) -> Rendered:
        """Return a mail's words in the nearest language that there is."""
        ...


class PlainRenderer:
    """Renders without templates: the subject is the kind, the text lists the words."""

    def render(self, kind: MailKind, locale: str | None, words: Mapping[str, str]) -> Rendered:
        """Return a mail's words."""
        del locale
        lines = [f"{name}: {value}" for name, value in words.items()]
        return Rendered(_SUBJECTS[kind], "\n".join(lines) + "\n")


_SUBJECTS = {
    MailKind.SESSION_REUSED: "One of your sessions was ended",
    MailKind.PASSWORD_CHANGED: "Your password was changed",
    MailKind.VERIFY_EMAIL: "Confirm your e-mail address",
    MailKind.ALREADY_REGISTERED: "You already have an account",
    MailKind.RESET_PASSWORD: "Choose a new password",
    MailKind.CHANGE_EMAIL: "Confirm your new e-mail address",
    MailKind.EMAIL_CHANGED: "Your e-mail address was changed",
    MailKind.SIGN_IN: "Your way in",
    MailKind.NEW_DEVICE: "A sign-in from a new device",
    MailKind.ACCOUNT_LOCKED: "Sign-in to your account is slowed down",
    MailKind.ACCOUNT_DISOWNED: "Every session of your account was ended",
    MailKind.ACCOUNT_DELETED: "Your account was deleted",
    MailKind.API_KEY_MADE: "An API key was made for your account",
    MailKind.INVITATION: "You are invited",
}
