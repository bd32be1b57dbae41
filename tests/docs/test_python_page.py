"""Each section of `docs/python.md` runs by itself, and its routes do what the page says."""

import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from gatepost import Gatepost, events
from gatepost.testing import isolated, signed_in

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "python.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXCERPT = re.compile(r"^```py\n(.*?)^```", re.MULTILINE | re.DOTALL)
OPEN = {"/anybody", "/imprint"}


@pytest.fixture
def module(title: str) -> Iterator[ModuleType]:
    made = ModuleType("page_" + re.sub(r"\W", "_", title.lower()))
    sys.modules[made.__name__] = made
    exec(compile("\n".join(PYTHON.findall(SECTIONS[title])), title, "exec"), vars(made))  # noqa: S102 - our own page
    yield made
    del sys.modules[made.__name__]


@pytest.fixture
def client(module: ModuleType) -> Iterator[TestClient]:
    gates = {id(value): value for value in vars(module).values() if isinstance(value, Gatepost)}
    app: FastAPI = module.app
    with ExitStack() as stack:
        for gate in gates.values():
            stack.enter_context(isolated(gate))
        yield stack.enter_context(TestClient(app))


def test_the_page_has_its_sections() -> None:
    assert len(SECTIONS) == 14
    assert all(PYTHON.search(body) for body in SECTIONS.values())


@pytest.mark.parametrize("title", SECTIONS)
def test_the_section_s_routes_refuse_nobody_and_let_in_who_may(
    client: TestClient, module: ModuleType, title: str
) -> None:
    paths: dict[str, Any] = client.get("/openapi.json").json()["paths"]
    own = [(path, method) for path, methods in paths.items() for method in methods if "/auth/" not in path]
    for path, method in own:
        assert client.request(method, path).status_code == (200 if path in OPEN else 401), path
    for gate in (value for value in vars(module).values() if isinstance(value, Gatepost)):
        signed_in(client, gate, roles=["admin", "editor", "chief"])
    for path, method in own:
        if path != "/events":
            assert client.request(method, path).status_code == 200, path


@pytest.mark.parametrize("title", ["WebSocket and SSE"])
def test_the_socket_ends_with_the_session(client: TestClient, module: ModuleType, title: str) -> None:
    user = signed_in(client, module.gate)
    with client.websocket_connect("/socket") as socket:
        assert client.portal is not None
        client.portal.call(module.gate.users.sign_out_everywhere, user.id)
        assert socket.receive() == {"type": "websocket.close", "code": 4001, "reason": "the session has ended"}


@pytest.mark.parametrize("title", ["Mounted applications"])
def test_the_inner_application_is_guarded(client: TestClient, module: ModuleType, title: str) -> None:
    assert client.get("/inner/mine").status_code == 401
    user = signed_in(client, module.gate)
    assert client.get("/inner/mine").json() == user.email


@pytest.mark.parametrize("title", ["Testing your application"])
def test_the_page_s_own_tests_pass(client: TestClient, module: ModuleType, title: str) -> None:
    tests = [name for name in vars(module) if name.startswith("test_")]
    assert len(tests) == 4
    for name in tests:
        client.cookies.clear()
        client.headers.pop("Authorization", None)
        getattr(module, name)(client)


def test_excerpts_stand_in_the_example_that_they_are_from() -> None:
    env = (ROOT / "examples" / "alembic_host" / "migrations" / "env.py").read_text().splitlines()
    lines = [line for block in EXCERPT.findall(PAGE) for line in block.splitlines()]
    assert len(lines) == 2
    assert [line for line in lines if line not in env] == []


def test_every_event_stands_on_the_page() -> None:
    written = set(re.findall(r"`([A-Z]\w+)`", SECTIONS["Events"]))
    assert set(events.__all__) - {"Event"} <= written


@pytest.mark.parametrize("title", ["What an export says"])
def test_an_export_says_what_the_host_knows(client: TestClient, module: ModuleType, title: str) -> None:
    user = signed_in(client, module.gate)
    known = client.get("/auth/me/export").json()
    assert known["todos"] == [{"title": "Water the tomatoes", "owner": str(user.id)}]
