"""Whatever JSON a provider says, its preset finds an account of that provider, or nobody; it never stumbles."""

from dataclasses import replace
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.core.federation.account import Account, AccountRefused
from gatepost.core.federation.preset import Said
from tests.presets.saying import CONSUMERS, TENANT, WHAT_EACH_NEEDS, provider

pytestmark = pytest.mark.anyio
PROVIDERS = {name: provider(name) for name in WHAT_EACH_NEEDS}
LIKELY: st.SearchStrategy[Any] = st.sampled_from(
    [True, False, "true", "1", 1, 0, -1, 1.5, "42", 42, 2**70, "ada@gmail.com", "\ud800", "a\x00", TENANT, CONSUMERS]
)
JSON = st.recursive(
    st.none() | LIKELY | st.text(max_size=20) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = ["sub", "id", "email", "email_verified", "verified", "name", "preferred_username", "login", "username"]
NAMES += ["global_name", "locale", "hd", "tid", "xms_edov", "is_private_email"]
CLAIMS = st.dictionaries(st.sampled_from(NAMES), JSON)
ADDRESSES = st.lists(st.dictionaries(st.sampled_from(["email", "primary", "verified"]), JSON) | JSON, max_size=4)


@pytest.mark.parametrize("name", PROVIDERS)
@given(claims=CLAIMS, more=ADDRESSES | JSON, user=st.text(max_size=100) | st.just('{"name": {"firstName": "Ada"}}'))
def test_an_account_of_this_provider_or_nobody(name: str, claims: dict[str, Any], more: Any, user: str) -> None:  # noqa: ANN401 - JSON
    async def ask(_url: str) -> Any:  # noqa: ANN401 - JSON
        return more

    said = Said(issuer="https://id.house.test", claims=claims, posted={"user": user}, ask=ask)
    try:
        found = anyio.run(PROVIDERS[name].preset.read, said)
    except AccountRefused:
        return
    assert found.issuer == said.issuer
    assert found.email_is_authoritative <= found.email_is_verified


async def test_an_account_of_another_issuer_is_nobody() -> None:
    async def read(said: Said) -> Account:
        return Account(issuer=said.claims["iss"], subject="1")

    async def ask(_url: str) -> None:
        return None

    preset = replace(PROVIDERS["oidc"].preset, read=read)
    said = Said(issuer="https://id.house.test", claims={"iss": "https://id.house.test"}, ask=ask)
    assert (await preset.account(said)).subject == "1"
    with pytest.raises(AccountRefused):
        await preset.account(replace(said, claims={"iss": "https://accounts.google.com"}))


async def test_what_a_preset_of_ones_own_stumbles_over_is_told_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def read(said: Said) -> Account:
        raise KeyError(said.claims["secret"])

    async def ask(_url: str) -> None:
        return None

    preset = replace(PROVIDERS["oidc"].preset, read=read)
    with pytest.raises(AccountRefused):
        await preset.account(Said(issuer="https://id.house.test", claims={"secret": "hush"}, ask=ask))
    assert "the preset oidc cannot read what the provider said (KeyError)" in caplog.text
    assert "hush" not in caplog.text
