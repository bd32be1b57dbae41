"""From a mail to the message of RFC 5322 that leaves: text and HTML, the same `Message-ID` at every attempt."""

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from gatepost.core.outbox.domain import Mail
from gatepost.core.outbox.policy import Sender


def message_of(mail: Mail, sender: Sender, now_ms: int) -> EmailMessage:
    """Return the message of a mail; a header that would hold a line break raises."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(sender.name, addr_spec=sender.address)
    message["To"] = Address(addr_spec=mail.recipient)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(datetime.fromtimestamp(now_ms / 1000, UTC))
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834, section 5: no vacation notice answers it
    message.set_content(mail.body)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
    return message
