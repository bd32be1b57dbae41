"""Mail that is written in the transaction of its cause and sent after it, at least once, with a stable Message-ID."""

from gatepost.core.outbox.domain import Job, Mail, Mailer, MailKind, Undeliverable
from gatepost.core.outbox.store import enqueue_step

__all__ = ["Job", "Mail", "MailKind", "Mailer", "Undeliverable", "enqueue_step"]
