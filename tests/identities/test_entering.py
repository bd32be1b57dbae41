"""Entering with an account elsewhere: what the table says, carried out in the database."""

import uuid
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from gatepost import Refused
from gatepost.core.identities.errors import AccountUnusable, EmailUnverified, LinkRequired, NoAccount
from gatepost.core.sessions.flow import Opened
from gatepost.events import EmailVerified, IdentityLinked, SignedIn, UserRegistered
from gatepost.kernel.errors import LoginFailed
from tests.harness import EMAIL, PASSWORD, running
from tests.identities.elsewhere import (
    OTHER_ISSUER,
    UNVERIFIED,
    VERIFIED_ONCE,
    access,
    account,
    counts,
    enter,
    events,
    made,
    policy,
)
from tests.recovery.mailing import delivered, token

pytestmark = pytest.mark.anyio


async def test_a_new_account_makes_a_user_with_its_address_and_no_password(database_url: str) -> None:
    async with running(database_url) as it:
        heard: list[object] = []
        for event in (UserRegistered, IdentityLinked, SignedIn):
            it.gate.on(event)(heard.append)
        opened = await enter(it)
        user = await it.gate.users.get(opened.grant.user_id)
        assert user is not None
        assert (user.email, user.email_verified, user.username) == (EMAIL, True, None)
        assert (user.full_name, user.locale, user.roles) == ("Ada Lovelace", "de", frozenset())
        assert it.rows("SELECT * FROM gatepost_password") == []
        assert it.rows("SELECT issuer, subject, provider, email, name FROM gatepost_identity") == [
            ("https://idp.example", "subject-1", "idp", EMAIL, "ada")
        ]
        assert it.value("SELECT amr FROM gatepost_session") == "fed"
        assert [type(event) for event in heard] == [UserRegistered, IdentityLinked, SignedIn]
        assert events(it) == ["identity.linked"]
        assert await access(it, opened) == 200
        assert await delivered(it) == []


async def test_the_same_account_is_the_same_user_for_ever(database_url: str) -> None:
    async with running(database_url) as it:
        first = await enter(it)
        again = await enter(it, account(email="new@example.com", username="countess"))
        assert again.grant.user_id == first.grant.user_id
        assert counts(it) == (1, 1, 2)
        assert it.rows("SELECT email, name FROM gatepost_identity") == [("new@example.com", "countess")]
        user = await it.gate.users.get(first.grant.user_id)
        assert user is not None
        assert user.email == EMAIL  # what is shown elsewhere moves nobody's account


@pytest.mark.parametrize("given", [{"email": None}, UNVERIFIED], ids=["absent", "unverified"])
async def test_without_a_verified_address_a_user_is_made_without_one(database_url: str, given: dict[str, Any]) -> None:
    async with running(database_url) as it:
        owner = await made(it, verified=True)
        opened = await enter(it, account(**given))
        assert opened.grant.user_id != owner
        user = await it.gate.users.get(opened.grant.user_id)
        assert user is not None
        assert (user.email, user.email_verified, user.username) == (None, False, "ada")


@pytest.mark.parametrize("is_known", [True, False])
async def test_where_sign_in_waits_for_an_address_an_unverified_one_is_refused_alike(
    database_url: str,
    is_known: bool,  # noqa: FBT001 - a parameter
) -> None:
    async with running(database_url, email_verification="required") as it:
        if is_known:
            await made(it, verified=True)
        before = counts(it)
        with pytest.raises(EmailUnverified) as refused:
            await enter(it, account(**UNVERIFIED))
        assert (refused.value.code, refused.value.text) == ("social.email_unverified", EmailUnverified.public)
        assert counts(it) == before
        assert events(it) == ["identity.refused"]
        assert it.rows("SELECT subject_id FROM gatepost_audit WHERE event = 'identity.refused'") == [(None,)]


async def test_where_sign_in_waits_for_an_address_a_verified_one_is_enough(database_url: str) -> None:
    async with running(database_url, email_verification="required") as it:
        assert await access(it, await enter(it)) == 200


