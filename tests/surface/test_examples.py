"""Every example runs and does what it says."""

import runpy
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import anyio
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from examples import (
    claims,
    events_and_own_table,
    minimal,
    mounted,
    own_provider,
    profile,
    roles,
    several_gates,
    sync_endpoints,
    websocket_and_sse,
)
from gatepost import Gatepost
from gatepost.testing import PASSWORD, isolated, signed_in
from tests.resource_server.issuer import foreign_beside
from tests.surface.apps import password_form, serving

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_each_example_has_a_test_here() -> None:
    here = Path(__file__).read_text()
    names = [file.stem for file in EXAMPLES.glob("*.py")]
    assert len(names) >= 10
    assert [name for name in names if name not in here] == []


@pytest.mark.parametrize("name", sorted(file.stem for file in EXAMPLES.glob("*.py")))
def test_importing_an_example_starts_nothing_and_writes_nothing(name: str, tmp_path: Path) -> None:
    code = f"import examples.{name}"
    paths = f"{EXAMPLES.parent}"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, cwd=tmp_path, env={"PYTHONPATH": paths})
    assert list(tmp_path.iterdir()) == []


def test_minimal() -> None:
    with serving(minimal.app, minimal.gate) as client:
        account = {"email": "ada@example.com", "password": PASSWORD}
        assert client.post("/auth/register", json=account).status_code == 201
        assert client.get("/hello").status_code == 401
        tokens = client.post("/auth/token", data=password_form(**account)).json()
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert client.get("/hello", headers=bearer).json() == {"hello": "ada@example.com"}


def test_resource_server(monkeypatch: pytest.MonkeyPatch) -> None:
    with foreign_beside() as issuer:
        monkeypatch.setenv("GATEPOST_ENV", "development")
        monkeypatch.setenv("ISSUER", issuer.url)
        example = runpy.run_path(str(EXAMPLES / "resource_server.py"))
        claims = {"aud": "https://api.example.com", "sub": "ada", "client_id": "web", "scope": "reports.read"}
        reader = {"Authorization": f"Bearer {issuer.token(claims)}"}
        editor = {
            "Authorization": f"Bearer {issuer.token({**claims, 'roles': ['editor'], 'auth_time': int(time.time())})}"
        }
        with TestClient(example["app"]) as client:
            assert client.get("/mine").status_code == 401
            assert client.get("/mine", headers=reader).json() == {"issuer": issuer.url, "subject": "ada"}
            assert client.get("/reports", headers=reader).json() == ["one", "two"]
            assert client.delete("/reports", headers=reader).status_code == 403
            assert client.delete("/reports", headers=editor).json() == "dropped"


def test_roles() -> None:
    with serving(roles.app, roles.gate) as client:
        assert client.get("/members/imprint").json() == "who we are"
        assert client.get("/members/list").status_code == 401
        signed_in(client, roles.gate, roles=["editor", "cook"])
        assert client.get("/admin").status_code == 403
        assert client.post("/articles").json() == "written"
        assert client.delete("/articles").status_code == 403
        assert client.get("/reports").json() == "reports"
        assert client.get("/kitchen").json() == "soup"
        assert client.get("/members/list").json() == ["cook", "editor"]
        signed_in(client, roles.gate, scopes=[], roles=["staff"], by="bearer")
        assert client.get("/reports").status_code == 403
        assert client.get("/kitchen").json() == "soup"
        mine = client.post("/drafts").json()
        assert client.get(f"/drafts/{mine}").json() == f"draft {mine}"
        signed_in(client, roles.gate, roles=["editor"])
        assert client.get(f"/drafts/{mine}").status_code == 404
        assert client.delete(f"/drafts/{mine}").status_code == 404
        signed_in(client, roles.gate, roles=["admin"])
        assert client.get(f"/drafts/{mine}").json() == f"draft {mine}"
        assert client.delete(f"/drafts/{mine}").status_code == 404


