"""Who moved in from fastapi-users with an account elsewhere signs in with it."""

from pathlib import Path
from typing import Any

import pytest

from gatepost.core.federation.account import Account
from tests.harness import running
from tests.identities.elsewhere import access, counts, enter
from tests.imports.test_fastapi_users import made_by_fastapi_users, manager
from tests.presets.saying import account, provider
from tests.server.terminal import Terminal

pytestmark = pytest.mark.anyio
# What fastapi-users was told there (the id that httpx-oauth makes), and what the same provider says to us.
ELSEWHERE: dict[str, tuple[str, dict[str, Any], Any]] = {
    "google": ("people/1048576", {"sub": "1048576", "email": "x@gmail.com", "email_verified": True}, None),
    "github": ("583231", {"id": 583231, "login": "octocat"}, []),
    "discord": ("80351110224678912", {"id": "80351110224678912", "username": "nelly"}, None),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ELSEWHERE)
async def test_who_moved_in_with_an_account_elsewhere_signs_in_with_it(database_url: str, name: str) -> None:
    account_id, claims, more = ELSEWHERE[name]
    await made_by_fastapi_users(database_url)
    email = f"{name}@example.com"
    async with manager(database_url) as users:
        moved = await users.oauth_callback(name, "their-token", account_id, email)
        moved_id = moved.id
    await Terminal(database_url).aside("migrate", "fastapi-users")
    of = provider(name)
    who: Account = await account(of, more=more, **claims)
    settings = {name: {"client_id": "x", "client_secret": "y"}}
    async with running(database_url, providers=settings) as it:
        before = counts(it)[:2]
        opened = await enter(it, who, provider=of)
        assert opened.grant.user_id == moved_id
        assert counts(it)[:2] == before
        assert await access(it, opened) == 200
        (one,) = await it.gate.identities.listing(moved_id)
        assert one.provider == name
        found = it.core.identities.provider_of(one)
        assert found is not None
        assert found.name == name
