"""A change of address: by its owner, recently signed in, from a page of ours, and never unnoticed."""

import pytest

from tests.harness import EMAIL, PASSWORD, bearer, running
from tests.recovery.mailing import delivered, token

pytestmark = pytest.mark.anyio
OTHER = "grace@example.com"


async def test_another_address_needs_a_recent_sign_in_and_the_old_one_is_told(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        await it.gate.create_user(email=EMAIL, password=PASSWORD, email_verified=True)
        access = (await it.signed_in())["access_token"]
        await delivered(it)
        it.clock.advance(601)
        stale = await it.client.post("/auth/email/change", json={"new_email": OTHER}, headers=bearer(access))
        assert (stale.status_code, stale.json()["code"]) == (403, "session.not_fresh")
        access = (await it.signed_in())["access_token"]
        await it.client.post("/auth/email/change", json={"new_email": OTHER}, headers=bearer(access))
        assert it.value("SELECT email FROM gatepost_user") == EMAIL
        proof = {"token": await token(it, "confirm-email", OTHER)}
        await it.client.post("/auth/email/change/confirm", json=proof)
        told = [mail for mail in await delivered(it) if mail.recipient == EMAIL][-1]
        assert ("was changed" in told.subject, "not-me" in told.body) == (True, True)


async def test_a_page_of_another_site_cannot_change_an_address_with_somebody_s_cookie(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        await it.register()
        await it.login()
        headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        for path, body in (("change", {"new_email": OTHER}), ("change/confirm", {"code": "123456"})):
            answer = await it.client.post(f"/auth/email/{path}", json=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "request.cross_site")