def test_events_and_own_table() -> None:
    module = events_and_own_table
    with serving(module.app, module.gate) as client:
        signed_in(client, module.gate)
        assert client.get("/customers/me").json() == 1
        user = signed_in(client, module.gate)
        assert client.get("/customers/me").json() == 2
        assert module.sign_ins[-1] == user.id
        refused = client.post("/auth/register", json={"email": "x@example.org", "password": PASSWORD})
        assert (refused.status_code, refused.json()["code"]) == (409, "host.refused")
        assert "example.org cannot" in refused.json()["detail"]
        assert client.get("/customers/count").json() == 2
        assert client.delete("/auth/me").status_code == 204
        assert client.get("/customers/count").json() == 1


def test_claims() -> None:
    with serving(claims.app, claims.gate) as client:
        signed_in(client, claims.gate)
        assert client.get("/people/me").json() == 1
        signed_in(client, claims.gate, by="bearer")
        assert client.get("/people/me").json() == 2


def test_profile() -> None:
    with serving(profile.app, profile.gate) as client:
        signed_in(client, profile.gate)
        assert client.patch("/auth/me", json={"profile": {"city": "Turin"}}).json()["profile"]["city"] == "Turin"
        assert client.get("/greeting").json() == "how is Turin?"


def test_several_gates() -> None:
    module = several_gates
    with isolated(module.customers), serving(module.app, module.staff) as client:
        signed_in(client, module.customers, email="c@example.com")
        assert client.get("/shop").json() == "c@example.com"
        assert client.get("/office").status_code == 401
        signed_in(client, module.staff, email="s@example.com", roles=["chief"])
        assert client.get("/office").json() == "s@example.com"
        assert client.get("/safe").status_code == 200
        assert client.get("/shop").json() == "c@example.com"


def test_mounted() -> None:
    with serving(mounted.app, mounted.gate) as client:
        assert client.get("/reports/mine").status_code == 401
        user = signed_in(client, mounted.gate)
        assert client.get("/reports/mine").json() == user.email


def test_websocket_and_sse() -> None:
    module = websocket_and_sse
    with serving(module.app, module.gate) as client:
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/echo"):
            pytest.fail("nobody is let in")
        user = signed_in(client, module.gate)
        with client.websocket_connect("/echo") as socket:
            assert socket.receive_text() == f"hello {user.email}"
            socket.send_text("marco")
            assert socket.receive_text() == "marco"
            assert client.portal is not None
            client.portal.call(module.gate.users.sign_out_everywhere, user.id)
            with pytest.raises(WebSocketDisconnect) as closed:
                socket.receive_text()
            assert closed.value.code == 4001
        assert client.get("/ticks").status_code == 401


def test_the_stream_of_ticks_ends_with_the_session() -> None:
    module = websocket_and_sse
    with serving(module.app, module.gate) as client:
        user = signed_in(client, module.gate)
        assert client.portal is not None
        answer = client.portal.start_task_soon(lambda: anyio.to_thread.run_sync(client.get, "/ticks"))
        waiting: dict[Any, Any] = module.gate.core.feed.index._waiting
        while not waiting:
            client.portal.call(anyio.lowlevel.checkpoint)
        client.portal.call(module.gate.users.sign_out_everywhere, user.id)
        assert answer.result(10).text.endswith("event: ended\ndata:\n\n")


def test_sync_endpoints() -> None:
    module = sync_endpoints
    with serving(module.app, module.gate) as client:
        user = signed_in(client, module.gate, roles=["admin"])
        assert client.get("/thread").json() == {"email": user.email, "is_main": False}
        assert client.get("/cellar").json() == "wine"
        assert module.welcomed == [user.email]


def test_own_provider() -> None:  # a whole sign-in by it is in tests/presets
    module = own_provider
    forge = {"preset": "examples.own_provider:FORGE", "client_id": "todo", "client_secret": "of the forge"}
    with serving(module.app, module.gate, providers={"forge": forge}) as client:
        assert client.get("/auth/providers").json() == [{"name": "forge", "label": "The Forge"}]
        signed_in(client, module.gate, email="ada@example.com")
        assert client.get("/hello").json() == {"hello": "ada@example.com"}


def test_testing_your_app() -> None:
    module = import_module("examples.testing_your_app")
    tests = [value for name, value in vars(module).items() if name.startswith("test_")]
    assert len(tests) == 4
    app: FastAPI = module.app
    gate: Gatepost = module.gate
    for test in tests:
        with isolated(gate), TestClient(app) as client:
            test(client)
