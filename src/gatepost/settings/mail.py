"""Mail: how it leaves, and what it looks like.

What could go wrong: a server that nobody told how to mail and that prints links which open accounts into its log; a
developer's machine that mails real people; a mail server that is asked for in clear. None of them starts.
"""

from email.utils import getaddresses
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, field_validator

from gatepost.core.outbox.policy import Sender, SmtpPolicy
from gatepost.kernel.errors import ConfigurationError, InvalidInput
from gatepost.kernel.text import clean_text, normalize_email
from gatepost.settings.place import PlaceSettings

MailWay = Literal["smtp", "console", "file", "mailbox", "none"]
_MAX_APP_NAME = 60
_MAX_MAIL_FROM = 400
_THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}
_PORTS = {"smtp": 587, "smtps": 465}  # RFC 8314, section 3


class MailSettings(PlaceSettings):
    """Mail."""

    mail: Literal["auto", "smtp", "console", "file", "mailbox", "none"] = "auto"
    mail_from: str | None = None
    mail_folder: Path = Path("gatepost-mail")
    smtp_url: SecretStr | None = None
    smtp_timeout: Annotated[float, Field(ge=1, le=25)] = 10
    smtp_ca_file: Path | None = None
    smtp_dangerously_without_tls: bool = False
    app_name: str | None = None
    locale: Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$", max_length=35)] = "en"
    mailbox_key: SecretStr | None = None

    @field_validator("app_name")
    @classmethod
    def _app_name_is_a_name(cls, value: str | None) -> str | None:
        try:
            return clean_text(value or "", field="app_name", max_length=_MAX_APP_NAME) or None
        except InvalidInput as error:
            raise ValueError(error.text) from None

    def name_of_app(self) -> str:
        """Return what the application calls itself; the host of its public URL where it says nothing."""
        return self.app_name or urlsplit(self.checked_public_url()).hostname or ""

    def mail_way(self) -> MailWay:
        """Return how mail leaves.

        Raises:
            ConfigurationError: production has no way to send, or one that is for development.
        """
        if self.mail == "auto":
            if self.smtp_url is None and self.is_production:
                msg = (
                    "there is no way to send mail: set GATEPOST_SMTP_URL=smtp://user:password@host:587, "
                    "or GATEPOST_MAIL=none if this application mails nobody"
                )
                raise ConfigurationError(msg)
            return "mailbox" if self.smtp_url is None else "smtp"
        if self.mail in {"console", "mailbox"} and self.is_production:
            msg = f"GATEPOST_MAIL={self.mail} is for development: mails hold links that open accounts"
            raise ConfigurationError(msg)
        return self.mail

    def mail_sender(self) -> Sender:
        """Return who mails are from.

        Raises:
            ConfigurationError: it is no address, or none is given where mail is really sent.
        """
        if self.mail_from is None:
            if self.mail_way() == "smtp" and self.is_production:
                msg = 'set GATEPOST_MAIL_FROM to an address of yours, for example "Example <no-reply@example.com>"'
                raise ConfigurationError(msg)
            host = urlsplit(self.checked_public_url()).hostname
            return Sender(f"no-reply@{host}", self.name_of_app())
        try:
            ((name, address),) = getaddresses([clean_text(self.mail_from, field="it", max_length=_MAX_MAIL_FROM)])
            normalize_email(address, field="it")
            shown = clean_text(name, field="its name", max_length=_MAX_APP_NAME)
        except (InvalidInput, ValueError) as error:
            msg = f"GATEPOST_MAIL_FROM is not one address: {error}"
            raise ConfigurationError(msg) from None
        return Sender(address, shown or self.name_of_app())

    def smtp_policy(self) -> SmtpPolicy:
        """Return where mail is handed over.

        Raises:
            ConfigurationError: no such address, one that development may not use, or one without TLS.
        """
        url = self.smtp_url.get_secret_value() if self.smtp_url else ""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:  # its words would repeat the password
            parts, host, port = urlsplit(""), None, None
        if parts.scheme not in _PORTS or not host or parts.path.strip("/") or parts.query or parts.fragment:
            msg = "set GATEPOST_SMTP_URL to smtp://user:password@host:587 or smtps://user:password@host:465"
            raise ConfigurationError(msg)
        if not self.is_production and host not in _THIS_MACHINE:
            msg = (
                f"GATEPOST_ENV=development mails nobody: unset GATEPOST_SMTP_URL, which names {host}, or use localhost"
            )
            raise ConfigurationError(msg)
        if self.smtp_dangerously_without_tls and (host not in _THIS_MACHINE or parts.scheme == "smtps"):
            msg = (
                "GATEPOST_SMTP_DANGEROUSLY_WITHOUT_TLS is for smtp:// to a server on this machine: unset it, "
                "mails hold links that open accounts"
            )
            raise ConfigurationError(msg)
        return SmtpPolicy(
            host=host,
            port=port or _PORTS[parts.scheme],
            sender=self.mail_sender(),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            is_tls_from_the_start=parts.scheme == "smtps",
            is_clear=self.smtp_dangerously_without_tls,
            ca_file=self.smtp_ca_file,
            timeout=self.smtp_timeout,
        )
