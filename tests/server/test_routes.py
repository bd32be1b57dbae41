"""`gatepost routes`: what guards each route of an application, from the terminal."""

import json
import sys
from pathlib import Path

import pytest

from tests.server.terminal import Terminal

APP = """
from fastapi import FastAPI
from gatepost import CurrentPrincipal, Gatepost, public

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
gate = Gatepost()
gate.install(app)
alone = Gatepost()
plain = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

@app.get("/mine")
async def mine(principal: CurrentPrincipal) -> None: ...

@app.get("/imprint")
@public
async def imprint() -> None: ...

@app.get("/forgotten")
@plain.get("/forgotten")
async def forgotten() -> None: ...
"""


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Put an application where the command looks for it."""
    (tmp_path / "listed_app.py").write_text(APP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "listed_app", raising=False)
    return "listed_app"


@pytest.mark.parametrize("name", ["app", "gate"])
def test_the_application_or_its_gatepost_may_be_named(terminal: Terminal, tmp_path: Path, name: str) -> None:
    lines = terminal.says("routes", "--app", f"listed_app:{name}").splitlines()
    assert lines[0].split() == ["METHOD", "PATH", "GUARDED", "BY"]
    found = {" ".join(line.split()) for line in lines[1:]}
    assert {"GET /mine principal", "GET /imprint public", "GET /forgotten nothing", "POST /auth/login public"} <= found
    assert not list(tmp_path.glob("*.db")), "nothing is started to look at routes"


def test_a_build_fails_over_a_forgotten_route(terminal: Terminal) -> None:
    result = terminal("routes", "--app", "listed_app:app", "--strict")
    assert (result.exit_code, "nothing guards 1 of " in result.stderr) == (1, True)
    sys.modules.pop("listed_app")  # it read its settings when it was imported
    named = terminal.with_settings(open_paths='["/forgotten"]')
    lines = named.says("routes", "--app", "listed_app:app", "--strict").splitlines()
    assert ["GET", "/forgotten", "open"] in [line.split() for line in lines]


def test_other_programs_read_it_as_json(terminal: Terminal) -> None:
    lines = json.loads(terminal.says("routes", "--app", "listed_app:app", "--json"))
    assert {"methods": ["GET"], "path": "/forgotten", "guards": []} in lines
    assert {"methods": ["GET"], "path": "/mine", "guards": ["principal"]} in lines


def test_an_application_without_a_gatepost_is_listed_too(terminal: Terminal) -> None:
    assert terminal.says("routes", "--app", "listed_app:plain").splitlines()[1].split() == [
        "GET",
        "/forgotten",
        "nothing",
    ]


@pytest.mark.parametrize("words", [(), ("--app", "listed_app:alone"), ("--app", "listed_app:mine"), ("--app", "no:x")])
def test_what_is_no_application_is_one_sentence(terminal: Terminal, words: tuple[str, ...]) -> None:
    result = terminal("routes", *words)
    assert (result.exit_code, result.stderr.count("\n"), result.stdout) == (2, 1, "")
