"""Verification: who is mailed, what a proof does, and what waits for it."""

from typing import Any
from uuid import UUID

import pytest

from gatepost import Refused
from gatepost.events import EmailVerified, UserRegistered
from tests.harness import EMAIL, PASSWORD, Running, bearer, running
from tests.recovery.mailing import code, delivered, token, tokens

pytestmark = pytest.mark.anyio
PAGE = "verify-email"
OTHER = "grace@example.com"


async def verify(it: Running, **proof: str) -> int:
    return (await it.client.post("/auth/email/verify", json=proof)).status_code


async def send(it: Running, email: str = EMAIL) -> None:
    assert (await it.client.post("/auth/email/verify/send", json={"email": email})).status_code == 202


def is_verified(it: Running) -> bool:
    return bool(it.value(f"SELECT email_verified FROM gatepost_user WHERE email = '{EMAIL}'"))


def audited(it: Running, event: str) -> int:
    return int(it.value(f"SELECT count(*) FROM gatepost_audit WHERE event = '{event}'"))


async def test_whoever_signs_up_verifies_the_address_by_the_link_that_was_mailed(database_url: str) -> None:
    async with running(database_url) as it:
        heard: list[Any] = []
        it.gate.on(EmailVerified)(lambda event: heard.append(event.email))
        access = (await it.enrolled())["access_token"]
        assert (await it.client.get("/auth/me", headers=bearer(access))).json()["email_verified"] is False
        proof = await token(it, PAGE, EMAIL)
        assert await verify(it, token=proof) == 204
        assert (await it.client.get("/auth/me", headers=bearer(access))).json()["email_verified"] is True, (
            "seen at once, not when a cache ends"
        )
        assert heard == [EMAIL]
        assert audited(it, "email.verified") == 1
        assert await verify(it, token=proof) == 400
        assert audited(it, "email.verified") == 1


async def test_a_code_verifies_where_mails_hold_codes(database_url: str) -> None:
    async with running(database_url, email_proof="code") as it:
        await it.register()
        digits = await code(it, EMAIL)
        assert await verify(it, email=EMAIL.upper(), code=f"{digits[:3]} {digits[3:]}") == 204
        assert is_verified(it)
        assert await verify(it, email=EMAIL, code=digits) == 400


async def test_five_wrong_codes_make_the_right_one_useless(database_url: str) -> None:
    async with running(database_url, email_proof="code") as it:
        await it.register()
        digits = await code(it, EMAIL)
        wrong = f"{(int(digits) + 1) % 1_000_000:06}"
        assert [await verify(it, email=EMAIL, code=wrong) for _ in range(5)] == [400] * 5
        assert await verify(it, email=EMAIL, code=digits) == 400
        assert not is_verified(it)
        await send(it)
        assert await verify(it, email=EMAIL, code=await code(it, EMAIL)) == 204


