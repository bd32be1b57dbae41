"""A forgotten password: what the mail allows, once, and what dies with the old one."""

from typing import Any
from uuid import UUID

import pytest

from gatepost.core.outbox.worker import OutboxWorker
from gatepost.core.proofs import ProofKind
from gatepost.core.users import NewUser
from gatepost.events import EmailVerified, IdentityUnlinked, PasswordChanged
from gatepost.kernel.ids import uuid7
from gatepost.storage.unit_of_work import unit_of_work
from tests.harness import EMAIL, PASSWORD, Running, around, bearer, running
from tests.identities.elsewhere import HERE, account, enter, events, made, redeemed
from tests.recovery.mailing import code, delivered, token, tokens

pytestmark = pytest.mark.anyio
PAGE = "reset-password"
NEW = "another long password"


async def forgot(it: Running, email: str = EMAIL) -> None:
    assert (await it.client.post("/auth/password/forgot", json={"email": email})).status_code == 202


async def reset(it: Running, new_password: str = NEW, **proof: str) -> int:
    body = {"new_password": new_password, **proof}
    return (await it.client.post("/auth/password/reset", json=body)).status_code


async def asked(it: Running, email: str = EMAIL) -> str:
    await forgot(it, email)
    return await token(it, PAGE, email)


async def test_a_reset_sets_the_password_and_ends_every_session(database_url: str) -> None:
    async with running(database_url) as it:
        heard: list[Any] = []
        it.gate.on(PasswordChanged)(heard.append)
        it.gate.on(EmailVerified)(heard.append)
        tokens_before = await it.enrolled()
        browser = it.browser()
        await browser.post("/auth/login", json={"identifier": EMAIL, "password": PASSWORD})
        proof = await asked(it)

        assert await reset(it, token=proof) == 204
        assert (await it.principal(tokens_before["access_token"])).status_code == 401
        assert (await it.refresh(tokens_before["refresh_token"])).status_code == 400
        assert (await browser.get("/principal")).status_code == 401
        assert it.value("SELECT count(*) FROM gatepost_session WHERE revoked_at IS NULL") == 0
        assert (await it.login()).status_code == 401
        assert (await it.login(password=NEW)).status_code == 200
        assert [type(event) for event in heard] == [EmailVerified, PasswordChanged]
        assert it.value("SELECT count(*) FROM gatepost_audit WHERE event = 'password.reset'") == 1
        assert "not-me" in (await delivered(it))[-1].body, "the owner is told, and can say that it was not them"
        assert await reset(it, token=proof) == 400
        assert it.rows("SELECT detail FROM gatepost_audit WHERE event = 'proof.refused'") == [
            ('{"purpose": "reset_password", "code": "proof.refused"}',)
        ]
        await browser.aclose()


