"""Who mails are from, and where they are handed over: what the settings tell a mailer."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sender:
    """Who mails are from: an address, and the name that stands before it."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpPolicy:
    """Where mail is handed over.

    Attributes:
        is_tls_from_the_start: `smtps` (RFC 8314, section 3.3); else STARTTLS, without which nothing is sent.
        is_clear: neither; the settings allow it on this machine alone.
        ca_file: certificates of authorities to trust in the place of the system's.
        timeout: in seconds, of each step.
    """

    host: str
    port: int
    sender: Sender
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    is_tls_from_the_start: bool = False
    is_clear: bool = False
    ca_file: Path | None = None
    timeout: float = 10
