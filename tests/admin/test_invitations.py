"""Users that administrators make, and invitations: sent, voided, accepted once."""

import asyncio
import re
from collections import Counter

import httpx2
import pytest

from tests.admin.people import Admin, administered, made, mailed
from tests.harness import EMAIL, PASSWORD, Running

pytestmark = pytest.mark.anyio
INVITED = "You are invited"


async def invited(it: Running, admin: Admin, *roles: str) -> tuple[str, str]:
    """Invite somebody, and return their id and the token of the mail."""
    user = await admin.does("POST", "/users", json={"email": EMAIL, "roles": list(roles)})
    return user["id"], await token_in_mail(it)


async def token_in_mail(it: Running) -> str:
    mail = await mailed(it, EMAIL, INVITED)
    found = re.search(r"/invitation#token=(\S+)", mail.body)
    assert found is not None, mail.body
    return found[1]


async def accepted(it: Running, token: str, password: str = PASSWORD) -> httpx2.Response:
    return await it.client.post("/auth/invitation", json={"token": token, "new_password": password})


async def test_a_user_is_made_with_a_password(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        body = {"email": EMAIL, "password": PASSWORD, "roles": ["editor"], "email_verified": True}
        user = await admin.does("POST", "/users", json=body)
        assert (user["roles"], user["email_verified"], user["is_disabled"]) == (["editor"], True, False)
        assert (await it.token()).status_code == 200
        assert (await admin("POST", "/users", json=body)).json()["code"] == "signup.identifier_taken"


async def test_whoever_is_invited_chooses_a_password_and_is_verified_by_it(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        user_id, token = await invited(it, admin, "editor")
        assert (await it.token()).status_code == 400
        assert (await accepted(it, token, "short")).status_code == 422
        assert (await accepted(it, token)).status_code == 204
        assert (await it.token()).status_code == 200
        shown = await admin.does("GET", f"/users/{user_id}")
        assert (shown["email_verified"], shown["has_password"], shown["roles"]) == (True, True, ["editor"])
        assert not [mail for mail in it.mails.sent if mail.recipient == EMAIL and "Confirm" in mail.subject]


async def test_an_invitation_is_accepted_once(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        _, token = await invited(it, admin)
        answers = await asyncio.gather(*(accepted(it, token, f"{PASSWORD} {number}") for number in range(10)))
        assert Counter(answer.status_code for answer in answers) == {204: 1, 400: 9}
        winner = next(number for number, answer in enumerate(answers) if answer.status_code == 204)
        assert (await it.token(password=f"{PASSWORD} {winner}")).status_code == 200


async def test_inviting_again_voids_the_link_of_before_at_once(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        user_id, first = await invited(it, admin)
        it.mails.sent.clear()
        await admin.does("POST", f"/users/{user_id}/invitation")
        assert (await accepted(it, first)).json()["code"] == "proof.refused"
        second = await token_in_mail(it)
        assert second != first
        assert (await accepted(it, second)).status_code == 204


async def test_whoever_has_a_password_or_no_address_is_not_invited(database_url: str) -> None:
    async with administered(database_url) as (it, admin):
        user = await made(it, EMAIL)
        answer = await admin("POST", f"/users/{user.id}/invitation")
        assert (answer.status_code, answer.json()["code"]) == (409, "invitation.not_possible")
        assert (await admin("POST", "/users", json={"username": "ada"})).status_code == 422
        assert (await admin("POST", "/users", json={"email": "no address"})).status_code == 422
        assert (await admin("POST", "/users", json={"email": EMAIL, "roles": ["Two Words"]})).status_code == 422


async def test_an_invitation_dies_with_its_age_its_address_and_its_user_disabled(database_url: str) -> None:
    async with administered(database_url, invitation_lifetime=3600) as (it, admin):
        user_id, token = await invited(it, admin)
        await admin.does("POST", f"/users/{user_id}/disable")
        assert (await accepted(it, token)).status_code == 400
        await admin.does("POST", f"/users/{user_id}/enable")
        it.clock.advance(3601)
        assert (await accepted(it, token)).status_code == 400


@pytest.mark.parametrize("path", ["/auth/password/reset", "/auth/email/verify"])
async def test_an_invitation_opens_nothing_else(sqlite_url: str, path: str) -> None:
    async with administered(sqlite_url) as (it, admin):
        _, token = await invited(it, admin)
        body = {"token": token} if path.endswith("verify") else {"token": token, "new_password": PASSWORD}
        assert (await it.client.post(path, json=body)).status_code == 400
        assert (await accepted(it, token)).status_code == 204


async def test_an_invitation_is_in_the_trail_and_has_a_budget(database_url: str) -> None:
    async with administered(database_url, budgets={"invitation.pair": "2/3600"}) as (it, admin):
        user_id, _ = await invited(it, admin)
        assert it.value("SELECT count(*) FROM gatepost_audit WHERE event = 'user.invited'") == 1
        await admin.does("POST", f"/users/{user_id}/invitation")
        assert (await admin("POST", f"/users/{user_id}/invitation")).status_code == 429
