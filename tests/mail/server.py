"""A real mail server on this machine, in this loop: aiosmtpd with STARTTLS, a certificate, a password, and moods."""

import asyncio
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, WORD = "gate", "post & word"
ACCEPTED = "250 OK"
Mood = Callable[["MailServer"], Awaitable[str]]


@dataclass
class MailServer:
    """What arrived, and how the next mails are answered.

    Attributes:
        on_recipient: what each RCPT is answered.
        moods: what each DATA is answered, in turn; accepted when there is none left.
    """

    port: int = 0
    ca_file: str = ""
    on_recipient: str = ACCEPTED
    moods: list[str | Mood] = field(default_factory=list)
    received: list[EmailMessage] = field(default_factory=list)
    seen: list[EmailMessage] = field(default_factory=list)
    options: list[list[str]] = field(default_factory=list)
    helos: list[str] = field(default_factory=list)
    transports: list[asyncio.BaseTransport | None] = field(default_factory=list)

    def url(self, scheme: str = "smtp", user: str = USER, word: str = "post%20%26%20word") -> str:
        return f"{scheme}://{user}:{word}@localhost:{self.port}"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.on_recipient == ACCEPTED:
            envelope.rcpt_tos.append(address)
        return self.on_recipient.format(address=address)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=SMTPUTF8)
        assert isinstance(message, EmailMessage)
        message["X-Rcpt"] = envelope.rcpt_tos[0]
        message["X-Mail-From"] = envelope.mail_from or ""
        self.seen.append(message)
        self.options.append(envelope.mail_options)
        self.helos.append(session.host_name or "")
        self.transports = [server.transport]
        mood = self.moods.pop(0) if self.moods else ACCEPTED
        answer = mood if isinstance(mood, str) else await mood(self)
        if answer == ACCEPTED:
            self.received.append(message)
        return answer

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:  # noqa: ANN401
        assert isinstance(data, LoginPassword)
        return AuthResult(success=(data.login, data.password) == (USER.encode(), WORD.encode()))


def cut_off(transport: asyncio.BaseTransport | None) -> None:
    """End a connection without a word."""
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


async def hang_up(server: MailServer) -> str:
    """Cut the connection in the middle of DATA: the client never learns what became of its mail."""
    cut_off(server.transports[0])
    return ACCEPTED


def authority() -> trustme.CA:
    return trustme.CA()


@asynccontextmanager
async def mail_server(
    *,
    ca: trustme.CA | None = None,
    identity: str = "localhost",
    has_starttls: bool = True,
    is_implicit: bool = False,
    has_utf8: bool = True,
    needs_auth: bool = True,
    port: int = 0,
) -> AsyncIterator[MailServer]:
    """Run a mail server on a free port of this machine."""
    ca = ca or authority()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(identity).configure_cert(context)
    has_tls = has_starttls or is_implicit
    it = MailServer()
    with tempfile.TemporaryDirectory(prefix="gatepost-") as folder:
        it.ca_file = str(Path(folder) / "ca.pem")
        ca.cert_pem.write_to_path(it.ca_file)

        connections: list[SMTP] = []

        def connection() -> SMTP:
            connections.append(
                SMTP(
                    it,
                    hostname="mail.test",
                    tls_context=context if has_starttls and not is_implicit else None,
                    require_starttls=has_starttls and not is_implicit,
                    enable_SMTPUTF8=has_utf8,
                    auth_required=needs_auth and not is_implicit,  # it does not know of TLS that is not its own
                    auth_require_tls=has_tls and not is_implicit,
                    authenticator=it.authenticate,
                )
            )
            return connections[-1]

        loop = asyncio.get_running_loop()
        server = await loop.create_server(connection, "127.0.0.1", port, ssl=context if is_implicit else None)
        it.port = server.sockets[0].getsockname()[1]
        try:
            yield it
        finally:
            server.close()
            for each in connections:
                cut_off(each.transport)
