"""Signing up where sign-in waits for verification: one answer, one amount of work, whoever has the address."""

import pytest

from tests.harness import EMAIL, PASSWORD, Running, running
from tests.recovery.mailing import delivered, token
from tests.recovery.work import Work

pytestmark = pytest.mark.anyio
OTHER = "grace@example.com"


async def register(it: Running, **account: str) -> tuple[int, bytes]:
    answer = await it.client.post("/auth/register", json={"password": PASSWORD, **account})
    return answer.status_code, answer.content


async def test_a_new_and_a_taken_address_get_one_answer(database_url: str) -> None:
    async with running(database_url, email_verification="required") as it:
        answers = [
            await it.register(EMAIL),
            await it.register(EMAIL),
            await it.register(EMAIL.upper(), "another long password"),
        ]
        assert {(answer.status_code, answer.content) for answer in answers} == {(202, b"")}
        assert len({tuple(sorted(dict(answer.headers).items())) for answer in answers}) == 1
        assert it.value("SELECT count(*) FROM gatepost_user") == 1


async def test_of_two_who_sign_up_with_one_address_neither_password_counts(database_url: str) -> None:
    async with running(database_url, email_verification="required") as it:
        stranger, owner = "the phrase of a stranger", PASSWORD
        for password in (stranger, owner):
            await it.register(EMAIL, password)
        proved = await it.client.post("/auth/email/verify", json={"token": await token(it, "verify-email")})
        assert proved.status_code == 204, "the owner expects a link, and opens it"
        assert [(await it.login(EMAIL, password)).status_code for password in (stranger, owner)] == [401, 401]
        await it.client.post("/auth/password/forgot", json={"email": EMAIL})
        new = {"token": await token(it, "reset-password"), "new_password": "an entirely new phrase"}
        assert (await it.client.post("/auth/password/reset", json=new)).status_code == 204
        assert (await it.login(EMAIL, "an entirely new phrase")).status_code == 200


async def test_a_stranger_who_signs_up_takes_no_password_of_a_verified_address(database_url: str) -> None:
    async with running(database_url, email_verification="required") as it:
        await it.gate.create_user(email=EMAIL, password=PASSWORD, email_verified=True)
        assert (await it.register(EMAIL, "the phrase of a stranger")).status_code == 202
        assert (await it.login()).status_code == 200


async def test_the_owner_of_a_taken_address_is_told_without_a_word_of_the_stranger(database_url: str) -> None:
    async with running(database_url, email_verification="required") as it:
        await it.gate.create_user(email=EMAIL, password=PASSWORD, email_verified=True)
        words = {"email": EMAIL, "full_name": "Buy at evil example now", "username": "stranger_words"}
        assert await register(it, **words) == (202, b"")
        (mail,) = await delivered(it)
        assert (mail.recipient, "already" in mail.subject) == (EMAIL, True)
        assert "evil" not in mail.body + mail.subject + (mail.html or "")
        assert "stranger_words" not in mail.body
        assert it.value("SELECT count(*) FROM gatepost_audit WHERE event = 'user.registered_again'") == 1


async def test_a_new_and_a_taken_address_cost_the_same_work(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(database_url, email_verification="required") as it:
        await it.gate.create_user(email=EMAIL, password=PASSWORD)
        await delivered(it)
        work = Work(it, monkeypatch)
        await register(it, email=OTHER)
        new = work.of()
        await register(it, email=EMAIL)
        taken = work.of()
        assert new.count("hash") == taken.count("hash") == 1
        assert len(new) == len(taken)
        assert [what for what in new if "bytes" in what] == [what for what in taken if "bytes" in what]


async def test_a_username_is_told_to_be_taken_whoever_has_the_address(sqlite_url: str) -> None:
    async with running(sqlite_url, email_verification="required") as it:
        await it.gate.create_user(email=EMAIL, username="ada", password=PASSWORD)
        taken = [await register(it, email=email, username="ada") for email in (EMAIL, OTHER)]
        assert [status for status, _ in taken] == [409, 409]
        assert taken[0] == taken[1]
        assert [(await register(it, email=email, username="grace"))[0] for email in (EMAIL, OTHER)] == [202, 202]
        assert (await register(it, username="grace"))[0] == 409
        assert (await register(it, username="linus"))[0] == 201


async def test_a_taken_address_of_a_disabled_user_gets_no_mail(sqlite_url: str) -> None:
    async with running(sqlite_url, email_verification="required") as it:
        user = await it.gate.create_user(email=EMAIL, password=PASSWORD, email_verified=True)
        assert user is not None
        await it.gate.users.disable(user.id)
        assert await register(it, email=EMAIL) == (202, b"")
        assert await delivered(it) == []


async def test_an_address_is_mailed_so_often_and_its_budget_does_not_say_whose_it_is(sqlite_url: str) -> None:
    budgets = {"sign_up.subject": "2/3600"}
    async with running(sqlite_url, email_verification="required", budgets=budgets) as it:
        await it.gate.create_user(email=EMAIL, password=PASSWORD, email_verified=True)
        statuses = {
            email: [(await register(it, email=email))[0] for _ in range(4)] for email in (EMAIL, "nobody@example.com")
        }
        assert statuses[EMAIL] == statuses["nobody@example.com"] == [202, 202, 429, 429]
        assert len([mail for mail in await delivered(it) if mail.recipient == EMAIL]) == 2


async def test_a_password_that_may_not_be_chosen_is_refused_whoever_has_the_address(sqlite_url: str) -> None:
    async with running(sqlite_url, email_verification="required") as it:
        await it.gate.create_user(email=EMAIL, password=PASSWORD)
        answers = [await it.register(email, "short") for email in (EMAIL, OTHER)]
        assert {(answer.status_code, answer.content) for answer in answers} == {(422, answers[0].content)}


async def test_where_verification_does_not_come_first_it_is_told(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        assert (await register(it, email=EMAIL))[0] == 201
        assert (await register(it, email=EMAIL))[0] == 409
