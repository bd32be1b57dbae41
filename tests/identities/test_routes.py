"""`/auth/identities`: listing, connecting and disconnecting over HTTP, with a provider that answers."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from gatepost.events import IdentityLinked, IdentityUnlinked
from tests.admin.people import administered
from tests.harness import EMAIL, PASSWORD, Running, bearer, running
from tests.identities.elsewhere import PROVIDERS, account, counts, enter, events, made
from tests.recovery.mailing import delivered, token
from tests.social.upstream import Upstream
from tests.social.visit import house, path_of, sign_in, who

pytestmark = pytest.mark.anyio
OTHER: dict[str, Any] = {"sub": "somebody-else", "email": "else@example.com"}


async def begun(browser: httpx2.AsyncClient, provider: str = "acme", **body: str) -> str:
    """Begin to connect an account, and return where the browser goes."""
    answer = await browser.post(f"/auth/identities/{provider}", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["location"])


@asynccontextmanager
async def signed_in(it: Running, email: str = EMAIL) -> AsyncIterator[httpx2.AsyncClient]:
    """Make a user, and open a browser of theirs."""
    await made(it, email, verified=True)
    async with it.browser() as browser:
        answer = await browser.post("/auth/login", json={"identifier": email, "password": PASSWORD})
        assert answer.status_code == 200
        yield browser


async def items(browser: httpx2.AsyncClient) -> list[dict[str, Any]]:
    answer = await browser.get("/auth/identities")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_an_account_is_connected_signs_in_and_is_disconnected(database_url: str, upstream: Upstream) -> None:
    upstream.person |= OTHER
    async with house(database_url, upstream, provider={"label": "Acme"}) as it, signed_in(it) as browser:
        heard: list[object] = []
        for event in (IdentityLinked, IdentityUnlinked):
            it.gate.on(event)(heard.append)
        location = await begun(browser, return_to="/account", error_to="/account?no")
        answer = await browser.get(path_of(await upstream.answer(location)))
        assert (answer.status_code, answer.headers["location"]) == (303, "/account")
        (one,) = await items(browser)
        assert (one["provider"], one["label"], one["email"], one["username"]) == ("acme", "Acme", OTHER["email"], "ada")
        assert {"created_at", "used_at", "id"} <= one.keys()

        async with it.browser() as other:
            await sign_in(other, upstream)
            me = await who(other)
            assert me is not None
            assert me["email"] == EMAIL
            gone = await browser.delete(f"/auth/identities/{one['id']}")
            assert gone.status_code == 204, gone.text
            assert await who(other) is None  # what it had opened is closed
        assert await who(browser) is not None
        assert await items(browser) == []
        assert [type(event) for event in heard] == [IdentityLinked, IdentityUnlinked]
        assert events(it) == ["identity.linked", "identity.unlinked"]
        told = [mail.subject for mail in await delivered(it) if "way to sign in" in mail.subject]
        assert len(told) == 2
        assert all("Acme" in mail.body for mail in it.mails.sent if "way to sign in" in mail.subject)


async def test_the_last_way_in_stays(database_url: str, upstream: Upstream) -> None:
    async with house(database_url, upstream) as it, it.browser() as browser:
        await sign_in(browser, upstream)
        (one,) = await items(browser)
        answer = await browser.delete(f"/auth/identities/{one['id']}")
        assert (answer.status_code, answer.json()["code"]) == (409, "social.last_way_in")
        assert len(await items(browser)) == 1


async def test_sign_in_by_mail_is_a_way_in_for_who_has_verified_the_address(
    database_url: str, upstream: Upstream
) -> None:
    async with house(database_url, upstream, email_sign_in=True) as it, it.browser() as browser:
        await sign_in(browser, upstream)
        (one,) = await items(browser)
        assert (await browser.delete(f"/auth/identities/{one['id']}")).status_code == 204


@pytest.mark.parametrize("name", ["gone", "acme"], ids=["the name is gone", "the name is another's now"])
async def test_an_account_of_a_provider_that_is_gone_is_no_way_in(
    database_url: str, upstream: Upstream, name: str
) -> None:
    async with house(database_url, upstream) as it, it.browser() as browser:
        await sign_in(browser, upstream)
        (one,) = await items(browser)
        it.rows(
            "INSERT INTO gatepost_identity (id, user_id, issuer, subject, provider, created_at) "
            f"SELECT '{uuid.uuid4().hex}', user_id, 'https://gone.example', 's', '{name}', 0 FROM gatepost_identity"
        )
        assert [each["provider"] for each in await items(browser)] in (["acme", None], [None, "acme"])
        answer = await browser.delete(f"/auth/identities/{one['id']}")
        assert answer.json()["code"] == "social.last_way_in"


async def test_who_connects_needs_a_recent_sign_in_and_a_provider_that_exists(
    database_url: str, upstream: Upstream
) -> None:
    async with house(database_url, upstream) as it, signed_in(it) as browser:
        assert (await browser.post("/auth/identities/nobody")).status_code == 404
        bad = await browser.post("/auth/identities/acme", json={"return_to": "https://evil.example/"})
        assert (bad.status_code, bad.json()["code"]) == (400, "social.invalid_request")
        assert (await browser.post("/auth/identities/acme", json={"user_id": "x"})).status_code == 422
        it.clock.advance(601)
        for answer in (
            await browser.post("/auth/identities/acme"),
            await browser.delete(f"/auth/identities/{uuid.uuid4()}"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "session.not_fresh")
        assert len(await items(browser)) == 0


async def test_another_s_account_is_not_found(database_url: str, upstream: Upstream) -> None:
    async with house(database_url, upstream) as it, it.browser() as theirs:
        await sign_in(theirs, upstream)
        (one,) = await items(theirs)
        async with signed_in(it, "bob@example.com") as browser:
            answer = await browser.delete(f"/auth/identities/{one['id']}")
            assert answer.status_code == 404
            assert await items(browser) == []
        assert len(await items(theirs)) == 1


async def test_what_was_not_me_takes_every_account_elsewhere(database_url: str) -> None:
    async with running(database_url, providers=PROVIDERS) as it:
        await made(it, verified=True)
        thief = await enter(it)
        link = await token(it, "not-me", EMAIL)
        assert (await it.client.post("/auth/disown", json={"token": link})).status_code == 204
        assert counts(it) == (1, 0, 0)
        assert it.rows("SELECT * FROM gatepost_identity_session") == []
        assert events(it) == ["identity.linked", "identity.unlinked"]
        tokens = await it.core.sessions.tokens(thief)
        assert (await it.principal(tokens.access_token)).status_code == 401


async def test_an_administrator_sees_and_takes_away_even_the_last_one(database_url: str) -> None:
    async with administered(database_url, providers=PROVIDERS) as (it, admin):
        opened = await enter(it, account(email="user@example.com", locale="en"))
        path = f"/users/{opened.grant.user_id}/identities"
        (one,) = (await admin.does("GET", path))["items"]
        assert (one["provider"], one["label"]) == ("idp", "Example")
        assert (await admin("DELETE", f"{path}/{one['id']}")).status_code == 204
        assert (await admin("DELETE", f"{path}/{one['id']}")).status_code == 404
        tokens = await it.core.sessions.tokens(opened)
        assert (await it.principal(tokens.access_token)).status_code == 401
        actor = it.value("SELECT actor_id FROM gatepost_audit WHERE event = 'identity.unlinked'")
        assert uuid.UUID(str(actor)) == admin.user.id
        mails = [mail for mail in await delivered(it) if "was removed" in mail.subject]
        assert [mail.recipient for mail in mails] == ["user@example.com"]
        assert "127.0.0.1" not in mails[0].body  # where the administrator is stays theirs


async def test_an_export_says_who_somebody_is_elsewhere_and_nothing_secret(database_url: str) -> None:
    async with running(database_url, providers=PROVIDERS) as it:
        opened = await enter(it, sid="session-there")
        access = (await it.core.sessions.tokens(opened)).access_token
        known = (await it.client.get("/auth/me/export", headers=bearer(access))).json()
        assert [(row["issuer"], row["subject"]) for row in known["identities"]] == [
            ("https://idp.example", "subject-1")
        ]
        assert [row["upstream_sid"] for row in known["identity_sessions"]] == ["session-there"]
        assert known["provider_tokens"] == []
