"""Mail under attack: words that strangers choose, links in logs, servers in clear, people who are mailed by mistake."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from gatepost import Settings
from gatepost.core.outbox import Job, Mail, MailKind
from gatepost.core.outbox.senders import DevMailbox
from gatepost.core.outbox.words import SAMPLE
from gatepost.kernel.errors import ConfigurationError
from gatepost.kernel.ids import uuid7
from tests.threats.lab import Lab, cookie, running
from tests.threats.wire import JSON

pytestmark = pytest.mark.anyio
PRODUCTION: dict[str, Any] = {"env": "production", "public_url": "https://example.com"}
SENDER: dict[str, Any] = {"mail_from": "no-reply@example.com"}
EVIL = "Your account is at risk: http://evil.example/login or www.evil.example"
UNSAFE: dict[str, tuple[dict[str, Any], str]] = {
    "no way to mail": ({}, "GATEPOST_SMTP_URL=.* or GATEPOST_MAIL=none"),
    "links on the console": ({"mail": "console"}, "GATEPOST_MAIL=console"),
    "a mailbox page": ({"mail": "mailbox"}, "GATEPOST_MAIL=mailbox"),
    "smtp without a server": ({"mail": "smtp", **SENDER}, "GATEPOST_SMTP_URL"),
    "smtp without a sender": ({"smtp_url": "smtp://mail.example.com"}, "GATEPOST_MAIL_FROM"),
    "a server in clear": (
        {"smtp_url": "smtp://mail.example.com", "smtp_dangerously_without_tls": True, **SENDER},
        "GATEPOST_SMTP_DANGEROUSLY_WITHOUT_TLS",
    ),
    "verification without mail": ({"mail": "none", "email_verification": "required"}, "GATEPOST_EMAIL_VERIFICATION"),
}


@pytest.mark.parametrize(("changes", "cure"), UNSAFE.values(), ids=UNSAFE.keys())
async def test_production_does_not_start_without_a_safe_way_to_mail(
    tmp_path: Path, changes: dict[str, Any], cure: str
) -> None:
    async with running(tmp_path):
        pass  # the tables
    with pytest.raises(ConfigurationError, match=cure):
        async with running(tmp_path, **PRODUCTION, **changes):
            pass


async def test_a_command_needs_no_way_to_mail(tmp_path: Path) -> None:
    async with running(tmp_path) as own:
        gate = own.gate
    gate.settings = gate.settings.model_copy(update=PRODUCTION)
    async with gate.lifespan(is_serving=False):
        assert await gate.create_user(email="ada@example.com", password="a long enough phrase")


@pytest.mark.parametrize("host", ["mail.example.com", "192.0.2.1", "localhost.evil.example", "0.0.0.0"])
@pytest.mark.parametrize("is_clear", [False, True])
async def test_development_mails_nobody_beyond_this_machine(tmp_path: Path, host: str, is_clear: bool) -> None:  # noqa: FBT001
    with pytest.raises(ConfigurationError, match="GATEPOST_SMTP_URL"):
        async with running(tmp_path, smtp_url=f"smtp://{host}", smtp_dangerously_without_tls=is_clear):
            pass


async def test_the_password_of_the_mail_server_is_in_no_refusal(tmp_path: Path) -> None:
    for url in ("smtp://me:word-of-mail@mail.example.com", "smtp://me:word-of-mail@[", "imap://me:word-of-mail@x"):
        with pytest.raises(ConfigurationError) as caught:
            async with running(tmp_path, smtp_url=url):
                pass
        assert "word-of-mail" not in str(caught.value)


async def _composed(lab: Lab, kind: MailKind, **details: str) -> Mail:
    """Return a mail as the desk makes it; where a feature would not mail this person, with words of a sample."""
    person = await lab.person(full_name=EVIL)
    user = await lab.gate.users.find(person.email)
    assert user is not None
    job = Job(kind=kind, user_id=user.id, address=person.email, details=details)
    mail = await lab.gate.core.desk.compose(uuid7(lab.gate.clock.now_ms()), job)
    if mail is None:
        words = {**SAMPLE, "link": "https://localhost/page#token=sample", "url": "https://localhost"}
        rendered = lab.gate.core.desk._renderer.render(kind, None, {**words, **details})
        return Mail("<1@localhost>", person.email, rendered.subject, rendered.text, rendered.html)
    return mail


@pytest.mark.parametrize("kind", MailKind)
async def test_nothing_that_somebody_chose_reads_like_a_link_of_ours(lab: Lab, kind: MailKind) -> None:
    words = {
        "ip": EVIL,
        "user_agent": f"Firefox/1 {EVIL}",
        "when": EVIL,
        "name": EVIL,
        "action": EVIL,
        "full_name": EVIL,
    }
    mail = await _composed(lab, kind, **words)
    everything = f"{mail.subject}\n{mail.body}\n{mail.html}"
    assert not re.search(r"evil\.example|://evil|www\.", everything)
    if kind is not MailKind.API_KEY_MADE:  # the name of a key is told, as letters alone
        assert "account is at risk" not in everything


@pytest.mark.parametrize("kind", MailKind)
async def test_a_link_in_a_mail_leads_to_us_alone(lab: Lab, kind: MailKind) -> None:
    mail = await _composed(lab, kind)
    links = re.findall(r"https?://[^\s\"<]+", f"{mail.body}\n{mail.html}")
    assert links
    assert {link for link in links if not re.match(r"https://localhost(/|#|$)", link)} == set()


async def test_markup_in_a_name_is_text_in_a_mail(lab: Lab) -> None:
    mail = await _composed(lab, MailKind.API_KEY_MADE, name='<img src=x onerror="alert(1)">laptop')
    assert "laptop" in (mail.html or "")
    assert "<img" not in (mail.html or "")


async def test_a_word_with_a_line_break_makes_no_header_and_no_line(lab: Lab) -> None:
    plain = await _composed(lab, MailKind.API_KEY_MADE, name="laptop")
    broken = await _composed(lab, MailKind.API_KEY_MADE, name="lap\r\nBcc: eve@evil.example\r\n\r\ntop\u2028x")
    assert len(broken.body.splitlines()) == len(plain.body.splitlines())
    assert len(broken.subject.splitlines()) == 1
    with pytest.raises(ValueError, match="app_name"):
        Settings(app_name="Acme\r\nBcc: eve@evil.example", _env_file=None)


async def test_a_mail_on_the_mailbox_page_runs_nothing(lab: Lab) -> None:
    evil = '"></iframe><script>alert(1)</script><img src=x onerror=alert(1)>'
    await DevMailbox(lab.gate.core.database).send(
        Mail("<1@localhost>", "a@example.com", "x", "https://a.example/?a&b", evil)
    )
    page = (await lab.send("GET", "/auth/dev/mailbox?key=mailbox-key")).body.decode()
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("</iframe>") == page.count('<iframe sandbox=""') == page.count("<iframe")
    assert '<a href="https://a.example/?a&amp;b" rel="noreferrer">' in page


async def test_mails_are_logged_without_address_link_or_words(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    class Failing:
        async def send(self, mail: Mail) -> None:
            msg = f"550 <{mail.recipient}> unknown: {mail.body}"
            raise RuntimeError(msg)

    from gatepost.core.outbox.worker import OutboxWorker

    caplog.set_level(logging.DEBUG)
    person = await lab.person()
    value = await lab.login(person)
    core = lab.gate.core
    for task in core.tasks:  # the lab's own worker would send it to the mailbox
        if "OutboxWorker" in repr(task):
            task.cancel()
    body = json.dumps({"current_password": person.password, "new_password": "another horse battery"}).encode()
    answer = await lab.send("POST", "/auth/password/change", headers=[JSON, cookie(value)], body=body)
    assert answer.status == 204
    worker = OutboxWorker(core.database, core.keys, core.desk, Failing())
    while await worker.send_one():
        pass
    assert "was not sent (attempt 1): RuntimeError" in caplog.text
    for word in (person.email, "token=", "Your password"):
        assert word not in caplog.text
