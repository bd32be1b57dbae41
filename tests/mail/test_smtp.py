"""Sending to a real mail server: over verified TLS or not at all, with headers that programs understand."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest
from aiosmtplib import SMTPException

from gatepost import ConfigurationError, Mail
from gatepost.core.outbox import Undeliverable
from gatepost.core.outbox.smtp import SmtpMailer
from gatepost.kernel.clock import Clock
from tests.harness import settings
from tests.mail.server import MailServer, authority, mail_server

pytestmark = pytest.mark.anyio
TEXT = "Hello,\n\nopen https://localhost/page#token=abc=def\n"
HTML = "<p>Grüße</p>\n"
MAIL = Mail("<0001@localhost>", "ada@example.com", "Grüße aus Köln", TEXT, HTML)


def mailer(server: MailServer, url: str | None = None, **changes: Any) -> SmtpMailer:  # noqa: ANN401 - any setting
    values = {"smtp_url": url or server.url(), "smtp_ca_file": server.ca_file, **changes}
    own = settings("sqlite:///x.db", mail_from="Example GmbH <no-reply@example.com>", **values)
    return SmtpMailer(own.smtp_policy(), Clock())


async def test_a_mail_arrives_over_starttls_with_a_password() -> None:
    async with mail_server() as server:
        await mailer(server).send(MAIL)
    (message,) = server.received
    assert message["From"] == "Example GmbH <no-reply@example.com>"
    assert message["To"] == message["X-Rcpt"] == "ada@example.com"
    assert message["X-Mail-From"] == "no-reply@example.com"
    assert message["Subject"] == "Grüße aus Köln"
    assert message["Message-ID"] == "<0001@localhost>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime.utcoffset().total_seconds() == 0
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content().splitlines() == TEXT.splitlines()
    assert html.get_content().strip() == HTML.strip()
    assert server.helos == ["example.com"]  # not the name of this machine


async def test_a_mail_arrives_over_tls_from_the_start() -> None:
    async with mail_server(is_implicit=True) as server:
        await mailer(server, server.url("smtps")).send(MAIL)
    assert len(server.received) == 1


async def test_a_mail_without_html_is_plain_text() -> None:
    async with mail_server() as server:
        await mailer(server).send(Mail("<1@localhost>", "ada@example.com", "Hello", TEXT))
    assert server.received[0].get_content_type() == "text/plain"


@pytest.mark.parametrize(
    "recipient", ["josé@example.com", "用户@例子.广告".replace("例子.广告", "xn--fsqu00a.xn--55qw42g")]
)
async def test_an_international_address_is_sent_as_rfc_6531_says(recipient: str) -> None:
    async with mail_server() as server:
        await mailer(server).send(Mail("<1@localhost>", recipient, "Grüße", TEXT, HTML))
    (message,) = server.received
    assert message["X-Rcpt"] == recipient
    assert message["To"] == recipient
    assert "SMTPUTF8" in server.options[0]


async def test_an_international_address_is_refused_for_good_by_a_server_that_knows_none() -> None:
    async with mail_server(has_utf8=False) as server:
        with pytest.raises(Undeliverable, match="international"):
            await mailer(server).send(Mail("<1@localhost>", "josé@example.com", "Hello", TEXT))
        await mailer(server).send(MAIL)  # a subject that is not ASCII needs no extension
    assert server.received[0]["Subject"] == "Grüße aus Köln"


async def test_without_starttls_nothing_is_sent_neither_password_nor_mail() -> None:
    async with mail_server(has_starttls=False, needs_auth=False) as server:
        with pytest.raises(SMTPException, match="STARTTLS"):
            await mailer(server).send(MAIL)
        assert server.seen == []
        await mailer(server, smtp_url=f"smtp://localhost:{server.port}", smtp_dangerously_without_tls=True).send(MAIL)
        assert len(server.received) == 1


@pytest.mark.parametrize("is_implicit", [False, True])
@pytest.mark.parametrize("what", ["another authority", "another name"])
async def test_a_certificate_that_is_not_the_servers_ends_it(what: str, is_implicit: bool) -> None:  # noqa: FBT001
    ca = authority()
    identity = "other.example" if what == "another name" else "localhost"
    async with mail_server(ca=ca, identity=identity, is_implicit=is_implicit) as server:
        if what == "another authority":
            authority().cert_pem.write_to_path(server.ca_file)
        with pytest.raises((SMTPException, OSError)):
            await mailer(server, server.url("smtps" if is_implicit else "smtp")).send(MAIL)
        assert server.seen == []


async def test_a_wrong_password_is_tried_again_later() -> None:
    async with mail_server() as server:
        with pytest.raises(SMTPException):
            await mailer(server, server.url(word="wrong")).send(MAIL)
        assert server.seen == []


@pytest.mark.parametrize(
    ("answer", "is_for_good"),
    [
        ("550 5.1.1 {address} does not exist", True),
        ("553 no such mailbox", True),
        ("550 5.7.1 relaying denied", False),
        ("450 4.2.1 come back later", False),
        ("452 full", False),
    ],
)
async def test_a_recipient_that_is_refused(answer: str, is_for_good: bool) -> None:  # noqa: FBT001
    async with mail_server() as server:
        server.on_recipient = answer
        with pytest.raises(Undeliverable if is_for_good else SMTPException) as caught:
            await mailer(server).send(MAIL)
    if is_for_good:
        assert "example.com" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "is_for_good"),
    [("554 5.6.0 no", True), ("552 too big", True), ("554 5.7.1 spam", False), ("451 4.3.0 later", False)],
)
async def test_a_mail_that_is_refused(answer: str, is_for_good: bool) -> None:  # noqa: FBT001
    async with mail_server() as server:
        server.moods = [answer]
        with pytest.raises(Undeliverable if is_for_good else SMTPException):
            await mailer(server).send(MAIL)


async def test_a_goodbye_that_fails_does_not_send_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(*_: object, **__: object) -> None:
        raise ConnectionResetError

    async with mail_server() as server:
        monkeypatch.setattr("aiosmtplib.SMTP.quit", gone)
        await mailer(server).send(MAIL)  # raises nothing: the server has it
    assert len(server.received) == 1


async def test_a_server_that_says_nothing_is_left_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # the system accepts, nobody answers
        port = silent.getsockname()[1]
        own = settings("sqlite:///x.db", smtp_url=f"smtp://localhost:{port}", smtp_timeout=1)
        with pytest.raises(SMTPException):
            await asyncio.wait_for(SmtpMailer(own.smtp_policy(), Clock()).send(MAIL), 10)


@pytest.mark.parametrize("char", ["\r\n", "\n", "\r"])
async def test_a_header_with_a_line_break_is_not_sent(char: str) -> None:
    evil = f"Hello{char}Bcc: eve@evil.example"
    async with mail_server() as server:
        for mail in (
            Mail("<1@localhost>", "ada@example.com", evil, TEXT),
            Mail("<1@localhost>", f"ada@example.com{char}Bcc: eve@evil.example", "Hello", TEXT),
            Mail(f"<1@localhost>{char}Bcc: eve@evil.example", "ada@example.com", "Hello", TEXT),
        ):
            with pytest.raises(ValueError, match=r".+"):
                await mailer(server).send(mail)
        assert server.seen == []


async def test_a_file_of_authorities_that_holds_none_stops_the_start(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing", tmp_path / "empty"):
        (tmp_path / "empty").write_text("")
        own = settings("sqlite:///x.db", smtp_url="smtps://localhost", smtp_ca_file=path)
        with pytest.raises(ConfigurationError, match="GATEPOST_SMTP_CA_FILE"):
            SmtpMailer(own.smtp_policy(), Clock())
