"""«This was not me» takes an account from a thief, whatever the thief has changed, once."""

import asyncio
import uuid
from collections import Counter

import httpx2
import psycopg
import pytest

from gatepost.core.audit import AuditEvent
from gatepost.core.outbox import Job, MailKind, enqueue_step
from gatepost.events import AccountDisowned, UserDisabled
from gatepost.kernel.ids import uuid7
from tests.api_keys.house import minted, owner, status
from tests.email_sign_in.mailing import asked, refused, sign_in, verified
from tests.harness import EMAIL, PASSWORD, Running, conninfo, eventually, query, running
from tests.recovery.mailing import delivered, token, token_in, tokens

pytestmark = pytest.mark.anyio
THIEF = "thief@example.com"
DISOWNED = f"SELECT count(*) FROM gatepost_audit WHERE event = '{AuditEvent.ACCOUNT_DISOWNED}'"


async def disown(it: Running, token: str) -> httpx2.Response:
    async with it.browser() as browser:
        return await browser.post("/auth/disown", json={"token": token})


async def user_id_of(it: Running) -> uuid.UUID:
    return uuid.UUID(str(it.value("SELECT id FROM gatepost_user ORDER BY created_at, id LIMIT 1")))


async def notice(it: Running, address: str | None = None) -> str:
    """Tell a user something, and return the token of the link in that notice."""
    job = Job(kind=MailKind.PASSWORD_CHANGED, user_id=await user_id_of(it), address=address)
    await it.core.database.hot.run(enqueue_step(it.clock, it.core.keys, job))
    await delivered(it)
    return await token(it, "not-me", address)


def move(it: Running, email: str) -> None:
    """Put another address in the place of the first user's."""
    query(it.database_url, f"UPDATE gatepost_user SET email = '{email}' WHERE email IN ('{EMAIL}', '{THIEF}')")


async def test_it_ends_sessions_and_removes_the_password_until_its_reset(database_url: str) -> None:
    async with running(database_url, email_sign_in=True) as it:
        heard: list[AccountDisowned] = []
        it.gate.on(AccountDisowned)(heard.append)
        await verified(it)
        thief = await it.signed_in()
        await it.login()
        link = await notice(it)
        sign_in_link = await asked(it, it.client)
        answer = await disown(it, link)
        assert answer.status_code == 204, answer.text
        assert (await it.principal(thief["access_token"])).status_code == 401
        assert (await it.refresh(thief["refresh_token"])).status_code == 400
        assert (await it.client.get("/principal")).status_code == 401
        assert (await it.token()).status_code == 400
        assert await refused(it.client, token=sign_in_link) == "proof.refused"
        assert it.value("SELECT count(*) FROM gatepost_device") == 0
        assert it.value(DISOWNED) == 1
        assert len(heard) == 1
        new = {"token": await token(it, "reset-password", EMAIL), "new_password": "another horse battery"}
        assert (await it.client.post("/auth/password/reset", json=new)).status_code == 204
        assert (await it.token(password="another horse battery")).status_code == 200


async def test_of_twenty_at_once_one_is_done(database_url: str) -> None:
    async with running(database_url) as it:
        await verified(it)
        link, other = await notice(it), await notice(it)
        answers = await asyncio.gather(*(disown(it, one) for one in [link, other] * 10))
        assert Counter(answer.status_code for answer in answers) == {204: 1, 400: 19}
        assert it.value(DISOWNED) == 1
        assert it.value("SELECT epoch FROM gatepost_user") == 1
        assert len(await tokens(it, "reset-password")) == 1


async def test_a_sign_in_under_way_opens_nothing(database_url: str) -> None:
    async with running(database_url) as it:
        await verified(it)
        link = await notice(it)
        answers = await asyncio.gather(*(it.token() for _ in range(10)), disown(it, link))
        assert answers[-1].status_code == 204
        for answer in answers[:-1]:
            if answer.status_code == 200:
                assert (await it.principal(answer.json()["access_token"])).status_code == 401


async def test_an_address_that_a_thief_has_changed_comes_back(database_url: str) -> None:
    async with running(database_url) as it:
        await verified(it)
        move(it, THIEF)
        link = await notice(it, EMAIL)
        assert (await disown(it, link)).status_code == 204
        assert it.rows("SELECT email FROM gatepost_user") == [(EMAIL,)]
        told = Counter(mail.recipient for mail in await delivered(it) if "not-me" not in mail.body)
        assert told == {EMAIL: 2, THIEF: 1}
        assert await tokens(it, "reset-password", THIEF) == []
        assert len(await tokens(it, "reset-password", EMAIL)) == 1


async def test_a_thief_who_says_it_first_does_not_take_the_owner_s_word_away(database_url: str) -> None:
    async with running(database_url) as it:
        await verified(it)
        owners = await notice(it, EMAIL)
        move(it, THIEF)
        thiefs, later = await notice(it), await notice(it)
        assert (await disown(it, thiefs)).status_code == 204
        assert (await disown(it, later)).status_code == 400
        assert (await disown(it, owners)).status_code == 204
        assert it.rows("SELECT email FROM gatepost_user") == [(EMAIL,)]


async def test_a_thief_does_not_get_the_address_back_that_the_owner_took_from_him(database_url: str) -> None:
    async with running(database_url) as it:
        await verified(it)
        owners = await notice(it, EMAIL)
        move(it, THIEF)
        thiefs = await notice(it)
        assert (await disown(it, owners)).status_code == 204
        assert (await disown(it, thiefs)).status_code == 400
        assert it.rows("SELECT email FROM gatepost_user") == [(EMAIL,)]


