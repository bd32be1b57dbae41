"""Notices of what a thief would do say from which address and with what it was done."""

import pytest

from tests.harness import PASSWORD, Running, bearer, running
from tests.recovery.mailing import delivered

pytestmark = pytest.mark.anyio
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
FACTS = ("From the address: 127.0.0.1", "With: Firefox, Linux")


async def newest(it: Running, subject: str) -> str:
    return next(mail.body for mail in reversed(await delivered(it)) if subject in mail.subject)


async def test_the_notice_of_a_new_password_says_from_where_it_was_changed(database_url: str) -> None:
    async with running(database_url) as it:
        access = (await it.enrolled())["access_token"]
        changed = {"current_password": PASSWORD, "new_password": "another long password"}
        headers = {**bearer(access), **BROWSER}
        assert (await it.client.post("/auth/password/change", json=changed, headers=headers)).status_code == 204
        body = await newest(it, "was changed")
        assert all(fact in body for fact in FACTS)


async def test_the_notice_of_a_reused_refresh_token_says_who_presented_it(database_url: str) -> None:
    async with running(database_url, refresh_grace=0) as it:
        stolen = (await it.enrolled())["refresh_token"]
        assert (await it.refresh(stolen)).status_code == 200
        form = {"grant_type": "refresh_token", "refresh_token": stolen}
        assert (await it.client.post("/auth/token", data=form, headers=BROWSER)).status_code == 400
        body = await newest(it, "was ended")
        assert all(fact in body for fact in FACTS)
