"""Administrators and users for tests of the admin API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from gatepost.core.outbox import Mail
from gatepost.core.users import User
from tests.harness import PASSWORD, Running, bearer, running

ADMIN = "root@example.com"
UNKNOWN = "00000000-0000-7000-8000-000000000000"


async def made(it: Running, email: str, *roles: str, **more: Any) -> User[Any]:  # noqa: ANN401 - as `create_user`
    """Make a user."""
    user = await it.gate.create_user(email=email, password=PASSWORD, roles=roles, **more)
    assert user is not None
    return user


async def mailed(it: Running, recipient: str, subject: str) -> Mail:
    """Return the newest mail to somebody with such a subject, when it comes."""
    async with asyncio.timeout(10):
        while True:
            for mail in reversed(it.mails.sent):
                if mail.recipient == recipient and subject in mail.subject:
                    return mail
            await asyncio.sleep(0.02)


class Admin:
    """Somebody who administers by a bearer token."""

    def __init__(self, it: Running, user: User[Any], token: str) -> None:
        self.it = it
        self.user = user
        self.headers = bearer(token)

    async def __call__(self, method: str, path: str, **more: Any) -> httpx2.Response:  # noqa: ANN401 - as `request`
        return await self.it.client.request(method, f"/auth/admin{path}", headers=self.headers, **more)

    async def does(self, method: str, path: str, **more: Any) -> Any:  # noqa: ANN401 - JSON
        """Do what must succeed, and return what is answered."""
        response = await self(method, path, **more)
        assert response.is_success, response.text
        return response.json() if response.content else None


async def admin_of(it: Running, email: str = ADMIN) -> Admin:
    """Make an administrator and sign them in."""
    user = await made(it, email, "admin")
    return Admin(it, user, (await it.signed_in(email))["access_token"])


@asynccontextmanager
async def administered(database_url: str, **changes: Any) -> AsyncIterator[tuple[Running, Admin]]:  # noqa: ANN401
    """Run a Gatepost with an administrator."""
    async with running(database_url, **changes) as it:
        yield it, await admin_of(it)
