"""The example of a provider of one's own signs people in, and its hostile answers are refusals like any other's."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.presets.lab import at, sign_in
from tests.presets.stand_in import CLIENT_ID, CLIENT_SECRET, Grant, Reply, Request, StandIn

pytestmark = pytest.mark.anyio
EXAMPLES = Path(__file__).parents[2] / "examples"
LISTED = [{"address": "old@house.test", "verified": False}, {"address": "ada@house.test", "verified": True}]


class ForgeStandIn(StandIn):
    name = "forge"
    authorize_path, token_path = "/oauth/authorize", "/oauth/token"

    def __init__(self) -> None:
        super().__init__()
        self.person = {"id": 7, "login": "ada"}
        self.emails: Any = LISTED

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "preset": "own_provider:FORGE"}

    def paths(self) -> dict[str, Callable[[Request], Reply]]:
        more = {"/api/me": self.me, "/api/emails": lambda _request: Reply(200, self.emails)}
        return {**super().paths(), **more}

    def me(self, request: Request) -> Reply:
        return Reply(200, self.person) if self.is_bearer(request) else Reply(401, {"error": "invalid_token"})

    def tokens(self, access_token: str, grant: Grant) -> Reply:
        return Reply(200, {"access_token": access_token, "token_type": "bearer", "scope": grant.scope})


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATEPOST_ENV", "development")
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.delitem(sys.modules, "own_provider", raising=False)


async def test_a_preset_of_ones_own_is_one_short_file(database_url: str) -> None:
    async with at(ForgeStandIn, database_url) as (it, there):
        assert (await it.client.get("/auth/providers")).json() == [{"name": "forge", "label": "The Forge"}]
        assert (await sign_in(it.client, there)).status_code == 303
        assert it.rows("SELECT issuer, subject FROM gatepost_identity") == [(there.url, "7")]
        assert it.rows("SELECT email, email_verified FROM gatepost_user") == [("ada@house.test", True)]
        posted = next(request.form for request in there.got if request.method == "POST")
        assert (posted["client_id"], posted["client_secret"]) == (CLIENT_ID, CLIENT_SECRET)


@pytest.mark.parametrize(
    "person", [{}, {"id": "7"}, {"id": True}, {"id": -1}], ids=["none", "text", "bool", "negative"]
)
async def test_whoever_has_no_number_there_is_nobody(person: dict[str, Any], sqlite_url: str) -> None:
    async with at(ForgeStandIn, sqlite_url) as (it, there):
        there.person = person
        back = await sign_in(it.client, there)
        assert (back.status_code, it.value("SELECT count(*) FROM gatepost_user")) == (400, 0)


@pytest.mark.parametrize("emails", [{"a": 1}, ["x"], [None], [5], {}, [[]]], ids=ascii)
async def test_what_a_preset_stumbles_over_is_the_providers_fault_and_no_failure_of_ours(
    emails: object, sqlite_url: str
) -> None:
    async with at(ForgeStandIn, sqlite_url) as (it, there):
        there.emails = emails
        back = await sign_in(it.client, there)
        assert back.status_code in {303, 400}, back.text
        assert it.value("SELECT count(*) FROM gatepost_user WHERE email IS NOT NULL") == 0
