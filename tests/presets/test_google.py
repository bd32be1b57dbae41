"""Google: whose word about an address is whose."""

from typing import Any

import pytest

from tests.presets.saying import account, provider

pytestmark = pytest.mark.anyio
GOOGLE = provider("google")
ADA: dict[str, Any] = {"sub": "110248495921238986420", "name": "Ada", "email_verified": True}


async def test_an_address_at_gmail_is_googles_own() -> None:
    found = await account(GOOGLE, **ADA, email="Ada@Gmail.com")
    assert (found.issuer, found.subject) == ("https://accounts.google.com", "110248495921238986420")
    assert (found.email, found.email_is_verified, found.email_is_authoritative) == ("ada@gmail.com", True, True)


async def test_an_address_of_a_workspace_domain_is_googles_own() -> None:
    assert (await account(GOOGLE, **ADA, email="ada@house.test", hd="house.test")).email_is_authoritative


@pytest.mark.parametrize("email", ["ada@house.test", "ada@gmail.com.evil.test", "ada@notgmail.com"])
async def test_an_address_elsewhere_was_verified_once_and_is_not_googles(email: str) -> None:
    found = await account(GOOGLE, **ADA, email=email)
    assert (found.email_is_verified, found.email_is_authoritative) == (True, False)


@pytest.mark.parametrize("said", [False, "true", "True", 1, None, {}, []])
async def test_only_true_verifies(said: object) -> None:
    found = await account(GOOGLE, **{**ADA, "email_verified": said}, email="ada@gmail.com")
    assert (found.email_is_verified, found.email_is_authoritative) == (False, False)


@pytest.mark.parametrize("hd", [None, "", 1, True, ["house.test"]])
async def test_a_hosted_domain_that_is_no_text_is_none(hd: object) -> None:
    assert not (await account(GOOGLE, **ADA, email="ada@house.test", hd=hd)).email_is_authoritative


def test_a_refresh_token_is_asked_for_only_where_tokens_are_kept() -> None:
    assert GOOGLE.preset.parameters == {}
    assert GOOGLE.preset.offline_parameters == {"access_type": "offline", "prompt": "consent"}
