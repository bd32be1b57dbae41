"""GitLab, also several of them at once, and Discord: both verify addresses, neither runs mailboxes."""

from typing import Any

import pytest

from gatepost.core.federation.preset import AccountRefused
from tests.presets.saying import account, provider

pytestmark = pytest.mark.anyio
DISCORD = provider("discord")
NELLY: dict[str, Any] = {
    "id": "80351110224678912",
    "username": "nelly",
    "global_name": "Nelly",
    "locale": "de",
    "verified": True,
}


async def test_gitlab_verifies_addresses_and_they_are_not_its_own() -> None:
    gitlab = provider("gitlab")
    found = await account(gitlab, sub="42", email="ada@house.test", email_verified=True, preferred_username="ada")
    assert (found.issuer, found.subject, found.username) == ("https://gitlab.com", "42", "ada")
    assert (found.email_is_verified, found.email_is_authoritative) == (True, False)
    found = await account(gitlab, sub="42", email="ada@house.test", email_verified=False)
    assert not found.email_is_verified


async def test_the_same_number_at_two_gitlabs_is_two_people() -> None:
    ours = provider("work", preset="gitlab", base_url="https://git.house.test")
    below_a_path = provider("lab", preset="gitlab", base_url="https://house.test/gitlab/")
    found = {(await account(each, sub="42")).issuer for each in (provider("gitlab"), ours, below_a_path)}
    assert found == {"https://gitlab.com", "https://git.house.test", "https://house.test/gitlab"}
    assert (ours.name, ours.label) == ("work", "Work")


async def test_a_snowflake_is_the_subject_and_the_global_name_is_shown() -> None:
    found = await account(DISCORD, **NELLY, email="nelly@house.test")
    assert (found.issuer, found.subject) == ("https://discord.com", "80351110224678912")
    assert (found.username, found.full_name, found.locale) == ("nelly", "Nelly", "de")
    assert (found.email, found.email_is_verified, found.email_is_authoritative) == ("nelly@house.test", True, False)


@pytest.mark.parametrize("verified", [False, None, 1, "true"])
async def test_an_address_that_discord_has_not_verified_is_unverified(verified: object) -> None:
    assert not (await account(DISCORD, **{**NELLY, "verified": verified}, email="nelly@house.test")).email_is_verified


async def test_an_account_of_discord_may_have_no_address() -> None:
    found = await account(DISCORD, **NELLY, email=None)
    assert (found.email, found.email_is_verified) == (None, False)


@pytest.mark.parametrize("value", [None, 80351110224678912, 8.0, True, "", "-1", "12 3", "٣٤", "9" * 21, {"id": "1"}])
async def test_whoever_has_no_snowflake_is_nobody(value: object) -> None:
    with pytest.raises(AccountRefused):
        await account(DISCORD, **{**NELLY, "id": value})