async def test_a_reset_opens_no_session(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        await it.register()
        body = {"token": await asked(it), "new_password": NEW}
        answer = await it.client.post("/auth/password/reset", json=body)
        assert (answer.status_code, answer.content, "set-cookie" in answer.headers) == (204, b"", False)


async def test_a_code_resets_where_mails_hold_codes(database_url: str) -> None:
    async with running(database_url, email_proof="code") as it:
        await it.register()
        await delivered(it)
        await forgot(it)
        digits = await code(it, EMAIL)
        assert await reset(it, email="nobody@example.com", code=digits) == 400
        assert await reset(it, email=EMAIL, code=digits) == 204
        assert (await it.login(password=NEW)).status_code == 200


async def test_five_wrong_codes_make_the_right_one_useless(database_url: str) -> None:
    async with running(database_url, email_proof="code") as it:
        await it.register()
        await delivered(it)
        await forgot(it)
        digits = await code(it, EMAIL)
        wrong = f"{(int(digits) + 1) % 1_000_000:06}"
        assert [await reset(it, email=EMAIL, code=wrong) for _ in range(5)] == [400] * 5
        assert await reset(it, email=EMAIL, code=digits) == 400
        assert (await it.login()).status_code == 200


@pytest.mark.parametrize("how", ["link", "code"])
@pytest.mark.parametrize("bad", ["short", EMAIL, "ada lovelace", "line\nbreak"])
async def test_a_password_that_may_not_be_chosen_does_not_use_the_proof_up(sqlite_url: str, how: str, bad: str) -> None:
    async with running(sqlite_url, email_proof=how) as it:
        await it.gate.create_user(email=EMAIL, password=PASSWORD, full_name="Ada Lovelace")
        await delivered(it)
        await forgot(it)
        by_code = {"email": EMAIL, "code": await code(it, EMAIL)} if how == "code" else {}
        proof = by_code or {"token": await token(it, PAGE)}
        assert await reset(it, bad, **proof) == 422
        assert await reset(it, **proof) == 204


async def test_a_reset_gives_somebody_without_a_password_their_first(database_url: str) -> None:
    async with running(database_url) as it:
        assert await it.core.users.create(NewUser(email=EMAIL)) is not None
        first, second = await asked(it), await asked(it)
        assert await reset(it, token=first) == 400
        assert await reset(it, token=second) == 204
        assert (await it.login(password=NEW)).status_code == 200


async def test_a_reset_proves_the_mailbox(database_url: str) -> None:
    async with running(database_url) as it:
        await it.register()
        pending = await token(it, "verify-email")
        assert await reset(it, token=await asked(it)) == 204
        assert bool(it.value("SELECT email_verified FROM gatepost_user"))
        assert (await it.client.post("/auth/email/verify", json={"token": pending})).status_code == 400


async def test_a_reset_lets_the_owner_in_whose_budget_somebody_spent(database_url: str) -> None:
    async with running(database_url, login_budget_pair="3/86400", login_budget_account="6/86400") as it:
        await it.register()
        assert [(await it.login(password="wrong")).status_code for _ in range(4)] == [401, 401, 401, 429]
        assert await reset(it, token=await asked(it)) == 204
        assert (await it.login(password=NEW)).status_code == 200


async def test_a_lifted_duty_to_change_the_password_is_over(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        await it.register()
        it.rows("UPDATE gatepost_password SET must_change = 1")
        assert await reset(it, token=await asked(it)) == 204
        assert it.value("SELECT must_change FROM gatepost_password") == 0


async def test_unknown_and_disabled_people_get_no_mail(sqlite_url: str) -> None:
    async with running(sqlite_url, email_verification="off") as it:
        user = await it.gate.create_user(email=EMAIL, password=PASSWORD)
        assert user is not None
        await it.gate.users.disable(user.id)
        for address in (EMAIL, "nobody@example.com"):
            await forgot(it, address)
        assert await delivered(it) == []


async def test_a_proof_of_a_user_who_is_disabled_meanwhile_is_refused(database_url: str) -> None:
    async with running(database_url) as it:
        user_id = UUID((await it.register()).json()["id"])
        proof = await asked(it)
        await it.gate.users.disable(user_id)
        assert await reset(it, token=proof) == 400
        await it.gate.users.enable(user_id)
        assert (await it.login()).status_code == 200


@pytest.mark.parametrize("kind", [kind for kind in ProofKind if kind is not ProofKind.DISOWN])
async def test_every_other_proof_of_the_user_dies_with_a_reset(database_url: str, kind: ProofKind) -> None:
    async with running(database_url) as it:
        user_id = UUID((await it.register()).json()["id"])
        await delivered(it)
        issued = await it.core.proofs.issue(kind, user_id, proof_id=uuid7(it.clock.now_ms()), email=EMAIL)
        assert issued is not None
        await it.core.proofs.look(kind, issued.token)
        assert await reset(it, token=await asked(it)) == 204
        with pytest.raises(Exception, match=r"proof\.refused"):
            await it.core.proofs.look(kind, issued.token)


async def test_this_was_not_me_outlives_a_reset(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        user_id = UUID((await it.register()).json()["id"])
        issued = await it.core.proofs.issue(ProofKind.DISOWN, user_id, proof_id=uuid7(it.clock.now_ms()), email=EMAIL)
        assert issued is not None
        assert await reset(it, token=await asked(it)) == 204
        assert (await it.core.proofs.look(ProofKind.DISOWN, issued.token)).email == EMAIL


async def test_a_mail_that_is_sent_again_does_not_bring_a_dead_proof_back(database_url: str) -> None:
    async with running(database_url, email_verification="off") as it:
        user_id = UUID((await it.register()).json()["id"])
        proof_id = uuid7(it.clock.now_ms())
        issued = await it.core.proofs.issue(ProofKind.RESET_PASSWORD, user_id, proof_id=proof_id, email=EMAIL)
        assert issued is not None
        async with unit_of_work(it.core.database, it.core.listeners) as work:
            await it.core.proofs.void(work, ProofKind.RESET_PASSWORD, user_id)
        again = await it.core.proofs.issue(ProofKind.RESET_PASSWORD, user_id, proof_id=proof_id, email=EMAIL)
        assert again is None
        assert await reset(it, token=issued.token) == 400


async def test_the_mailbox_that_was_a_user_s_gets_no_proof_over_the_account(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address changes after the worker has read it and before the proof is issued."""
    async with running(database_url, email_verification="off") as it:
        await it.register()
        users = it.core.users

        async def move(_: object) -> None:
            it.rows(f"UPDATE gatepost_user SET email = 'new@example.com' WHERE email = '{EMAIL}'")

        monkeypatch.setattr(users, "find", around(users.find, after=move))
        await forgot(it)
        assert await tokens(it, PAGE) == []
        assert it.value("SELECT count(*) FROM gatepost_proof") == 0


async def test_a_failed_delivery_mails_the_same_proof_again(database_url: str) -> None:
    async with running(database_url, email_verification="off") as it:
        await it.register()
        core, sent = it.core, []

        class Fails:
            async def send(self, mail: Any) -> None:  # noqa: ANN401 - a mail
                sent.append(mail)
                raise OSError

        await forgot(it)
        it.clock.advance(0)
        await OutboxWorker(core.database, core.keys, core.desk, Fails()).send_one()
        it.clock.advance(60)
        proof = await token(it, PAGE)
        assert all(proof in mail.body for mail in sent)
        assert await reset(it, token=proof) == 204


async def test_an_old_link_says_so_before_anything_is_hashed(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(sqlite_url) as it:
        await it.register()
        proof = await asked(it)
        it.clock.advance(1801)
        hashed: list[object] = []
        hasher = it.core.passwords.hasher

        async def count() -> None:
            hashed.append(1)

        monkeypatch.setattr(hasher, "hash", around(hasher.hash, before=count))
        assert await reset(it, token=proof) == 400
        assert hashed == []


async def test_a_password_change_makes_the_link_useless(database_url: str) -> None:
    async with running(database_url) as it:
        access = (await it.enrolled())["access_token"]
        proof = await asked(it)
        change = {"current_password": PASSWORD, "new_password": NEW}
        done = await it.client.post("/auth/password/change", json=change, headers=bearer(access))
        assert done.status_code == 204
        assert await reset(it, "a third long password", token=proof) == 400
        assert (await it.login(password=NEW)).status_code == 200


async def test_a_reset_that_proves_the_mailbox_leaves_no_account_elsewhere_of_who_registered_it(
    database_url: str,
) -> None:
    async with running(database_url) as it:
        heard: list[Any] = []
        it.gate.on(IdentityUnlinked)(heard.append)
        user_id = await made(it, verified=False)
        planted = await it.signed_in()
        session_id = UUID((await it.principal(planted["access_token"])).json()["sid"])
        mallory = account(subject="mallory", email="mallory@example.com")
        await it.core.identities.link(redeemed(it, mallory), user_id, session_id, HERE)

        assert await reset(it, token=await asked(it)) == 204
        assert it.rows("SELECT subject FROM gatepost_identity") == []
        assert (await enter(it, mallory)).grant.user_id != user_id
        assert [(event.user_id, event.subject) for event in heard] == [(user_id, "mallory")]
        assert events(it) == ["identity.linked", "identity.unlinked", "identity.linked"]


async def test_a_reset_leaves_the_accounts_elsewhere_of_who_had_proved_the_mailbox(database_url: str) -> None:
    async with running(database_url) as it:
        opened = await enter(it)
        assert await reset(it, token=await asked(it)) == 204
        assert (await enter(it)).grant.user_id == opened.grant.user_id
        assert events(it) == ["identity.linked"]
