"""How mail leaves is one option; what is chosen is what happens."""

import asyncio
import stat
from email import message_from_bytes
from email.policy import SMTPUTF8
from pathlib import Path
from typing import Any

import pytest

from gatepost import ConfigurationError, Gatepost, Mail, Settings
from gatepost.core.outbox.files import FileMailer
from gatepost.core.outbox.policy import Sender
from gatepost.core.outbox.senders import ConsoleMailer, DevMailbox, NoMailer
from gatepost.gate.mail import default_mailer
from gatepost.kernel.clock import Clock
from tests.harness import PASSWORD, SECRET, eventually, query, settings

pytestmark = pytest.mark.anyio


def production(**changes: Any) -> Settings:  # noqa: ANN401 - any setting
    values = {"env": "production", "secret": SECRET, "public_url": "https://id.example.com", **changes}
    return Settings(_env_file=None, **values)


def test_auto_is_smtp_where_there_is_a_server_and_the_mailbox_in_development() -> None:
    assert settings("sqlite:///x.db").mail_way() == "mailbox"
    assert settings("sqlite:///x.db", smtp_url="smtp://localhost").mail_way() == "smtp"
    assert production(smtp_url="smtp://mail.example.com").mail_way() == "smtp"
    assert production(mail="none").mail_way() == "none"
    assert production(mail="file").mail_way() == "file"


@pytest.mark.parametrize(
    ("url", "host", "port", "user", "word", "is_tls"),
    [
        ("smtp://mail.example.com", "mail.example.com", 587, None, None, False),
        ("smtps://mail.example.com/", "mail.example.com", 465, None, None, True),
        (
            "smtp://me%40x.example:p%2Fw%3A%25@mail.example.com:2525",
            "mail.example.com",
            2525,
            "me@x.example",
            "p/w:%",
            False,
        ),
        ("smtp://[2001:db8::1]:25", "2001:db8::1", 25, None, None, False),
    ],
)
def test_the_url_of_a_server(url: str, host: str, port: int, user: str | None, word: str | None, is_tls: bool) -> None:  # noqa: FBT001
    policy = production(smtp_url=url, mail_from="a@example.com").smtp_policy()
    assert (policy.host, policy.port, policy.username, policy.password) == (host, port, user, word)
    assert (policy.is_tls_from_the_start, policy.is_clear) == (is_tls, False)
    assert word is None or word not in repr(policy)


@pytest.mark.parametrize(
    "url",
    [
        "http://x",
        "mail.example.com",
        "smtp://",
        "smtp://:word-of-mail@",
        "smtp://h:word-of-mail",
        "smtp://h/word-of-mail",
        "smtp://[word-of-mail",
    ],
)
def test_a_url_that_is_none_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError, match="GATEPOST_SMTP_URL") as caught:
        production(smtp_url=url, mail_from="a@example.com").smtp_policy()
    assert "word-of-mail" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "address", "name"),
    [
        ("no-reply@example.com", "no-reply@example.com", "id.example.com"),
        ("Example, Inc. <no-reply@example.com>".replace(",", ""), "no-reply@example.com", "Example Inc."),
        ('"Example, Inc." <no-reply@example.com>', "no-reply@example.com", "Example, Inc."),
        ("Müller <josé@example.com>", "josé@example.com", "Müller"),
    ],
)
def test_who_mails_are_from(given: str, address: str, name: str) -> None:
    assert production(mail="file", mail_from=given).mail_sender() == Sender(address, name)


@pytest.mark.parametrize(
    "given", ["Example", "a@b", "a@example.com\r\nBcc: b@example.com", "a@example.com, b@example.com", "<>"]
)
def test_a_sender_that_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(ConfigurationError, match="GATEPOST_MAIL_FROM"):
        production(mail="file", mail_from=given).mail_sender()


async def test_a_file_of_a_mail_is_its_owners_alone_and_whole(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    mailer = FileMailer(folder, Sender("no-reply@example.com", "Müller & Söhne"), Clock())
    mail = Mail("<0190-ab@localhost>", "josé@example.com", "Grüße", "Text\n", "<p>HTML</p>")
    await mailer.send(mail)
    await mailer.send(mail)  # sent again: the same file
    (path,) = folder.iterdir()
    assert path.name == "0190-ab.eml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    message = message_from_bytes(path.read_bytes(), policy=SMTPUTF8)
    assert message["To"] == "josé@example.com"
    assert message["From"] == "Müller & Söhne <no-reply@example.com>"
    await mailer.send(Mail("</../../evil@localhost>", "a@example.com", "x", "x"))
    assert {each.name for each in folder.iterdir()} == {"0190-ab.eml", "evil.eml"}


@pytest.mark.parametrize(
    ("way", "kind"), [("console", ConsoleMailer), ("mailbox", DevMailbox), ("none", NoMailer), ("file", FileMailer)]
)
async def test_each_way_is_taken(sqlite_url: str, way: str, kind: type) -> None:
    gate: Gatepost[Any] = Gatepost(settings(sqlite_url, mail=way))
    async with gate.lifespan(is_serving=False):
        assert isinstance(default_mailer(gate.settings, gate.core), kind)


@pytest.mark.parametrize("way", ["file", "none"])
async def test_the_outbox_is_emptied_on_every_way(
    sqlite_url: str, tmp_path: Path, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mail"
    gate: Gatepost[Any] = Gatepost(settings(sqlite_url, mail=way, mail_folder=folder))
    async with gate.lifespan():
        await gate.create_user(email="ada@example.com", password=PASSWORD)

        async def is_empty() -> bool:
            return query(sqlite_url, "SELECT count(*) FROM gatepost_outbox") == [(0,)]

        await eventually(is_empty, within=10)
        assert gate.mailbox_key == ""  # no page either
    files = list(await asyncio.to_thread(lambda: list(folder.glob("*.eml"))))
    assert len(files) == (1 if way == "file" else 0)
    assert "Confirm" not in capsys.readouterr().err
