"""Which keys outlive which change: two carry them over, every other one that moves the epoch ends them."""

import re
import uuid
from collections.abc import Awaitable, Callable

import pytest

from gatepost.core.sessions.everybody import sign_everybody_out
from tests.api_keys.house import minted, notice, owner, status
from tests.harness import EMAIL, PASSWORD, Running, bearer, eventually, query, running

pytestmark = pytest.mark.anyio
Change = Callable[[Running, uuid.UUID], Awaitable[object]]


async def change_password(house: Running, _: uuid.UUID) -> None:
    body = {"current_password": PASSWORD, "new_password": "another long password"}
    headers = bearer((await house.signed_in())["access_token"])
    assert (await house.client.post("/auth/password/change", json=body, headers=headers)).status_code == 204


async def disable_and_enable(house: Running, user_id: uuid.UUID) -> None:
    await house.gate.users.disable(user_id)
    await house.gate.users.enable(user_id)


async def disown(house: Running, _: uuid.UUID) -> None:
    """Follow the link of the mail that every new key causes."""
    link = re.search(r"not-me#token=([\w-]+)", (await notice(house)).body)
    assert link is not None
    assert (await house.client.post("/auth/disown", json={"token": link[1]})).status_code == 204


async def reset_password(house: Running, _: uuid.UUID) -> None:
    assert (await house.client.post("/auth/password/forgot", json={"email": EMAIL})).status_code == 202

    async def has_come() -> bool:
        return bool(links())

    def links() -> list[str]:
        return [found for mail in house.mails.sent for found in re.findall(r"reset-password#token=([\w-]+)", mail.body)]

    await eventually(has_come, within=5)
    body = {"token": links()[-1], "new_password": "another long password"}
    assert (await house.client.post("/auth/password/reset", json=body)).status_code == 204


ENDING: dict[str, Change] = {
    "disabled": lambda house, user_id: house.gate.users.disable(user_id),
    "disabled and enabled": disable_and_enable,
    "deleted": lambda house, user_id: house.gate.users.delete(user_id),
    "signed out everywhere": lambda house, user_id: house.gate.users.sign_out_everywhere(user_id),
    "disowned": disown,
    "reset": reset_password,
    "restored": lambda house, _: sign_everybody_out(
        house.core.database, house.core.listeners, house.core.feed.apply_own
    ),
}
SPARING: dict[str, Change] = {
    "password": change_password,
    "role": lambda house, user_id: house.gate.users.remove_role(user_id, "editor"),
    "deleted role": lambda house, _: house.gate.roles.delete("editor"),
}


@pytest.mark.parametrize("change", ENDING.values(), ids=ENDING.keys())
async def test_what_ends_every_credential_ends_the_keys(database_url: str, change: Change) -> None:
    async with running(database_url) as house:
        headers = await owner(house, "editor")
        [user] = await house.gate.users.page()
        (_, used), (_, unused) = await minted(house, headers), await minted(house, headers)
        assert await status(house, used) == 200
        await change(house, user.id)
        assert [await status(house, key) for key in (used, unused)] == [401, 401]


@pytest.mark.parametrize("change", SPARING.values(), ids=SPARING.keys())
async def test_programs_go_on_after_a_change_that_has_nothing_to_do_with_them(
    database_url: str, change: Change
) -> None:
    async with running(database_url) as house:
        headers = await owner(house, "editor", "other")
        [user] = await house.gate.users.page()
        (_, used), (_, unused) = await minted(house, headers), await minted(house, headers)
        revoked_id, revoked = await minted(house, headers)
        await house.core.api_keys.revoke(revoked_id, user.id)
        assert await status(house, used) == 200
        await change(house, user.id)
        assert [await status(house, key) for key in (used, unused, revoked)] == [200, 200, 401]
        assert (await house.principal(headers["Authorization"][7:])).status_code == 401
        roles = (await house.gate.authenticate(used)).roles
        assert roles == (await house.gate.users.page())[0].roles


async def test_a_change_that_spares_does_not_wake_what_another_has_ended(database_url: str) -> None:
    async with running(database_url) as house:
        headers = await owner(house, "editor")
        [user] = await house.gate.users.page()
        _, key = await minted(house, headers)
        await house.gate.users.sign_out_everywhere(user.id)
        await house.gate.users.remove_role(user.id, "editor")
        await change_password(house, user.id)
        assert await status(house, key) == 401


async def test_ended_keys_stay_ended_when_the_feed_has_forgotten_why(database_url: str) -> None:
    async with running(database_url, api_key_lifetime=None) as house:
        headers = await owner(house)
        [user] = await house.gate.users.page()
        _, key = await minted(house, headers)
        assert await status(house, key) == 200
        await house.gate.users.sign_out_everywhere(user.id)
    query(database_url, "DELETE FROM gatepost_change")  # its time has passed
    async with running(database_url) as house:
        assert await status(house, key) == 401
