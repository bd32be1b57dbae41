"""Keys under concurrency: a count that holds, one end, and no key from a sign-in that is over."""

import asyncio

import pytest

from gatepost.kernel.errors import NotAuthenticated
from tests.api_keys.house import asks, minted, owner
from tests.harness import running

pytestmark = pytest.mark.anyio


async def test_many_at_once_make_no_more_keys_than_one_may_have(database_url: str) -> None:
    async with running(database_url, api_key_limit=3) as one, running(database_url, api_key_limit=3) as other:
        headers = await owner(one)
        answers = await asyncio.gather(*(asks(house, headers) for house in (one, other) for _ in range(8)))
        assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 13
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"api_key.too_many"}
        assert one.value("SELECT count(*) FROM gatepost_api_key") == 3
        key_id = answers[[answer.status_code for answer in answers].index(201)].json()["id"]
        assert (await one.client.delete(f"/auth/api-keys/{key_id}", headers=headers)).status_code == 204
        assert (await asks(other, headers)).status_code == 201


async def test_many_that_revoke_one_key_at_once_revoke_it_once(database_url: str) -> None:
    async with running(database_url) as one, running(database_url) as other:
        headers = await owner(one)
        key_id, _ = await minted(one, headers)
        [user] = await one.gate.users.page()
        revoking = (house.core.api_keys.revoke(key_id, user.id) for house in (one, other) for _ in range(8))
        assert sum(await asyncio.gather(*revoking)) == 1
        assert one.value("SELECT count(*) FROM gatepost_audit WHERE event = 'api_key.revoked'") == 1


async def test_a_sign_in_that_was_ended_meanwhile_makes_no_key(database_url: str) -> None:
    async with running(database_url) as house:
        await owner(house)
        principal = await house.gate.authenticate((await house.signed_in())["access_token"])
        minting = house.core.api_keys.minting(principal, name="late")
        await house.gate.users.sign_out_everywhere(principal.user_id)
        with pytest.raises(NotAuthenticated):
            await house.core.api_keys.mint(minting)
        assert house.value("SELECT count(*) FROM gatepost_api_key") == 0
