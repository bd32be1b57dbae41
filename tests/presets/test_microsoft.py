"""Microsoft: a token belongs to the tenant that signed it, and an address proves nothing unless something says so."""

from typing import Any

import pytest

from tests.presets.saying import CONSUMERS, OTHER_TENANT, TENANT, account, provider

pytestmark = pytest.mark.anyio
CLOUD = "https://login.microsoftonline.com"
ADA: dict[str, Any] = {"sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ", "email": "ada@house.test"}


def expected(tenant: str, tid: object, **more: Any) -> str | None:  # noqa: ANN401 - settings
    issuer_of = provider("microsoft", tenant=tenant, **more).preset.issuer_of
    assert issuer_of is not None
    return issuer_of({"tid": tid, "iss": f"{CLOUD}/{tid}/v2.0"})


@pytest.mark.parametrize(
    ("tenant", "named"),
    [
        ("common", "{tenantid}"),
        ("organizations", "{tenantid}"),
        ("consumers", CONSUMERS),
        (TENANT, TENANT),
        (TENANT.upper(), TENANT),
    ],
)
def test_the_discovery_of_a_tenant_names_an_issuer_of_its_own(tenant: str, named: str) -> None:
    found = provider("microsoft", tenant=tenant)
    assert found.issuer == f"{CLOUD}/{tenant.lower()}/v2.0"
    assert found.preset.discovered_issuer == f"{CLOUD}/{named}/v2.0"


@pytest.mark.parametrize(
    ("tenant", "tid", "comes"),
    [
        ("common", TENANT, True),
        ("common", CONSUMERS, True),
        ("organizations", TENANT, True),
        ("organizations", CONSUMERS, False),
        ("consumers", CONSUMERS, True),
        ("consumers", TENANT, False),
        (TENANT, TENANT, True),
        (TENANT, OTHER_TENANT, False),
        (TENANT, CONSUMERS, False),
    ],
)
def test_people_come_from_the_tenants_that_were_named(tenant: str, tid: str, comes: bool) -> None:  # noqa: FBT001
    assert expected(tenant, tid) == (f"{CLOUD}/{tid}/v2.0" if comes else None)


@pytest.mark.parametrize("tid", [None, "", "common", "{tenantid}", TENANT.upper(), f"{TENANT}/../x", 1, [TENANT], {}])
def test_a_token_without_a_tenant_is_refused(tid: object) -> None:
    assert expected("common", tid) is None


def test_of_several_tenants_only_those_on_the_list_may_come() -> None:
    assert expected("organizations", TENANT, allowed_tenants=(TENANT.upper(),)) == f"{CLOUD}/{TENANT}/v2.0"
    assert expected("organizations", OTHER_TENANT, allowed_tenants=(TENANT,)) is None
    assert expected("organizations", CONSUMERS, allowed_tenants=(CONSUMERS,)) is None
    assert expected("common", CONSUMERS, allowed_tenants=(CONSUMERS,)) == f"{CLOUD}/{CONSUMERS}/v2.0"


async def test_the_identity_is_that_of_the_tenant_and_not_of_common() -> None:
    common = provider("microsoft", tenant="common")
    found = {(await account(common, **ADA, tid=tid)).issuer for tid in (TENANT, OTHER_TENANT)}
    assert found == {f"{CLOUD}/{TENANT}/v2.0", f"{CLOUD}/{OTHER_TENANT}/v2.0"}


@pytest.mark.parametrize("tenant", ["common", "organizations", TENANT])
async def test_an_address_alone_is_never_verified(tenant: str) -> None:
    found = await account(provider("microsoft", tenant=tenant), **ADA, tid=TENANT, email_verified=True)
    assert (found.email, found.email_is_verified, found.email_is_authoritative) == ("ada@house.test", False, False)


@pytest.mark.parametrize("edov", [True, 1, "1", "true"])
async def test_an_address_whose_domain_was_verified_is_verified(edov: object) -> None:
    several, one = (provider("microsoft", tenant=tenant) for tenant in ("organizations", TENANT))
    found = await account(several, **ADA, tid=TENANT, xms_edov=edov)
    assert (found.email_is_verified, found.email_is_authoritative) == (True, False)
    found = await account(one, **ADA, tid=TENANT, xms_edov=edov)
    assert (found.email_is_verified, found.email_is_authoritative) == (True, True)


@pytest.mark.parametrize("edov", [False, 0, "0", "false", None, 2, "yes", 1.0, [True], {}])
async def test_anything_else_verifies_nothing(edov: object) -> None:
    found = await account(provider("microsoft", tenant="common"), **ADA, tid=TENANT, xms_edov=edov)
    assert not found.email_is_verified


@pytest.mark.parametrize(("email", "is_own"), [("ada@outlook.com", True), ("ada@house.test", False)])
async def test_a_personal_account_has_a_verified_address_and_some_are_microsofts_own(
    email: str,
    is_own: bool,  # noqa: FBT001
) -> None:
    found = await account(provider("microsoft", tenant="common"), **{**ADA, "email": email}, tid=CONSUMERS)
    assert (found.email_is_verified, found.email_is_authoritative) == (True, is_own)


async def test_a_principal_name_is_no_address_and_its_first_part_a_proposal() -> None:
    common = provider("microsoft", tenant="common")
    found = await account(common, sub="x", tid=TENANT, preferred_username="ada@house.onmicrosoft.com")
    assert (found.email, found.username) == (None, "ada")


def test_another_cloud_has_another_base() -> None:
    found = provider("microsoft", tenant="common", base_url="https://login.microsoftonline.us")
    assert found.issuer == "https://login.microsoftonline.us/common/v2.0"
    assert found.preset.issuer_of is not None
    assert found.preset.issuer_of({"tid": TENANT}) == f"https://login.microsoftonline.us/{TENANT}/v2.0"
