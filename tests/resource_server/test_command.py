"""`gatepost routes` reads a service without users as it reads any application."""

from pathlib import Path

import pytest

from gatepost.server.gates import find_applications
from gatepost.web.route_table import route_table

SERVICE = """
from fastapi import FastAPI
from gatepost import CurrentPrincipal, ResourceServer, require

app = FastAPI(openapi_url=None)
ResourceServer("https://auth.example.com", audience="api", open_paths=["/files"]).install(app)

@app.get("/mine")
async def mine(principal: CurrentPrincipal) -> None: ...

@app.get("/articles", dependencies=[require(scope="articles.read")])
async def articles() -> None: ...

@app.get("/files/one")
async def one() -> None: ...
"""


def test_the_routes_of_a_service_are_listed_with_what_guards_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "service_of_a_host.py").write_text(SERVICE)
    monkeypatch.syspath_prepend(tmp_path)
    [(app, policy)] = find_applications("service_of_a_host:app")
    assert [(line.path, line.guards) for line in route_table(app, policy.open_paths)] == [
        ("/mine", ("principal",)),
        ("/articles", ("scope articles.read",)),
        ("/files/one", ("open",)),
    ]
