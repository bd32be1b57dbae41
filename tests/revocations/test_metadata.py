"""What the server says of itself (RFC 8414): where that is found, that it is true; a host's own comes first."""

from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.staticfiles import StaticFiles
from fastapi.testclient import TestClient

from gatepost import CurrentPrincipal, Gatepost, Settings
from gatepost.outbound import Outbound, OutboundFailed, OutboundPolicy
from gatepost.testing import isolated
from gatepost.trust.discovery import discover, read_metadata
from tests.harness import settings
from tests.revocations import following

ISSUER = "http://testserver"
ROOT = "/.well-known/oauth-authorization-server"
OPEN = OutboundPolicy(allows_loopback=True)


def served(app: FastAPI, gate: Gatepost, path: str = ROOT) -> Any:  # noqa: ANN401 - JSON
    with isolated(gate), TestClient(app) as client:
        answer = client.get(path)
        return answer.json() if answer.status_code == 200 else answer.status_code


def test_it_is_at_the_root_and_under_the_prefix_and_names_what_exists() -> None:
    gate, app = Gatepost(), FastAPI()
    gate.install(app)
    with isolated(gate), TestClient(app) as client:
        document = client.get(ROOT).json()
        assert client.get(f"/auth{ROOT}").json() == document
        assert document["issuer"] == ISSUER
        assert document["grant_types_supported"] == ["refresh_token", "password"]
        assert document["response_types_supported"] == []
        assert "code_challenge_methods_supported" not in document
        endpoints = {
            name: url for name, url in document.items() if name.endswith(("_endpoint", "_uri", "_revocations"))
        }
        assert len(endpoints) == 5
        for url in endpoints.values():
            path = url.removeprefix(ISSUER)
            assert client.request("OPTIONS", path).status_code == 405, "there is such a path"
        assert read_metadata(document, expected_issuer=ISSUER, policy=OPEN).gatepost_revocations == (
            f"{ISSUER}/auth/revocations"
        )
        assert ROOT not in client.get("/openapi.json").json()["paths"], "the host's document is the host's"


def test_it_says_what_settings_switch_on_and_off() -> None:
    options = Settings(password_grant=False, redirect_uris=("https://app.example/cb",), scopes=("todo:read",))
    gate, app = Gatepost(options), FastAPI()
    gate.install(app)
    document = served(app, gate)
    assert document["grant_types_supported"] == ["refresh_token", "authorization_code"]
    assert document["response_types_supported"] == ["code"]
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["scopes_supported"] == ["todo:read"]


def test_where_the_public_url_has_a_path_it_is_also_before_that_path(sqlite_url: str) -> None:
    url = "http://localhost:8000/app"
    gate, app = Gatepost(settings(sqlite_url, public_url=url)), FastAPI()
    gate.install(app)
    with TestClient(app) as client:
        document = client.get(f"{ROOT}/app").json()
        assert document["issuer"] == url
        assert document["jwks_uri"] == f"{url}/auth/.well-known/jwks.json"
        assert client.get(ROOT).json() == document, "a proxy that strips the path"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("how", ["route", "included", "mounted"])
def test_a_host_that_has_such_a_document_keeps_it(when: str, how: str, tmp_path: Any) -> None:  # noqa: ANN401 - a path
    gate, app = Gatepost(), FastAPI()

    def own() -> str:
        return "the host's"

    def add() -> None:
        if how == "route":
            app.get(ROOT)(own)
        elif how == "included":
            router = APIRouter()
            router.get(ROOT)(own)
            app.include_router(router)
        else:
            (tmp_path / "oauth-authorization-server").write_text('"the host\'s"')
            app.mount("/.well-known", StaticFiles(directory=tmp_path))

    if when == "before":
        add()
    gate.install(app)
    if when == "after":
        add()
    assert served(app, gate) == "the host's"
    assert served(app, gate, f"/auth{ROOT}")["issuer"] == ISSUER


def test_a_page_for_every_path_does_not_stand_before_it_and_our_other_routes_come_first() -> None:
    gate, app = Gatepost(), FastAPI()
    gate.install(app)

    @app.get("/{rest:path}")
    def page(rest: str) -> str:
        return rest

    assert served(app, gate)["issuer"] == ISSUER
    assert served(app, gate, "/anything") == "anything"


def test_starting_again_adds_nothing() -> None:
    gate, app = Gatepost(), FastAPI()
    gate.install(app)
    assert served(app, gate)["issuer"] == ISSUER
    count = len(app.router.routes)
    assert served(app, gate)["issuer"] == ISSUER
    assert len(app.router.routes) == count


def test_an_application_that_is_guarded_as_a_whole_leaves_it_open() -> None:
    gate = Gatepost(Settings(unguarded_routes="refuse"))
    app = FastAPI(dependencies=[Depends(gate.require())], openapi_url=None)
    gate.install(app)

    @app.get("/mine")
    async def mine(caller: CurrentPrincipal) -> str:
        return str(caller.user_id)

    assert served(app, gate)["issuer"] == ISSUER
    assert served(app, gate, "/mine") == 401


def test_a_root_path_does_not_stand_in_the_way_and_a_mounted_part_has_none() -> None:
    gate, app, mounted = Gatepost(), FastAPI(), FastAPI()
    gate.install(app)
    gate.install(mounted, routes=False)
    app.mount("/mounted", mounted)
    with isolated(gate), TestClient(app, root_path="/api") as client:
        assert client.get(ROOT).json()["issuer"] == ISSUER
        assert client.get(f"/api{ROOT}").json()["issuer"] == ISSUER
        assert client.get(f"/mounted{ROOT}").status_code == 404, "a part of the application has no issuer of its own"


@pytest.mark.anyio
async def test_a_document_of_another_issuer_than_the_one_asked_is_not_believed(sqlite_url: str) -> None:
    with following.serving(sqlite_url) as (process,):
        outbound = Outbound(OPEN)
        assert (await outbound.get(f"{process.url}{ROOT}")).require().json()["issuer"] == following.ISSUER
        with pytest.raises(OutboundFailed):
            await discover(outbound, process.url)
        await outbound.close()