async def test_where_somebody_else_has_the_address_the_account_is_disabled(database_url: str) -> None:
    async with running(database_url) as it:
        heard: list[UserDisabled] = []
        it.gate.on(UserDisabled)(heard.append)
        await verified(it)
        thief = await it.signed_in()
        move(it, THIEF)
        link = await notice(it, EMAIL)
        await it.register(EMAIL)  # the thief keeps the owner from getting it back
        assert (await disown(it, link)).status_code == 204
        assert it.value("SELECT count(*) FROM gatepost_user WHERE disabled_at IS NOT NULL") == 1
        assert (await it.principal(thief["access_token"])).status_code == 401
        assert len(heard) == 1
        assert await tokens(it, "reset-password") == []
        await it.client.post("/auth/password/forgot", json={"email": THIEF})
        assert await tokens(it, "reset-password") == []


async def test_an_address_that_is_taken_at_the_same_moment_breaks_nothing(database_url: str) -> None:
    async with running(database_url) as it:
        await verified(it)
        move(it, THIEF)
        link = await notice(it, EMAIL)
        made, answer = await asyncio.gather(it.register(EMAIL), disown(it, link))
        assert answer.status_code == 204
        assert made.status_code in {201, 409}
        is_disabled = it.value("SELECT count(*) FROM gatepost_user WHERE disabled_at IS NOT NULL") == 1
        assert is_disabled == (made.status_code == 201)


async def test_the_link_dies_after_a_week_and_survives_what_a_thief_changes_first(database_url: str) -> None:
    async with running(database_url) as it:
        await verified(it)
        old, link = await notice(it), await notice(it)
        query(it.database_url, "UPDATE gatepost_password SET changed_at = changed_at + 1")
        it.clock.advance(6 * 86_400)
        assert (await disown(it, link)).status_code == 204
        assert (await disown(it, old)).status_code == 400
        late = await notice(it)
        it.clock.advance(8 * 86_400)
        assert (await disown(it, late)).status_code == 400


async def test_it_tells_with_no_link_that_could_undo_it(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        await verified(it)
        before = len(await delivered(it))
        assert (await disown(it, await notice(it))).status_code == 204
        mails = (await delivered(it))[before + 1 :]
        assert len(mails) == 2
        assert [token_in(mail, "not-me") for mail in mails] == [None, None]


async def test_a_user_of_a_username_alone_signs_in_with_nothing_after_it(sqlite_url: str) -> None:
    async with running(sqlite_url, email_sign_in=True) as it:
        await verified(it)
        assert (await disown(it, await notice(it))).status_code == 204
        assert (await it.login(password=PASSWORD)).status_code == 401
        assert (await sign_in(it.client, token=await asked(it, it.client))).status_code == 200


async def test_it_ends_api_keys(database_url: str) -> None:
    async with running(database_url) as it:
        _, key = await minted(it, await owner(it))
        assert await status(it, key) == 200
        assert (await disown(it, await notice(it))).status_code == 204
        assert await status(it, key) == 401


async def test_an_address_that_is_taken_while_it_is_given_back_is_seen_to_be_taken(postgres_url: str) -> None:
    async with running(postgres_url) as it:
        await verified(it)
        move(it, THIEF)
        link = await notice(it, EMAIL)
        with psycopg.connect(conninfo(postgres_url)) as thief:
            thief.execute(
                "INSERT INTO gatepost_user (id, email, email_verified, epoch, created_at) "
                "VALUES (gen_random_uuid(), %s, false, 0, 0)",
                [EMAIL],
            )
            answer = asyncio.create_task(disown(it, link))

            async def waits() -> bool:
                return bool(it.value("SELECT count(*) FROM pg_locks WHERE NOT granted"))

            await eventually(waits, within=5)
            thief.commit()
        assert (await answer).status_code == 204
        assert it.value("SELECT count(*) FROM gatepost_user WHERE disabled_at IS NOT NULL") == 1


async def test_a_notice_that_is_composed_late_gives_a_thief_no_word_after_the_owner_s(database_url: str) -> None:
    async with running(database_url) as it:
        await verified(it)
        owner = await notice(it, EMAIL)
        waiting = Job(kind=MailKind.EMAIL_CHANGED, user_id=await user_id_of(it), address=THIEF)
        made_before = uuid7(it.clock.now_ms() - 1)
        assert (await disown(it, owner)).status_code == 204
        await it.core.database.hot.run(enqueue_step(it.clock, it.core.keys, waiting, job_id=made_before))
        assert await tokens(it, "not-me", THIEF) == []
        assert THIEF in [mail.recipient for mail in await delivered(it)]
        assert await notice(it, EMAIL), "what happens after it is another matter"


async def test_a_thief_who_says_it_first_does_not_keep_the_link_out_of_the_owner_s_late_notice(
    database_url: str,
) -> None:
    async with running(database_url) as it:
        await verified(it)
        waiting = Job(kind=MailKind.EMAIL_CHANGED, user_id=await user_id_of(it), address=EMAIL)
        made_before = uuid7(it.clock.now_ms() - 1000)
        move(it, THIEF)
        assert (await disown(it, await notice(it, THIEF))).status_code == 204
        await it.core.database.hot.run(enqueue_step(it.clock, it.core.keys, waiting, job_id=made_before))
        assert (await disown(it, await token(it, "not-me", EMAIL))).status_code == 204
        assert it.value("SELECT email FROM gatepost_user") == EMAIL
