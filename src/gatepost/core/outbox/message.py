"""From a mail to the message of RFC 5322 that leaves: text and HTML, the same `Message-ID` at every attempt."""

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from gatepost.core.outbox.domain import Mail
from gatepost.core.outbox.policy import Sender


def message_of(mail: Mail, sender: Sender, now_ms: int) -> EmailMessage:
    """Return the message of a mail; a header that would hold a line break raises."""
    is_international = not (mail.recipient + sender.address).isascii()
    message = EmailMessage(policy=SMTPUTF8 if is_international else SMTP)  # RFC 6532
    message["From"] = _address(sender.address, sender.name)
    message["To"] = _address(mail.recipient)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(datetime.fromtimestamp(now_ms / 1000, UTC))
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834, section 5: no vacation notice answers it
    message.set_content(mail.body)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
    return message


def _address(address: str, name: str = "") -> Address:
    local, _, domain = address.rpartition("@")
    return Address(name, local, domain)
