"""Accounts elsewhere: nobody becomes somebody else by an address, a link or a page of somebody else's."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from tests.admin.people import administered
from tests.harness import EMAIL, PASSWORD, Running, bearer
from tests.identities.elsewhere import PROVIDERS, account, enter
from tests.social.upstream import Upstream
from tests.social.visit import house, path_of, query_of, sign_in, who

pytestmark = pytest.mark.anyio
MALLORY: dict[str, Any] = {"sub": "mallory-upstream", "email": "mallory@example.com", "preferred_username": "mallory"}
EVIL = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as provider:
        yield provider


@asynccontextmanager
async def at_home(it: Running, email: str = EMAIL) -> AsyncIterator[httpx2.AsyncClient]:
    """Make a user with a verified address, and open a browser in which they are signed in."""
    await it.gate.create_user(email=email, password=PASSWORD, email_verified=True)
    async with it.browser() as browser:
        body = {"identifier": email, "password": PASSWORD}
        assert (await browser.post("/auth/login", json=body)).status_code == 200
        yield browser


async def begun(browser: httpx2.AsyncClient) -> str:
    answer = await browser.post("/auth/identities/acme", json={"return_to": "/done", "error_to": "/failed"})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["location"])


def subjects(it: Running) -> list[str]:
    return [row[0] for row in it.rows("SELECT subject FROM gatepost_identity")]


async def test_a_link_that_an_attacker_began_connects_nothing_in_the_victim_s_browser(
    database_url: str, upstream: Upstream
) -> None:
    async with house(database_url, upstream) as it, at_home(it, "mallory@example.com") as mallory:
        location = await begun(mallory)
        async with at_home(it) as victim:
            answer = await victim.get(path_of(await upstream.answer(location)))
            assert (answer.status_code, answer.json()["code"]) == (400, "social.state_refused")
        assert subjects(it) == []


@pytest.mark.parametrize("change", ["signs out", "is somebody else", "signs in anew"])
async def test_a_link_ends_in_the_session_that_began_it_or_not_at_all(
    database_url: str, upstream: Upstream, change: str
) -> None:
    async with house(database_url, upstream) as it, at_home(it) as browser:
        callback = path_of(await upstream.answer(await begun(browser)))
        if change == "signs out":
            assert (await browser.post("/auth/logout")).status_code == 204
        else:
            email = EMAIL if change == "signs in anew" else "bob@example.com"
            if change == "is somebody else":
                await it.gate.create_user(email=email, password=PASSWORD, email_verified=True)
            body = {"identifier": email, "password": PASSWORD}
            assert (await browser.post("/auth/login", json=body)).status_code == 200
        answer = await browser.get(callback)
        assert answer.status_code == 303
        assert "error" in query_of(answer.headers["location"])
        assert subjects(it) == []


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_foreign_page_neither_connects_nor_disconnects(
    database_url: str, upstream: Upstream, method: str
) -> None:
    async with house(database_url, upstream) as it, at_home(it) as browser:
        await browser.get(path_of(await upstream.answer(await begun(browser))))
        one = (await browser.get("/auth/identities")).json()["items"][0]["id"]
        path = "/auth/identities/acme" if method == "POST" else f"/auth/identities/{one}"
        answer = await browser.request(method, path, headers=EVIL)
        assert (answer.status_code, answer.json()["code"]) == (403, "request.cross_site")
        assert not [name for name in answer.cookies if "flow" in name]
        assert subjects(it) == ["ada-upstream"]


async def test_neither_an_administrator_as_the_user_nor_a_key_connects_or_disconnects(database_url: str) -> None:
    async with administered(database_url, providers=PROVIDERS) as (it, admin):
        opened = await enter(it, account(email="user@example.com"))
        own = bearer((await it.core.sessions.tokens(opened)).access_token)
        one = (await it.client.get("/auth/identities", headers=own)).json()["items"][0]["id"]
        key = (await it.client.post("/auth/api-keys", json={"name": "x"}, headers=own)).json()["key"]
        path = f"/users/{opened.grant.user_id}/impersonate"
        acting = (await admin.does("POST", path, json={"reason": "x"}))["access_token"]
        for credential in (key, acting):
            for method, at in (("POST", "/auth/identities/idp"), ("DELETE", f"/auth/identities/{one}")):
                answer = await it.client.request(method, at, headers=bearer(credential))
                assert answer.status_code == 403, (method, answer.text)
        assert len(subjects(it)) == 1


@pytest.mark.parametrize("is_verified", [True, False])
async def test_who_takes_the_victim_s_address_elsewhere_stays_who_he_was(
    database_url: str,
    upstream: Upstream,
    is_verified: bool,  # noqa: FBT001 - a parameter
) -> None:
    async with house(database_url, upstream) as it, it.browser() as mallory, at_home(it) as victim:
        upstream.person |= MALLORY
        await sign_in(mallory, upstream)
        before = await who(mallory)
        upstream.person |= {"email": EMAIL, "email_verified": is_verified}
        await sign_in(mallory, upstream)
        after, ada = await who(mallory), await who(victim)
        assert before is not None
        assert after is not None
        assert ada is not None
        assert after["id"] == before["id"] != ada["id"]
        assert after["email"] == "mallory@example.com"


UNVERIFIED: dict[str, dict[str, Any]] = {
    "false": {"email_verified": False},
    "absent": {"email_verified": None},
    "text": {"email_verified": "true"},
    "a number": {"email_verified": 1},
    "a list": {"email_verified": [True]},
}


@pytest.mark.parametrize("said", UNVERIFIED)
async def test_an_address_that_is_not_verified_there_is_no_way_to_its_owner_here(
    sqlite_url: str, upstream: Upstream, said: str
) -> None:
    async with house(sqlite_url, upstream) as it, it.browser() as mallory, at_home(it) as victim:
        changed = {**upstream.person, **MALLORY, "email": EMAIL, **UNVERIFIED[said]}
        upstream.person = {name: value for name, value in changed.items() if value is not None}
        await sign_in(mallory, upstream)
        other, ada = await who(mallory), await who(victim)
        assert ada is not None
        assert other is not None
        assert other["id"] != ada["id"]
        assert other["email"] is None
        assert (await victim.get("/auth/identities")).json()["items"] == []


SPELLINGS = ["ADA@EXAMPLE.COM", "Ada@Example.com", "ada@EXAMPLE.com"]
OTHERS = ["ada+x@example.com", "a.da@example.com", "ada@example.com.evil.example", "аda@example.com"]  # noqa: RUF001


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_another_spelling_of_an_address_makes_no_second_user(
    sqlite_url: str, upstream: Upstream, spelling: str
) -> None:
    async with house(sqlite_url, upstream) as it, at_home(it) as victim, it.browser() as browser:
        upstream.person |= {"email": spelling}
        await sign_in(browser, upstream)
        found, ada = await who(browser), await who(victim)
        assert found is not None
        assert ada is not None
        assert found["id"] == ada["id"]


@pytest.mark.parametrize("address", OTHERS, ids=["a tag", "a dot", "a longer domain", "another script"])
async def test_an_address_that_only_looks_alike_is_somebody_else_s(
    sqlite_url: str, upstream: Upstream, address: str
) -> None:
    async with house(sqlite_url, upstream) as it, at_home(it) as victim, it.browser() as browser:
        upstream.person |= {**MALLORY, "email": address}
        await sign_in(browser, upstream)
        found, ada = await who(browser), await who(victim)
        assert ada is not None
        assert found is not None
        assert found["id"] != ada["id"]
        assert (await victim.get("/auth/identities")).json()["items"] == []


async def test_who_registers_the_victim_s_address_first_has_nothing_left_of_it(
    database_url: str, upstream: Upstream
) -> None:
    async with house(database_url, upstream) as it, it.browser() as mallory, it.browser() as victim:
        assert (await it.register()).status_code == 201
        body = {"identifier": EMAIL, "password": PASSWORD}
        assert (await mallory.post("/auth/login", json=body)).status_code == 200
        planted = await mallory.post("/auth/identities/acme", json={})
        assert planted.status_code == 200
        await sign_in(victim, upstream)
        ada = await who(victim)
        assert ada is not None
        assert (ada["email"], ada["email_verified"]) == (EMAIL, True)
        assert await who(mallory) is None
        assert (await mallory.post("/auth/login", json=body)).status_code == 401
        answer = await mallory.get(path_of(await upstream.answer(planted.json()["location"])))
        assert "connected" not in answer.text
        assert subjects(it) == ["ada-upstream"]


async def test_one_account_elsewhere_is_never_two_users(database_url: str, upstream: Upstream) -> None:
    async with house(database_url, upstream) as it, at_home(it) as ada, at_home(it, "bob@example.com") as bob:
        upstream.person |= MALLORY
        first = await ada.get(path_of(await upstream.answer(await begun(ada))))
        second = await bob.get(path_of(await upstream.answer(await begun(bob))))
        assert first.headers["location"] == "/done"
        assert query_of(second.headers["location"]) == {"error": "social.identity_taken"}
        assert (await bob.get("/auth/identities")).json()["items"] == []
        assert it.value("SELECT count(*) FROM gatepost_audit WHERE event = 'identity.refused'") == 1
