"""Mail that is written in the transaction of its cause and sent after it, at least once, with a stable Message-ID."""

from gatepost.core.outbox.domain import Job, Mail, Mailer, MailKind
from gatepost.core.outbox.store import enqueue_step
from gatepost.core.outbox.worker import OutboxWorker

__all__ = ["Job", "Mail", "MailKind", "Mailer", "OutboxWorker", "enqueue_step"]