async def test_where_mails_hold_links_nothing_can_be_guessed(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        await it.register()
        await delivered(it)
        assert await verify(it, email=EMAIL, code="000000") == 400
        assert it.value("SELECT attempts FROM gatepost_proof") == 0


async def test_nobody_is_asked_whose_address_is_known_to_be_their_own_or_who_has_none(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        await it.gate.create_user(email=OTHER, password=PASSWORD, email_verified=True)
        await it.gate.create_user(username="grace", password=PASSWORD)
        assert it.value("SELECT count(*) FROM gatepost_outbox") == 0


async def test_nobody_is_asked_where_verification_is_off(sqlite_url: str) -> None:
    async with running(sqlite_url, email_verification="off") as it:
        await it.register()
        assert it.value("SELECT count(*) FROM gatepost_outbox") == 0
        await send(it)
        assert await verify(it, token=await token(it, PAGE)) == 204


async def test_a_sign_up_that_the_application_refuses_mails_nobody(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:

        async def refuse(event: UserRegistered, connection: object) -> None:
            raise Refused

        it.gate.on(UserRegistered, within=True)(refuse)
        assert (await it.register()).status_code == 409
        assert it.value("SELECT count(*) FROM gatepost_outbox") == 0


async def test_a_newer_mail_takes_the_place_of_the_older_one(database_url: str) -> None:
    async with running(database_url) as it:
        await it.register()
        first = await token(it, PAGE)
        await send(it)
        second = await token(it, PAGE)
        assert second != first
        assert await verify(it, token=first) == 400
        assert await verify(it, token=second) == 204


async def test_asking_again_mails_only_whoever_has_not_verified(sqlite_url: str) -> None:
    async with running(sqlite_url, email_verification="off") as it:
        await it.gate.create_user(email=OTHER, password=PASSWORD, email_verified=True)
        gone = await it.gate.create_user(email=EMAIL, password=PASSWORD)
        assert gone is not None
        await it.gate.users.disable(gone.id)
        for address in (OTHER, EMAIL, "nobody@example.com"):
            await send(it, address)
        assert await delivered(it) == []
        await it.gate.users.enable(gone.id)
        await send(it)
        assert len(await tokens(it, PAGE, EMAIL)) == 1


async def test_a_proof_is_too_old_after_its_lifetime(sqlite_url: str) -> None:
    async with running(sqlite_url, verification_lifetime=3600) as it:
        await it.register()
        proof = await token(it, PAGE)
        it.clock.advance(3601)
        assert await verify(it, token=proof) == 400
        assert not is_verified(it)


async def test_a_disabled_user_verifies_nothing(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        user_id = UUID((await it.register()).json()["id"])
        proof = await token(it, PAGE)
        await it.gate.users.disable(user_id)
        assert await verify(it, token=proof) == 400


class TestRequired:
    """Sign-in waits for verification."""

    async def test_the_right_password_opens_nothing_before_verification(self, database_url: str) -> None:
        async with running(database_url, email_verification="required") as it:
            await it.register()
            answer = await it.login()
            assert (answer.status_code, answer.json()["code"]) == (403, "login.email_not_verified")
            assert "set-cookie" not in answer.headers
            granted = await it.token()
            assert (granted.status_code, granted.json()["error"]) == (400, "invalid_grant")
            assert "Verify" in granted.json()["error_description"]
            assert it.value("SELECT count(*) FROM gatepost_session") == 0
            assert audited(it, "login.succeeded") == 0
            assert audited(it, "login.failed") == 2
            assert await verify(it, token=await token(it, PAGE)) == 204
            assert (await it.login()).status_code == 200
            assert (await it.token()).status_code == 200

    async def test_a_wrong_password_does_not_learn_that_the_address_is_not_verified(self, sqlite_url: str) -> None:
        async with running(sqlite_url, email_verification="required") as it:
            await it.register()
            known, unknown = await it.login(password="wrong one"), await it.login(OTHER, "wrong one")
            assert known.status_code == unknown.status_code == 401
            assert known.json() == unknown.json()
            granted = await it.token(password="wrong one")
            assert granted.json() == (await it.token(OTHER, "wrong one")).json()

    async def test_who_was_made_verified_or_has_no_address_is_not_concerned(self, sqlite_url: str) -> None:
        async with running(sqlite_url, email_verification="required") as it:
            await it.gate.create_user(email=OTHER, password=PASSWORD, email_verified=True)
            await it.gate.create_user(username="grace", password=PASSWORD)
            await it.gate.create_user(username="ada", email=EMAIL, password=PASSWORD)
            assert (await it.login(OTHER)).status_code == 200
            assert (await it.login("grace")).status_code == 200
            assert (await it.login("ada")).status_code == 403

    async def test_a_proof_of_the_mailbox_by_a_reset_is_enough(self, sqlite_url: str) -> None:
        async with running(sqlite_url, email_verification="required") as it:
            await it.register()
            await it.client.post("/auth/password/forgot", json={"email": EMAIL})
            new = {"token": await token(it, "reset-password"), "new_password": "another long password"}
            assert (await it.client.post("/auth/password/reset", json=new)).status_code == 204
            assert (await it.login(password="another long password")).status_code == 200
