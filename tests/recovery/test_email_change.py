"""Another address: only by a proof of its mailbox, and the old one is told."""

from uuid import UUID

import httpx2
import pytest

from gatepost import Origin
from gatepost.core.outbox import Job, MailKind, enqueue_step
from gatepost.core.outbox import store as outbox
from gatepost.core.proofs import ProofKind, ProofRefused
from gatepost.core.sessions.password_reset import reset_password
from gatepost.events import EmailChanged
from gatepost.kernel.ids import uuid7
from tests.harness import EMAIL, PASSWORD, Running, bearer, running
from tests.recovery.mailing import code, delivered, token, tokens
from tests.recovery.work import Work

pytestmark = pytest.mark.anyio
PAGE = "confirm-email"
NEW = "lovelace@example.org"
OTHER = "grace@example.com"


async def ask(it: Running, access: str, email: str = NEW) -> httpx2.Response:
    return await it.client.post("/auth/email/change", json={"new_email": email}, headers=bearer(access))


async def confirm(it: Running, access: str | None = None, **proof: str) -> int:
    headers = bearer(access) if access else {}
    return (await it.client.post("/auth/email/change/confirm", json=proof, headers=headers)).status_code


def addresses(it: Running) -> list[str]:
    return sorted(email for (email,) in it.rows("SELECT email FROM gatepost_user"))


async def test_the_address_changes_by_the_link_in_the_new_mailbox(database_url: str) -> None:
    async with running(database_url) as it:
        heard: list[EmailChanged] = []
        it.gate.on(EmailChanged)(heard.append)
        await it.gate.create_user(email=EMAIL, password=PASSWORD, email_verified=True)
        access = (await it.signed_in())["access_token"]
        await delivered(it)
        answer = await ask(it, access)
        assert (answer.status_code, answer.content) == (202, b"")
        proof = await token(it, PAGE, NEW)
        assert addresses(it) == [EMAIL], "asking changes nothing"

        assert await confirm(it, token=proof) == 204
        me = (await it.client.get("/auth/me", headers=bearer(access))).json()
        assert (me["email"], me["email_verified"]) == (NEW, True)
        assert (await it.login()).status_code == 401
        assert (await it.login(NEW)).status_code == 200
        assert [(event.email, event.old_email) for event in heard] == [(NEW, EMAIL)]
        notices = [mail for mail in await delivered(it) if "was changed" in mail.subject]
        assert [mail.recipient for mail in notices] == [EMAIL], "the old mailbox is told"
        disown = (await tokens(it, "not-me", EMAIL))[-1]
        assert (await it.core.proofs.look(ProofKind.DISOWN, disown)).email == EMAIL
        events = [event for (event,) in it.rows("SELECT event FROM gatepost_audit WHERE event LIKE 'email.%'")]
        assert sorted(events) == ["email.change_requested", "email.changed"]
        assert await confirm(it, token=proof) == 400


async def test_a_code_confirms_for_its_user_who_is_signed_in(database_url: str) -> None:
    async with running(database_url, email_proof="code") as it:
        access = (await it.enrolled())["access_token"]
        other = (await it.enrolled(OTHER))["access_token"]
        await ask(it, access)
        digits = await code(it, NEW)
        assert await confirm(it, code=digits) == 401
        assert await confirm(it, other, code=digits) == 400
        assert await confirm(it, access, code=digits) == 204
        assert addresses(it) == [OTHER, NEW]


