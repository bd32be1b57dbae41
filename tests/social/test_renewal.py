"""The renewal of a provider's token: only the provider's own no ends what is kept."""

import pytest

from gatepost.core.federation.errors import ProviderUnavailable
from gatepost.core.federation.redeemed import RefreshRefused
from tests.social.upstream import Reply, Upstream
from tests.social.visit import house

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("said", [{"error_description": "maintenance"}, {"access_token": "x", "token_type": "mac"}])
async def test_an_answer_that_is_none_says_nothing_of_a_refresh_token(
    sqlite_url: str, upstream: Upstream, said: dict[str, str]
) -> None:
    async with house(sqlite_url, upstream) as it:
        provider = it.core.providers.get("acme")
        upstream.replies["/token"] = lambda _: Reply.json(said)
        with pytest.raises(ProviderUnavailable):
            await provider.refresh("kept")
        upstream.replies["/token"] = lambda _: Reply.json({"error": "invalid_grant"}, 400)
        with pytest.raises(RefreshRefused):
            await provider.refresh("kept")
