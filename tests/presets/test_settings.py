"""Providers by settings alone: what is missing, unsafe or of no use does not start, and says the cure in a sentence."""

import os
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from gatepost import ConfigurationError, Settings
from gatepost.core.federation.presets import NAMES, preset
from tests.presets.saying import OTHER_TENANT, TENANT, WHAT_EACH_NEEDS, apple_key, provider

PEM = apple_key()
REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "no client id": ("google", {"client_id": None}, "set its client_id"),
    "no secret": ("github", {"client_secret": None}, "set its client_secret, or client_authentication=none"),
    "a secret with a line break": ("github", {"client_secret": "hush\n"}, "line break around it: take that away"),
    "a secret of a public client": ("oidc", {"client_authentication": "none"}, "leave client_secret out"),
    "no issuer": ("oidc", {"issuer": None}, "set its issuer"),
    "an issuer in clear": ("oidc", {"issuer": "http://id.house.test"}, "must be an https URL"),
    "an issuer with a query": ("oidc", {"issuer": "https://id.house.test?a"}, "plain https URL"),
    "an issuer with a user": ("oidc", {"issuer": "https://a@id.house.test"}, "plain https URL"),
    "an issuer of a bad port": ("oidc", {"issuer": "https://id.house.test:99999"}, "plain https URL"),
    "an issuer of google": ("google", {"issuer": "https://id.house.test"}, "Google knows no issuer: leave it out"),
    "a base of google": ("google", {"base_url": "https://id.house.test"}, "Google knows no base_url: leave it out"),
    "a gitlab in clear": ("gitlab", {"base_url": "http://git.house.test"}, "must be an https URL"),
    "a tenant of github": ("github", {"tenant": TENANT}, "GitHub knows no tenant: leave it out"),
    "no tenant": ("microsoft", {"tenant": None}, "Microsoft needs a tenant: set it"),
    "a tenant by name": ("microsoft", {"tenant": "house.onmicrosoft.com"}, "the tenant is the GUID of a directory"),
    "a tenant that is a path": ("microsoft", {"tenant": "../common"}, "the tenant is the GUID of a directory"),
    "a list for one tenant": ("microsoft", {"allowed_tenants": [OTHER_TENANT]}, "leave them out"),
    "a list of names": (
        "microsoft",
        {"tenant": "common", "allowed_tenants": ["house.test"]},
        "allowed_tenants are GUIDs",
    ),
    "trust in every tenant": (
        "microsoft",
        {"tenant": "common", "dangerously_trusts_email": True},
        "let anybody with a tenant or an account there be anybody",
    ),
    "trust in every organization": (
        "microsoft",
        {"tenant": "organizations", "dangerously_trusts_email": True},
        "let anybody with a tenant or an account there be anybody",
    ),
    "trust in personal accounts": (
        "microsoft",
        {"tenant": "consumers", "dangerously_trusts_email": True},
        "let anybody with a tenant or an account there be anybody",
    ),
    "no key": ("apple", {"private_key": None}, "Apple needs a private_key: set it"),
    "no team": ("apple", {"team_id": None}, "Apple needs a team_id: set it"),
    "no key id": ("apple", {"key_id": None}, "Apple needs a key_id: set it"),
    "half a key": ("apple", {"private_key": PEM[:100]}, "private_key must be the key file that Apple gave"),
    "a file that is not there": ("apple", {"private_key": "/no/such/file.p8"}, "cannot be read: see its path"),
    "a secret for apple": ("apple", {"client_secret": "hush"}, "is made from private_key: leave it out"),
    "another authentication": ("github", {"client_authentication": "client_secret_basic"}, "leave client_auth"),
    "an unknown preset": ("x", {"preset": "myspace"}, "there is no preset 'myspace'; known are apple, discord"),
    "a module that is not there": ("x", {"preset": "no.such:PRESET"}, "cannot be imported"),
    "something else": ("x", {"preset": "os:sep"}, "'os:sep' is no Preset"),
    "a name in capitals": ("Google", {}, "is no name"),
    "a name that is a path": ("a/b", {"preset": "google"}, "is no name"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_missing_or_unsafe_does_not_start(case: str) -> None:
    name, changes, sentence = REFUSED[case]
    with pytest.raises(ConfigurationError) as refused:
        provider(name, **changes)
    said = str(refused.value)
    assert said.startswith("GATEPOST_PROVIDERS: ")
    assert sentence in said
    assert "hush" not in said
    assert "PRIVATE" not in said
    assert PEM[40:80] not in said


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_preset_is_named_as_its_file_and_starts_with_what_it_needs(name: str) -> None:
    found = provider(name)
    assert preset(name).name == found.preset.name == name
    assert found.issuer.startswith("https://")
    assert "hush" not in repr(found)
    assert "PRIVATE" not in repr(found)
    assert set(WHAT_EACH_NEEDS) == NAMES


def test_one_tenant_of_microsoft_may_be_trusted() -> None:
    assert provider("microsoft", dangerously_trusts_email=True).trusts_email


def test_the_key_of_apple_is_a_text_a_line_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "AuthKey_KEY1234567.p8"
    file.write_text(PEM)
    for private_key in (PEM, PEM.replace("\n", "\\n"), str(file)):
        assert provider("apple", private_key=private_key).preset.client_secret is not None


@pytest.mark.parametrize("name", ["google", "apple", "discord", "github", "gitlab", "microsoft"])
def test_every_preset_can_stand_on_loopback_in_development(name: str) -> None:
    here = "http://127.0.0.1:4000"
    found = provider(name, base_url=here, reaches_loopback=True)
    assert found.issuer.startswith(here)
    if found.preset.endpoints:
        there = found.preset.endpoints
        assert all(url.startswith(here) for url in (there.authorization, there.token, there.userinfo, there.iss or ""))
    with pytest.raises(ConfigurationError):
        provider(name, base_url=here)


def from_environment(**values: str) -> Settings:
    variables = {f"GATEPOST_PROVIDERS__{name}": value for name, value in values.items()}
    with patch.dict(os.environ, {"GATEPOST_PUBLIC_URL": "https://id.house.test", **variables}):
        return Settings(_env_file=None)


def test_variables_configure_several_providers_and_two_of_one_preset() -> None:
    found = from_environment(
        GOOGLE__CLIENT_ID="a",
        GOOGLE__CLIENT_SECRET="b",
        GITLAB__CLIENT_ID="c",
        GITLAB__CLIENT_SECRET="d",
        WORK__PRESET="gitlab",
        WORK__BASE_URL="https://git.house.test",
        WORK__CLIENT_ID="e",
        WORK__CLIENT_SECRET="f",
        WORK__LABEL="The office",
        WORK__SCOPES='["openid", "email"]',
    ).federation_policy()
    assert {name: each.issuer for name, each in found.providers.items()} == {
        "google": "https://accounts.google.com",
        "gitlab": "https://gitlab.com",
        "work": "https://git.house.test",
    }
    assert found.providers["work"].label == "The office"
    assert found.providers["work"].scopes == ("openid", "email")
    assert found.callback_base == "https://id.house.test/auth/callback/"


def test_an_empty_variable_is_absent() -> None:
    found = from_environment(
        GOOGLE__CLIENT_ID="a",
        GOOGLE__CLIENT_SECRET="b",
        GOOGLE__LABEL="",
        GOOGLE__SCOPES="",
        GOOGLE__TENANT="",
        GOOGLE__KEEP_TOKENS="",
        GOOGLE__PRIVATE_KEY="",
        GOOGLE__CLIENT_AUTHENTICATION="",
    ).federation_policy()
    google = found.providers["google"]
    assert (google.label, google.scopes, google.keeps_tokens) == ("Google", ("openid", "email", "profile"), False)
    with pytest.raises(ConfigurationError, match="google: set its client_secret"):
        from_environment(GOOGLE__CLIENT_ID="a", GOOGLE__CLIENT_SECRET="").federation_policy()
    with pytest.raises(ConfigurationError, match="google: set its client_id"):
        from_environment(GOOGLE__CLIENT_ID="", GOOGLE__CLIENT_SECRET="b").federation_policy()


def test_a_refused_value_is_not_quoted() -> None:
    with pytest.raises(ValueError, match="client_secrets") as refused:
        from_environment(GOOGLE__CLIENT_ID="a", GOOGLE__CLIENT_SECRETS="hush")
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(("keeps", "scopes"), [(False, ()), (True, ("offline_access",))])
def test_scopes_of_kept_tokens_are_asked_for_where_they_are_kept(keeps: bool, scopes: tuple[str, ...]) -> None:  # noqa: FBT001
    found = provider("microsoft", keep_tokens=keeps)
    assert found.scopes == ("openid", "email", "profile", *scopes)
    assert provider("microsoft", keep_tokens=True, scopes=["openid", "offline_access"]).scopes == (
        "openid",
        "offline_access",
    )
