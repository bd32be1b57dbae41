"""A mail is in the language of its user: of their sign-up, or what they chose since."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.core.outbox import Job, MailKind
from gatepost.kernel.errors import InvalidInput
from gatepost.kernel.ids import uuid7
from gatepost.kernel.languages import language_tag, preferred_language
from tests.harness import EMAIL, PASSWORD, Running, bearer, running

pytestmark = pytest.mark.anyio
GERMAN, ENGLISH = "Ihr Passwort für localhost wurde geändert", "Your password for localhost was changed"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", None),
        ("de", "de"),
        ("de-CH, de;q=0.9, en;q=0.8", "de-CH"),
        ("en;q=0.5, fr;q=0.7, de;q=0.7", "fr"),
        ("en;q=0, *", None),
        ("*", None),
        ("en;q=2, de;q=0.1", "de"),
        ("en;q=abc", None),
        ("<script>, \x00, de", "de"),
        ("x" * 5000 + ", de", None),
        (", ,;,", None),
    ],
)
def test_the_language_that_a_request_would_like_best(header: str, expected: str | None) -> None:
    assert preferred_language(header) == expected


@given(st.text())
def test_any_header_gives_a_tag_that_can_be_stored_or_none(header: str) -> None:
    found = preferred_language(header)
    assert found is None or language_tag(found) == found


async def subject(it: Running, **job: str) -> str:
    user = await it.core.users.find(EMAIL)
    assert user is not None
    who = {"address": EMAIL} if job.pop("by", "") == "address" else {"user_id": user.id}
    mail = await it.core.desk.compose(
        uuid7(it.clock.now_ms()),
        Job(kind=MailKind.PASSWORD_CHANGED, **who, **job),  # type: ignore[arg-type]
    )
    assert mail is not None
    return mail.subject


async def signed_up(it: Running, accept: str) -> dict[str, str]:
    account = {"email": EMAIL, "password": PASSWORD}
    answer = await it.client.post("/auth/register", json=account, headers={"Accept-Language": accept})
    assert answer.status_code == 201, answer.text
    return bearer((await it.signed_in())["access_token"])


async def test_sign_up_remembers_the_language_and_the_user_may_change_it(database_url: str) -> None:
    async with running(database_url) as it:
        headers = await signed_up(it, "de-AT,de;q=0.9")
        assert (await it.client.get("/auth/me", headers=headers)).json()["locale"] == "de-AT"
        assert await subject(it) == await subject(it, by="address") == GERMAN
        assert await subject(it, locale="en") == GERMAN  # what a stranger asks for does not count
        changed = await it.client.patch("/auth/me", json={"locale": "en-GB"}, headers=headers)
        assert changed.json()["locale"] == "en-GB"
        assert await subject(it) == ENGLISH
        other = await it.client.patch("/auth/me", json={"full_name": "Ada"}, headers=headers)
        assert other.json()["locale"] == "en-GB"
        assert (await it.client.patch("/auth/me", json={"locale": None}, headers=headers)).json()["locale"] is None
        assert await subject(it, locale="de") == GERMAN
        assert await subject(it) == ENGLISH


async def test_the_setting_speaks_where_nobody_else_does(sqlite_url: str) -> None:
    async with running(sqlite_url, locale="de") as it:
        await signed_up(it, "")
        assert await subject(it) == GERMAN
        assert await subject(it, locale="en") == ENGLISH


@pytest.mark.parametrize("locale", ["d", "de_DE", "de-", "<b>", "x" * 40, "../de", "de\n", "dé"])
async def test_what_is_no_language_tag_is_refused(sqlite_url: str, locale: str) -> None:
    async with running(sqlite_url) as it:
        headers = await signed_up(it, "de")
        answer = await it.client.patch("/auth/me", json={"locale": locale}, headers=headers)
        if locale.strip() == "de":
            assert answer.json()["locale"] == "de"
        else:
            assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")


def test_a_tag_is_trimmed_and_nothing_else() -> None:
    assert language_tag(" zh-Hant-TW ") == "zh-Hant-TW"
    with pytest.raises(InvalidInput, match="locale"):
        language_tag("zh Hant")