async def test_a_closed_provider_lets_in_who_is_known_and_makes_nobody(database_url: str) -> None:
    async with running(database_url) as it:
        first = await enter(it)
        closed = policy(signs_up=False)
        assert (await enter(it, provider=closed)).grant.user_id == first.grant.user_id
        with pytest.raises(NoAccount):
            await enter(it, account(subject="subject-2", email="new@example.com"), provider=closed)
        assert counts(it)[0] == 1


async def test_an_authoritative_address_links_its_verified_owner_and_tells_them(database_url: str) -> None:
    async with running(database_url) as it:
        owner = await made(it, verified=True)
        opened = await enter(it)
        assert opened.grant.user_id == owner
        assert (await it.token()).status_code == 200  # the password stays
        mail = (await delivered(it))[0]
        assert (mail.recipient, "Example" in mail.body, "not-me#token=" in mail.body) == (EMAIL, True, True)
        assert events(it) == ["identity.linked"]
        assert await access(it, opened) == 200


@pytest.mark.parametrize(
    ("given", "changes"),
    [(VERIFIED_ONCE, {}), ({}, {"links_by_address": False})],
    ids=["verified once", "switched off"],
)
async def test_a_weaker_word_links_nobody(database_url: str, given: dict[str, Any], changes: dict[str, Any]) -> None:
    async with running(database_url) as it:
        owner = await made(it, verified=True)
        with pytest.raises(LinkRequired):
            await enter(it, account(**given), provider=policy(**changes))
        assert counts(it) == (1, 0, 0)
        assert it.rows("SELECT count(*) FROM gatepost_audit WHERE event = 'identity.refused'") == [(1,)]
        subject = it.value("SELECT subject_id FROM gatepost_audit WHERE event = 'identity.refused'")
        assert uuid.UUID(str(subject)) == owner


async def test_a_preregistered_account_is_voided_and_then_theirs(database_url: str) -> None:
    async with running(database_url) as it:
        user_id = await made(it, verified=False, username="mallory")
        planted = await it.signed_in()
        key = await it.client.post("/auth/api-keys", json={"name": "k"}, headers=_bearer(planted))
        assert key.status_code == 201, key.text
        change = {"new_email": "mallory@example.com"}
        asked = await it.client.post("/auth/email/change", json=change, headers=_bearer(planted))
        assert asked.status_code == 202
        await it.client.post("/auth/password/forgot", json={"email": EMAIL})
        reset, confirm = await token(it, "reset-password", EMAIL), await token(it, "confirm-email")
        heard: list[object] = []
        it.gate.on(EmailVerified)(heard.append)

        living = "SELECT count(*) FROM gatepost_proof WHERE consumed_at IS NULL"
        assert it.value(living) > 0
        opened = await enter(it)
        assert it.value(f"{living} AND purpose <> 'disown'") == 0
        assert opened.grant.user_id == user_id
        assert await access(it, opened) == 200
        user = await it.gate.users.get(user_id)
        assert user is not None
        assert (user.email, user.email_verified) == (EMAIL, True)
        assert (await it.token()).status_code == 400
        assert (await it.principal(planted["access_token"])).status_code == 401
        assert (await it.refresh(planted["refresh_token"])).status_code == 400
        assert (await it.principal(key.json()["key"])).status_code == 401
        assert it.rows("SELECT * FROM gatepost_password") == []
        given = {"token": reset, "new_password": "mallory's other password"}
        assert (await it.client.post("/auth/password/reset", json=given)).status_code == 400
        assert (await it.client.post("/auth/email/change/confirm", json={"token": confirm})).status_code == 400
        assert it.value("SELECT count(*) FROM gatepost_device") <= 1
        assert len(heard) == 1


async def test_other_accounts_of_who_preregistered_go_with_the_rest(database_url: str) -> None:
    async with running(database_url) as it:
        mallory = await enter(it, account(subject="mallory", email="mallory@example.com"))
        # However an account comes to have an address that nobody has proved: it is void.
        it.rows(f"UPDATE gatepost_user SET email = '{EMAIL}', email_verified = false")
        opened = await enter(it, account(subject="victim"))
        assert opened.grant.user_id == mallory.grant.user_id
        assert await access(it, mallory) == 401
        assert it.rows("SELECT subject FROM gatepost_identity") == [("victim",)]
        back = await enter(it, account(subject="mallory", email="mallory@example.com"))
        assert back.grant.user_id != opened.grant.user_id


