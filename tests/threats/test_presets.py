"""Providers as they are: somebody who controls an account, a tenant or an answer there wants another's account here."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from tests.harness import EMAIL, Running
from tests.presets.lab import at, begin, house, sign_in
from tests.presets.saying import CONSUMERS, OTHER_TENANT, TENANT
from tests.presets.stand_in import Arrival, StandIn, standing_in
from tests.presets.stand_ins import (
    AppleStandIn,
    DiscordStandIn,
    GitHubStandIn,
    GitLabStandIn,
    GoogleStandIn,
    MicrosoftStandIn,
)

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def attacked(kind: type[Any], database_url: str, **changes: Any) -> AsyncIterator[tuple[Running, Any]]:  # noqa: ANN401
    """Run a house where Ada lives, with a verified address, and a provider that an attacker has an account at."""
    async with at(kind, database_url, **changes) as (it, there):
        assert (await it.register()).status_code == 201
        it.rows("UPDATE gatepost_user SET email_verified = true")
        yield it, there


async def is_not_ada(it: Running, browser: httpx2.AsyncClient) -> bool:
    """Whether the browser is nobody, or somebody new."""
    ada = str(it.value(f"SELECT id FROM gatepost_user WHERE email = '{EMAIL}'")).replace("-", "")
    answer = await browser.get("/user")
    return answer.status_code == 401 or answer.json()["id"].replace("-", "") != ada


async def gets_nothing_of_hers(it: Running, there: StandIn) -> bool:
    """Whether the attacker, whom the provider lets in, has neither her account nor a link to it."""
    async with it.browser() as browser:
        back = await sign_in(browser, there)
        assert there.access_tokens
        assert back.status_code in {303, 409}, back.text
        ada = f"SELECT id FROM gatepost_user WHERE email = '{EMAIL}'"
        linked = it.value(f"SELECT count(*) FROM gatepost_identity WHERE user_id = ({ada})")
        return linked == 0 and await is_not_ada(it, browser)


@pytest.mark.parametrize("tenant", ["common", "organizations", TENANT])
@pytest.mark.parametrize("edov", [None, False, "0", 0])
async def test_an_administrator_of_a_tenant_writes_the_victims_address_into_email(
    tenant: str, edov: object, sqlite_url: str
) -> None:
    async with attacked(MicrosoftStandIn, sqlite_url, more={"tenant": tenant}) as (it, there):
        there.person |= {"email": EMAIL, "email_verified": True, "preferred_username": EMAIL, "xms_edov": edov}
        assert await gets_nothing_of_hers(it, there)


async def test_a_guest_of_another_tenant_has_an_address_that_was_verified_there(sqlite_url: str) -> None:
    async with attacked(MicrosoftStandIn, sqlite_url) as (it, there):
        there.person |= {"email": EMAIL, "xms_edov": True}
        assert await gets_nothing_of_hers(it, there)


@pytest.mark.parametrize(
    ("tenant", "issuer", "key"),
    [
        (TENANT, OTHER_TENANT, "{tenantid}"),
        (OTHER_TENANT, TENANT, "{tenantid}"),
        ("common", "common", "{tenantid}"),
        (TENANT, TENANT, CONSUMERS),
        (CONSUMERS, CONSUMERS, TENANT),
        (TENANT, "{tenantid}", "{tenantid}"),
    ],
    ids=["tid lies", "iss lies", "no tenant", "key of consumers", "key of a tenant", "a template"],
)
async def test_tenant_issuer_and_key_do_not_agree(tenant: str, issuer: str, key: str, sqlite_url: str) -> None:
    async with at(MicrosoftStandIn, sqlite_url) as (it, there):
        there.tenant, there.key_issuer = tenant, key
        there.claims = {"iss": f"{there.url}/{issuer}/v2.0"}
        back = await sign_in(it.client, there)
        assert (back.status_code, it.value("SELECT count(*) FROM gatepost_user")) == (400, 0)


async def test_somebody_of_a_tenant_that_is_not_on_the_list(sqlite_url: str) -> None:
    async with at(MicrosoftStandIn, sqlite_url, more={"allowed_tenants": [OTHER_TENANT]}) as (it, there):
        assert (await sign_in(it.client, there)).status_code == 400
        there.tenant = OTHER_TENANT
        assert (await sign_in(it.client, there)).status_code == 303


async def test_the_same_subject_in_two_tenants_is_two_people(sqlite_url: str) -> None:
    async with at(MicrosoftStandIn, sqlite_url) as (it, there):
        for tenant in (TENANT, OTHER_TENANT):
            there.tenant = tenant
            async with it.browser() as browser:
                assert (await sign_in(browser, there)).status_code == 303
        assert it.value("SELECT count(*) FROM gatepost_user") == 2


@pytest.mark.parametrize(
    "emails",
    [
        [{"email": EMAIL, "primary": True, "verified": False}],
        [
            {"email": EMAIL, "primary": False, "verified": True},
            {"email": "x@x.test", "primary": True, "verified": False},
        ],
        [{"email": EMAIL, "primary": True, "verified": "true"}],
        [],
    ],
    ids=["unverified", "secondary", "as text", "none"],
)
async def test_a_github_account_names_the_victims_address_without_having_proved_it(
    emails: list[dict[str, Any]], sqlite_url: str
) -> None:
    async with attacked(GitHubStandIn, sqlite_url) as (it, there):
        there.emails = emails
        there.person["email"] = EMAIL  # the one for show, which anybody can set
        assert await gets_nothing_of_hers(it, there)
        assert it.value("SELECT count(*) FROM gatepost_user WHERE email IS NULL") == 1  # as where nobody has it


@pytest.mark.parametrize("kind", [GitHubStandIn, GitLabStandIn, DiscordStandIn], ids=["github", "gitlab", "discord"])
async def test_an_address_that_a_provider_verified_once_is_no_key_to_an_account(
    kind: type[StandIn], sqlite_url: str
) -> None:
    async with attacked(kind, sqlite_url) as (it, there):
        match there:
            case GitHubStandIn():
                there.emails = [{"email": EMAIL, "primary": True, "verified": True}]
            case GitLabStandIn():
                there.profile["email"] = EMAIL
            case _:
                there.person["email"] = EMAIL
        assert await gets_nothing_of_hers(it, there)


async def test_a_google_account_on_an_address_elsewhere_is_no_key_to_an_account(sqlite_url: str) -> None:
    async with attacked(GoogleStandIn, sqlite_url) as (it, there):
        there.person["email"] = EMAIL
        assert await gets_nothing_of_hers(it, there)


async def test_the_form_that_a_browser_posts_for_apple_names_the_victim(sqlite_url: str) -> None:
    async with attacked(AppleStandIn, sqlite_url) as (it, there):
        there.user = {"name": {"firstName": "Root", "lastName": "\u202egro"}, "email": EMAIL}
        assert await gets_nothing_of_hers(it, there)
        assert it.rows(f"SELECT full_name FROM gatepost_user WHERE email <> '{EMAIL}'") == [(None,)]


@pytest.mark.parametrize(
    "user", ["[" * 1500, '{"name":' * 500, "x" * 100_000, json.dumps({"name": [1]}), "\x00"], ids=range(5)
)
async def test_the_form_that_a_browser_posts_for_apple_is_hostile(user: str, sqlite_url: str) -> None:
    async with at(AppleStandIn, sqlite_url) as (it, there):
        arrival = await there.consent(await begin(it.client, "apple"))
        assert arrival.form is not None
        back = await Arrival(arrival.url, {**arrival.form, "user": user}).deliver(it.client)
        assert back.status_code in {303, 400, 413, 422}, back.text
        assert it.rows("SELECT full_name FROM gatepost_user") in ([], [(None,)])


async def test_an_answer_of_one_provider_is_brought_to_the_callback_of_another(sqlite_url: str) -> None:
    async with (
        standing_in(GoogleStandIn) as google,
        standing_in(GitHubStandIn) as github,
        house(sqlite_url, google, github) as it,
    ):
        for one, other in ((google, github), (github, google)):
            arrival = await one.consent(await begin(it.client, one.name))
            mixed = Arrival(arrival.url.replace(f"/callback/{one.name}", f"/callback/{other.name}"))
            assert (await mixed.deliver(it.client)).status_code == 400
            assert [request for request in other.got if request.path == other.token_path] == []
        assert it.value("SELECT count(*) FROM gatepost_user") == 0


async def test_a_code_of_one_provider_is_answered_with_the_issuer_of_another(sqlite_url: str) -> None:
    async with at(GitHubStandIn, sqlite_url) as (it, there):
        there.iss = "https://evil.test/login/oauth"
        assert (await sign_in(it.client, there)).status_code == 400
        assert [request for request in there.got if request.path == there.token_path] == []


async def test_two_gitlabs_know_the_same_number(sqlite_url: str) -> None:
    async with standing_in(GitLabStandIn) as one, standing_in(GitLabStandIn) as other:
        providers = {name: {**it.settings(), "preset": "gitlab"} for name, it in (("one", one), ("other", other))}
        async with house(sqlite_url, providers=providers) as it:
            for name, there in (("one", one), ("other", other)):
                there.profile["email"] = f"{name}@house.test"
                async with it.browser() as browser:
                    arrival = await there.consent(await begin(browser, name))
                    assert (await arrival.deliver(browser)).status_code == 303
            assert it.value("SELECT count(DISTINCT user_id) FROM gatepost_identity") == 2


async def test_the_key_of_apple_and_the_secrets_stay_here(sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    async with at(AppleStandIn, sqlite_url) as (it, there):
        assert (await sign_in(it.client, there)).status_code == 303
        sent = [request.form for request in there.got if request.path == there.token_path]
        assert len(sent) == 1
        assert "PRIVATE KEY" not in json.dumps(sent)
        assert sent[0]["client_secret"] not in caplog.text
        assert "PRIVATE KEY" not in caplog.text
