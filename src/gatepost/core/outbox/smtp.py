"""Sending by SMTP (RFC 5321), over TLS whose certificate is verified: what is mailed opens accounts.

A recipient that the server refuses for good (RFC 5321, section 4.2.1: 5yz) is not tried again. What is refused for
reasons of ours (a password, a sender, a policy: RFC 3463, 5.7.x) is, since somebody will see it in the log and mend it.
"""

import contextlib
import ssl

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from gatepost.core.outbox.domain import Mail, Undeliverable
from gatepost.core.outbox.message import message_of
from gatepost.core.outbox.policy import SmtpPolicy
from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import ConfigurationError

_PERMANENT = 500
_POLICY = "5.7."


class SmtpMailer:
    """Hands each mail over in a connection of its own.

    Raises:
        ConfigurationError: the file of authorities cannot be read.
    """

    def __init__(self, policy: SmtpPolicy, clock: Clock) -> None:
        self._policy = policy
        self._clock = clock
        try:
            self._tls = ssl.create_default_context(cafile=policy.ca_file)
        except (OSError, ssl.SSLError) as error:
            msg = f"GATEPOST_SMTP_CA_FILE: {policy.ca_file} holds no certificates that can be read"
            raise ConfigurationError(msg) from error
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2

    async def send(self, mail: Mail) -> None:
        """Hand a mail over; the server has taken responsibility for it when this returns.

        Raises:
            Undeliverable: this recipient, or this mail, is refused for good.
            SMTPException, OSError: everything else, to be tried again.
        """
        policy, client = self._policy, self._client()
        message = message_of(mail, policy.sender, self._clock.now_ms())
        try:
            await client.connect()
            if not mail.recipient.isascii() and not client.supports_extension("smtputf8"):
                raise Undeliverable("the server does not take international addresses (RFC 6531)")
            await client.send_message(message, sender=policy.sender.address, recipients=[mail.recipient])
            with contextlib.suppress(SMTPException, OSError):  # it has the mail: how it says goodbye does not matter
                await client.quit()
        except (SMTPRecipientsRefused, SMTPRecipientRefused, SMTPDataError) as error:
            if (refusal := _refusal(error)) is not None and _is_for_good(refusal):
                raise Undeliverable(f"refused for good ({refusal.code})") from None
            raise
        finally:
            client.close()

    async def greet(self) -> None:
        """Connect, prove who we are, and leave again: what a start of a mail needs, without one.

        Raises:
            SMTPException, OSError: the server does not answer, is not who it should be, or does not know us.
        """
        client = self._client()
        try:
            await client.connect()
            await client.quit()
        finally:
            client.close()

    def _client(self) -> SMTP:
        policy = self._policy
        return SMTP(
            hostname=policy.host,
            port=policy.port,
            username=policy.username,
            password=policy.password,
            local_hostname=policy.sender.address.rpartition("@")[2],
            use_tls=policy.is_tls_from_the_start,
            start_tls=not policy.is_tls_from_the_start and not policy.is_clear,
            tls_context=None if policy.is_clear else self._tls,
            timeout=policy.timeout,
        )


def _refusal(error: SMTPException) -> SMTPResponseException | None:
    if isinstance(error, SMTPRecipientsRefused):
        return error.recipients[0] if error.recipients else None
    return error if isinstance(error, SMTPResponseException) else None


def _is_for_good(refusal: SMTPResponseException) -> bool:
    return refusal.code >= _PERMANENT and not refusal.message.lstrip().startswith(_POLICY)
