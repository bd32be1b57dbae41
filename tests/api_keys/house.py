"""Short words for what owners of keys do."""

import uuid
from typing import Any

import httpx2

from gatepost.core.outbox import Mail
from tests.harness import EMAIL, PASSWORD, Running, bearer, eventually


async def owner(house: Running, *roles: str, email: str = EMAIL) -> dict[str, str]:
    """Make a user and return the header of a fresh sign-in."""
    user = await house.gate.create_user(email=email, password=PASSWORD, roles=roles)
    assert user is not None
    return bearer((await house.signed_in(email))["access_token"])


async def asks(house: Running, headers: dict[str, str], **wanted: Any) -> httpx2.Response:  # noqa: ANN401 - any JSON
    return await house.client.post("/auth/api-keys", json={"name": "a program", **wanted}, headers=headers)


async def minted(house: Running, headers: dict[str, str], **wanted: Any) -> tuple[uuid.UUID, str]:  # noqa: ANN401
    """Make a key that must be made, and return its id and its secret."""
    response = await asks(house, headers, **wanted)
    assert response.status_code == 201, response.text
    return uuid.UUID(response.json()["id"]), response.json()["key"]


async def status(house: Running, key: str, path: str = "/principal") -> int:
    return (await house.client.get(path, headers=bearer(key))).status_code


async def notice(house: Running) -> Mail:
    """Wait for the mail that tells of a new key."""

    def found() -> list[Mail]:
        return [mail for mail in house.mails.sent if "API key" in mail.subject]

    async def has_come() -> bool:
        return bool(found())

    await eventually(has_come, within=5)
    return found()[-1]