async def test_a_disabled_user_enters_by_nothing(database_url: str) -> None:
    async with running(database_url) as it:
        opened = await enter(it)
        await it.gate.users.disable(opened.grant.user_id)
        for given in (account(), account(subject="subject-2"), account(issuer=OTHER_ISSUER)):
            with pytest.raises(LoginFailed):
                await enter(it, given)
        assert counts(it)[:2] == (1, 1)
        assert events(it) == ["identity.linked"] + ["identity.refused"] * 3


async def test_a_deleted_user_comes_back_as_somebody_new(database_url: str) -> None:
    async with running(database_url) as it:
        opened = await enter(it)
        await it.gate.users.delete(opened.grant.user_id)
        assert counts(it) == (0, 0, 0)
        assert (await enter(it)).grant.user_id != opened.grant.user_id


async def test_what_a_host_refuses_is_refused_in_its_own_words_and_leaves_nothing(database_url: str) -> None:
    async with running(database_url) as it:

        @it.gate.on(UserRegistered, within=True)
        async def refuse(event: UserRegistered, connection: AsyncConnection) -> None:
            if event.email == EMAIL:
                raise Refused(public="Only for members of the club.")

        with pytest.raises(Refused) as refused:
            await enter(it)
        assert refused.value.text == "Only for members of the club."
        assert counts(it) == (0, 0, 0)
        await enter(it, account(email="member@example.com"))
        assert counts(it) == (1, 1, 1)


@pytest.mark.parametrize(
    "proposed",
    ["taken", "TAKEN", "no spaces allowed", "a" * 90, "\u202e", "\u0440\u0430ypal", "", "x@example.com", None],
)
async def test_a_username_that_is_unusable_or_taken_is_made_up(sqlite_url: str, proposed: str | None) -> None:
    async with running(sqlite_url) as it:
        await made(it, email="other@example.com", verified=True, username="taken")
        opened = await enter(it, account(email=None, username=proposed))
        user = await it.gate.users.get(opened.grant.user_id)
        assert user is not None
        assert user.username is not None
        assert user.username.startswith("user-")


@pytest.mark.parametrize(
    "given",
    [{"full_name": "\u202eevil"}, {"full_name": "x" * 500}, {"locale": "<script>"}, {"locale": "x" * 300}],
    ids=["override", "long name", "markup", "long tag"],
)
async def test_what_cannot_be_shown_is_left_out(sqlite_url: str, given: dict[str, Any]) -> None:
    async with running(sqlite_url) as it:
        opened = await enter(it, account(**given))
        user = await it.gate.users.get(opened.grant.user_id)
        assert user is not None
        assert None in {user.full_name, user.locale} or len(user.full_name or "") <= 200


@pytest.mark.parametrize("sid", ["", "x" * 256, "a\0b"], ids=["empty", "long", "nul"])
async def test_a_session_there_that_cannot_be_kept_is_refused(database_url: str, sid: str) -> None:
    async with running(database_url) as it:
        with pytest.raises(AccountUnusable):
            await enter(it, sid=sid)
        assert counts(it) == (0, 0, 0)


async def test_a_required_change_of_the_password_does_not_stop_who_comes_without_it(database_url: str) -> None:
    async with running(database_url) as it:
        owner = await made(it, verified=True)
        await it.core.password_requirement.require_password_change(owner)
        assert await access(it, await enter(it)) == 200
        assert (await it.token(EMAIL, PASSWORD)).status_code == 400


async def test_one_subject_of_two_issuers_is_two_people(database_url: str) -> None:
    async with running(database_url) as it:
        one: Opened = await enter(it, account(email=None))
        two: Opened = await enter(it, account(email=None, issuer=OTHER_ISSUER))
        assert one.grant.user_id != two.grant.user_id


def _bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}