async def test_asking_needs_a_recent_sign_in(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        access = (await it.enrolled())["access_token"]
        it.clock.advance(601)
        answer = await ask(it, access)
        assert (answer.status_code, answer.json()["code"]) == (403, "session.not_fresh")
        assert (await it.client.post("/auth/email/change", json={"new_email": NEW})).status_code == 401
        assert it.value("SELECT count(*) FROM gatepost_proof WHERE purpose = 'change_email'") == 0


async def test_whether_somebody_has_the_new_address_is_not_told(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(database_url) as it:
        access = (await it.enrolled())["access_token"]
        await it.register(OTHER)
        await delivered(it)
        await it.client.get("/auth/me", headers=bearer(access))  # the caller's row is in memory from now on
        work = Work(it, monkeypatch)
        free = await ask(it, access, "free@example.com")
        done_for_free = work.of()
        taken = await ask(it, access, OTHER)
        assert (taken.status_code, taken.content) == (free.status_code, free.content) == (202, b"")
        assert work.of() == done_for_free
        monkeypatch.undo()
        await delivered(it)
        assert await tokens(it, PAGE, OTHER) == [], "a user gets no link to another's account"


async def test_an_address_that_somebody_took_meanwhile_is_not_taken_over(database_url: str) -> None:
    async with running(database_url) as it:
        access = (await it.enrolled())["access_token"]
        await ask(it, access)
        proof = await token(it, PAGE, NEW)
        await it.register(NEW)
        assert await confirm(it, token=proof) == 400
        assert addresses(it) == [EMAIL, NEW]
        assert it.value("SELECT count(*) FROM gatepost_audit WHERE event = 'email.changed'") == 0


@pytest.mark.parametrize("kind", [ProofKind.VERIFY_EMAIL, ProofKind.RESET_PASSWORD, ProofKind.SIGN_IN])
async def test_what_was_sent_to_the_old_address_is_void_for_good(database_url: str, kind: ProofKind) -> None:
    async with running(database_url) as it:
        user_id = UUID((await it.register()).json()["id"])
        access = (await it.signed_in())["access_token"]
        await delivered(it)
        issued = await it.core.proofs.issue(kind, user_id, proof_id=uuid7(it.clock.now_ms()), email=EMAIL)
        assert issued is not None
        await it.core.proofs.look(kind, issued.token)
        for address in (NEW, EMAIL):
            await ask(it, access, address)
            assert await confirm(it, token=await token(it, PAGE, address)) == 204
            with pytest.raises(ProofRefused):
                await it.core.proofs.look(kind, issued.token)


async def test_a_newer_request_takes_the_place_of_the_older_one(database_url: str) -> None:
    async with running(database_url) as it:
        access = (await it.enrolled())["access_token"]
        await ask(it, access)
        first = await token(it, PAGE, NEW)
        await ask(it, access, OTHER)
        assert await confirm(it, token=first) == 400
        assert await confirm(it, token=await token(it, PAGE, OTHER)) == 204
        assert addresses(it) == [OTHER]


@pytest.mark.parametrize("when", ["mailed before", "mailed after"])
async def test_a_thief_s_change_dies_with_the_password_however_late_its_mail_is(database_url: str, when: str) -> None:
    """The thief's mail server may refuse the mail for hours, so that it is composed after the owner is back."""
    async with running(database_url) as it:
        user_id = UUID((await it.register()).json()["id"])
        access = (await it.signed_in())["access_token"]
        await delivered(it)
        await ask(it, access)
        if when == "mailed before":
            stolen = await token(it, PAGE, NEW)
        else:
            await it.core.database.hot.run((outbox.lease, {"lease_ms": 60_000, "channel": "mail"}))
            stolen = ""
        proof_id = uuid7(it.clock.now_ms())
        await it.core.proofs.issue(ProofKind.RESET_PASSWORD, user_id, proof_id=proof_id, email=EMAIL)
        await reset_password(
            it.core.services,
            it.core.listeners,
            it.core.proofs,
            kind=ProofKind.RESET_PASSWORD,
            proof_id=proof_id,
            user_id=user_id,
            new_hash=await it.core.passwords.hash("another long password"),
            origin=Origin(),
        )
        it.clock.advance(120)
        assert await tokens(it, PAGE, NEW) == ([stolen] if stolen else []), "what is void is not mailed"
        if stolen:
            assert await confirm(it, token=stolen) == 400
        assert addresses(it) == [EMAIL]


async def test_somebody_with_a_username_gets_a_first_address(database_url: str) -> None:
    async with running(database_url) as it:
        await it.gate.create_user(username="ada", password=PASSWORD)
        access = (await it.signed_in("ada"))["access_token"]
        await ask(it, access)
        assert await confirm(it, token=await token(it, PAGE, NEW)) == 204
        assert addresses(it) == [NEW]
        assert [mail.recipient for mail in await delivered(it)] == [NEW]


async def test_the_address_that_one_has_is_no_change(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        access = (await it.enrolled())["access_token"]
        assert (await ask(it, access, EMAIL.upper())).status_code == 422
        assert (await ask(it, access, "nonsense")).status_code == 422


@pytest.mark.parametrize("ended", ["by itself", "by its owner", "with all others", "by an operator"])
async def test_a_change_dies_with_the_session_that_asked_for_it(database_url: str, ended: str) -> None:
    async with running(database_url) as it:
        user_id = UUID((await it.register()).json()["id"])
        thief, owner = [(await it.signed_in())["access_token"] for _ in range(2)]
        thiefs = (await it.principal(thief)).json()["sid"]
        await ask(it, thief)
        proof = await token(it, PAGE, NEW)
        if ended == "by itself":
            await it.logout(thief)
        elif ended == "by an operator":
            await it.gate.users.sign_out_everywhere(user_id)
        else:
            path = f"/auth/sessions/{thiefs}" if ended == "by its owner" else "/auth/sessions"
            assert (await it.client.delete(path, headers=bearer(owner))).status_code == 204
        assert await confirm(it, token=proof) == 400
        assert addresses(it) == [EMAIL]


async def test_a_change_outlives_the_end_of_another_session(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        access = (await it.enrolled())["access_token"]
        other = (await it.signed_in())["access_token"]
        await ask(it, access)
        proof = await token(it, PAGE, NEW)
        await it.logout(other)
        assert await confirm(it, token=proof) == 204


async def test_a_mailbox_that_was_never_proved_is_told_without_a_way_to_take_the_account(database_url: str) -> None:
    async with running(database_url) as it:
        user_id = UUID((await it.register()).json()["id"])
        access = (await it.signed_in())["access_token"]
        job = Job(kind=MailKind.PASSWORD_CHANGED, user_id=user_id)
        await it.core.database.hot.run(enqueue_step(it.clock, it.core.keys, job))
        before = await token(it, "not-me", EMAIL)
        await ask(it, access)
        assert await confirm(it, token=await token(it, PAGE, NEW)) == 204
        assert "was changed" in [mail for mail in await delivered(it) if mail.recipient == EMAIL][-1].subject
        assert await tokens(it, "not-me", EMAIL) == [before], "the notice of the change has none"
        assert (await it.client.post("/auth/disown", json={"token": before})).status_code == 400
        assert addresses(it) == [NEW]
