"""Who deletes themselves is told by mail, since afterwards nobody knows whose mailbox it was."""

import pytest

from tests.harness import EMAIL, bearer, running
from tests.recovery.mailing import delivered

pytestmark = pytest.mark.anyio


async def test_a_deletion_is_told_to_the_mailbox_with_no_link(database_url: str) -> None:
    async with running(database_url, email_verification="off") as it:
        tokens = await it.enrolled()
        answer = await it.client.delete("/auth/me", headers=bearer(tokens["access_token"]))
        assert answer.status_code == 204
        (mail,) = await delivered(it)
        assert mail.recipient == EMAIL
        assert "deleted" in mail.subject
        assert "#token=" not in mail.body


async def test_a_deletion_that_is_refused_is_not_told(sqlite_url: str) -> None:
    async with running(sqlite_url, email_verification="off") as it:
        tokens = await it.enrolled()
        it.clock.advance(700)
        answer = await it.client.delete("/auth/me", headers=bearer(tokens["access_token"]))
        assert answer.status_code == 403
        assert await delivered(it) == []
