"""Names: what reads alike is one account, what hides something is refused, and nothing in them is markup."""

import json

import pytest

from gatepost.core.outbox.domain import Mail
from gatepost.core.outbox.senders import DevMailbox
from tests.threats.lab import PASSWORD, Lab, cookie
from tests.threats.wire import JSON, Answer

pytestmark = pytest.mark.anyio
SAME_ADDRESS = [
    ("rené@example.com", "rene\u0301@example.com"),
    ("Case@Example.COM", "case@example.com"),
    ("one@bücher.example", "one@xn--bcher-kva.example"),
    ("two@bu\u0308cher.example", "two@BÜCHER.example"),
]
SAME_USERNAME = [
    ("ada", "\uff21\uff24\uff21"),
    ("zoe\u0308", "zoë"),
    ("KELVIN", "\u212aelvin"),
    ("user1", "user\u0661"),
]
HIDING = ["\u200b", "\u200d", "\ufeff", "\u00ad", "\u202e", "\u2066", "\u0000", "\u000a", "\u3164", "\ufe0f"]


async def _register(lab: Lab, **fields: str) -> Answer:
    return await lab.post_json("/auth/register", json.dumps({"password": PASSWORD, **fields}).encode())


@pytest.mark.parametrize(("one", "other"), SAME_ADDRESS)
async def test_two_spellings_of_an_address_are_one_account(lab: Lab, one: str, other: str) -> None:
    first, second = await _register(lab, email=one), await _register(lab, email=other)
    assert first.status == 201
    assert (second.status, second.code) == (409, "signup.identifier_taken")
    for spelling in (one, other):
        body = json.dumps({"identifier": spelling, "password": PASSWORD}).encode()
        assert (await lab.post_json("/auth/login", body)).json()["id"] == first.json()["id"]


@pytest.mark.parametrize(("one", "other"), SAME_USERNAME)
async def test_two_spellings_of_a_username_are_one_account(lab: Lab, one: str, other: str) -> None:
    assert (await _register(lab, username=one)).status == 201
    assert (await _register(lab, username=other)).code == "signup.identifier_taken"


@pytest.mark.parametrize("char", HIDING)
async def test_a_character_that_hides_is_refused_in_names(lab: Lab, char: str) -> None:
    for fields in (
        {"email": f"ev{char}e@example.com"},
        {"email": f"eve@exa{char}mple.com"},
        {"username": f"ev{char}e"},
    ):
        answer = await _register(lab, **fields)
        assert (answer.status, answer.code) == (422, "request.invalid")


@pytest.mark.parametrize("char", ["\u202e", "\u2066", "\u0000", "\u000a", "\u2028", "\u0007"])
async def test_a_name_for_display_cannot_reorder_or_break_what_stands_around_it(lab: Lab, char: str) -> None:
    value = await lab.login(await lab.person())
    body = json.dumps({"full_name": f"Ad{char}a"}).encode()
    answer = await lab.send("PATCH", "/auth/me", headers=[JSON, cookie(value)], body=body)
    assert (answer.status, answer.code) == (422, "request.invalid")


@pytest.mark.parametrize(
    "name", ["admin\u0430", "p\u0430ypal", "\u0430dmin", "a@b", "<b>", "a b", "a/b", "../a", "-a", "a."]
)
async def test_a_username_that_imitates_or_escapes_is_refused(lab: Lab, name: str) -> None:
    assert (await _register(lab, username=name)).status == 422


@pytest.mark.parametrize(
    "email",
    [
        '"a b"@example.com',
        "a@[127.0.0.1]",
        "a@localhost",
        "a@b@example.com",
        "a@example.com\r\nBcc: x@y.example",
        "@",
        "a@",
        "<a@b.example>",
    ],
)
async def test_an_address_that_a_mailer_could_misread_is_refused(lab: Lab, email: str) -> None:
    assert (await _register(lab, email=email)).status == 422


async def test_the_password_may_not_be_the_name(lab: Lab) -> None:
    for password in ("eve-long-name@example.com", "eve-long-name", "EVE-LONG-NAME"):
        assert (await _register(lab, email="eve-long-name@example.com", password=password)).status == 422


async def test_markup_in_a_mail_is_text_on_the_mailbox_page(lab: Lab) -> None:
    mark = "<script>alert(1)</script>\"'&"
    await DevMailbox(lab.gate.core.database).send(Mail("<id@localhost>", f"{mark}@example.com", mark, mark))
    page = await lab.send("GET", "/auth/dev/mailbox?key=mailbox-key")
    assert page.status == 200
    assert b"<script" not in page.body
    assert page.body.count(b"&lt;script&gt;") == 3
    assert "default-src 'none'" in str(page.header("content-security-policy"))
    assert page.header("x-frame-options") == "DENY"


async def test_a_name_that_is_markup_is_only_ever_json(lab: Lab) -> None:
    value = await lab.login(await lab.person())
    body = json.dumps({"full_name": "<script>alert(1)</script>"}).encode()
    answer = await lab.send("PATCH", "/auth/me", headers=[JSON, cookie(value)], body=body)
    assert answer.status == 200
    assert answer.header("content-type") == "application/json"
