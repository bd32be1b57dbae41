"""A browser goes to a provider and comes back signed in, once, and only the one that went."""

import pytest

from tests.social.upstream import Upstream
from tests.social.visit import house, sign_in, who

pytestmark = pytest.mark.anyio


async def test_somebody_new_comes_back_signed_in_with_a_verified_address(database_url: str, upstream: Upstream) -> None:
    async with house(database_url, upstream) as it:
        response = await sign_in(it.client, upstream, return_to="/todos?open=1#first")
        assert response.status_code == 303, response.text
        assert response.headers["location"] == "/todos?open=1#first"
        me = await who(it.client)
        assert me is not None
        assert (me["email"], me["email_verified"], me["full_name"]) == ("ada@example.com", True, "Ada Lovelace")
