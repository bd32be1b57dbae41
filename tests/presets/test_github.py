"""GitHub: the number is the identity, the primary address counts only where it is verified, servers of one's own."""

from typing import Any

import pytest

from gatepost.core.federation.preset import AccountRefused
from tests.presets.saying import account, provider

pytestmark = pytest.mark.anyio
GITHUB = provider("github")
OCTOCAT: dict[str, Any] = {"id": 583231, "login": "octocat", "name": "Mona", "email": "shown@house.test"}


def address(email: object = "mona@house.test", *, primary: object = True, verified: object = True) -> dict[str, Any]:
    return {"email": email, "primary": primary, "verified": verified, "visibility": "private"}


async def test_the_number_is_the_subject_and_the_name_a_proposal() -> None:
    found = await account(GITHUB, **OCTOCAT, more=[address()])
    assert (found.issuer, found.subject) == ("https://github.com", "583231")
    assert (found.username, found.full_name) == ("octocat", "Mona")


async def test_a_verified_primary_address_is_verified_and_not_githubs_own() -> None:
    found = await account(GITHUB, **OCTOCAT, more=[address("other@house.test", primary=False), address()])
    assert (found.email, found.email_is_verified, found.email_is_authoritative) == ("mona@house.test", True, False)


@pytest.mark.parametrize("verified", [False, None, 1, "true", "verified"])
async def test_a_primary_address_that_is_not_verified_counts_as_unverified(verified: object) -> None:
    found = await account(GITHUB, **OCTOCAT, more=[address(verified=verified), address("b@house.test", primary=False)])
    assert (found.email, found.email_is_verified) == ("mona@house.test", False)


@pytest.mark.parametrize(
    "listed",
    [
        [],
        [address(primary=False)],
        [address(), address("second@house.test")],
        [address(primary=1)],
        [address(email=None)],
        [address(email={"a": 1})],
        ["mona@house.test"],
        {"0": address()},
        None,
        [address(primary=False)] * 101,
    ],
    ids=["none", "no primary", "two primaries", "primary 1", "null", "nested", "texts", "an object", "nothing", "many"],
)
async def test_without_one_primary_address_there_is_none_and_never_the_one_for_show(listed: object) -> None:
    found = await account(GITHUB, **OCTOCAT, more=listed)
    assert (found.email, found.email_is_verified) == (None, False)


@pytest.mark.parametrize("value", [None, "583231", 583231.0, True, -1, 0, 2**63, {}, [583231]])
async def test_whoever_has_no_number_is_nobody(value: object) -> None:
    with pytest.raises(AccountRefused):
        await account(GITHUB, **{**OCTOCAT, "id": value}, more=[address()])


@pytest.mark.parametrize(
    ("base_url", "api"),
    [
        ("https://git.house.test", "https://git.house.test/api/v3/user"),
        ("https://git.house.test/", "https://git.house.test/api/v3/user"),
        ("https://house.ghe.com", "https://api.house.ghe.com/user"),
        ("https://github.com", "https://api.github.com/user"),
        (None, "https://api.github.com/user"),
    ],
)
def test_an_enterprise_has_its_own_endpoints_and_is_its_own_issuer(base_url: str | None, api: str) -> None:
    found = provider("github", base_url=base_url)
    assert found.issuer == (base_url or "https://github.com").rstrip("/")
    endpoints = found.preset.endpoints
    assert endpoints is not None
    assert endpoints.authorization == f"{found.issuer}/login/oauth/authorize"
    assert endpoints.token == f"{found.issuer}/login/oauth/access_token"
    assert endpoints.iss == f"{found.issuer}/login/oauth"
    assert endpoints.userinfo == api


async def test_an_enterprise_is_asked_for_its_own_addresses() -> None:
    asked: list[str] = []

    async def ask(url: str) -> list[dict[str, Any]]:
        asked.append(url)
        return [address()]

    from gatepost.core.federation.preset import Said

    there = provider("github", base_url="https://git.house.test")
    found = await there.preset.read(Said(issuer=there.issuer, claims=OCTOCAT, ask=ask))
    assert asked == ["https://git.house.test/api/v3/user/emails?per_page=100"]
    assert found.issuer == "https://git.house.test"
