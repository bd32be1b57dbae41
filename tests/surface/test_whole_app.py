"""An application that is guarded as a whole, routes of ours that say who may call them, a start that refuses."""

import socket
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from gatepost import ConfigurationError, CurrentUser, Gatepost, Settings, public, require
from gatepost.testing import PASSWORD, isolated, signed_in
from gatepost.web.routing import is_declared, our_routes
from tests.surface.apps import password_form, serving

DEVELOPMENT = Settings(env="development")
ADA = {"email": "ada@example.com", "password": PASSWORD}


def guarded() -> tuple[FastAPI, Gatepost]:
    gate, app = Gatepost(DEVELOPMENT), FastAPI(dependencies=[require()])
    gate.install(app)
    app.add_api_route("/private", lambda: "in")
    app.add_api_route("/public", public(lambda: "open"))
    return app, gate


def test_an_app_wide_guard_lets_our_public_routes_and_marked_ones_pass() -> None:
    app, gate = guarded()
    with serving(app, gate) as client:
        assert client.get("/private").status_code == 401
        assert client.get("/auth/me").status_code == 401
        assert client.get("/public").json() == "open"
        assert client.get("/auth/.well-known/jwks.json").status_code == 200
        assert client.post("/auth/register", json=ADA).status_code == 201
        tokens = client.post("/auth/token", data=password_form(**ADA)).json()
        assert client.get("/private", headers={"Authorization": f"Bearer {tokens['access_token']}"}).json() == "in"
        assert client.post("/auth/login", json={"identifier": ADA["email"], "password": PASSWORD}).status_code == 200
        assert client.get("/private").json() == "in"
        assert client.post("/auth/logout").status_code == 204
        assert client.get("/private").status_code == 401


def test_a_bad_token_does_not_keep_anybody_from_a_public_route() -> None:
    app, gate = guarded()
    with serving(app, gate) as client:
        stale = {"Authorization": "Bearer a.b.c"}
        assert client.get("/public", headers=stale).json() == "open"
        assert client.post("/auth/register", json=ADA, headers=stale).status_code == 201


def test_an_app_wide_guard_covers_included_routers_and_sockets() -> None:
    app, gate = guarded()
    more = APIRouter()
    more.add_api_route("/more", lambda: "in")

    @more.websocket("/socket")
    async def talk(connection: WebSocket) -> None:
        await connection.accept()
        await connection.send_text("in")
        await connection.close()

    app.include_router(more, prefix="/v1")
    with serving(app, gate) as client:
        assert client.get("/v1/more").status_code == 401
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/v1/socket"):
            pytest.fail("accepted")
        signed_in(client, gate)
        assert client.get("/v1/more").json() == "in"
        with client.websocket_connect("/v1/socket") as opened:
            assert opened.receive_text() == "in"


def test_every_route_of_ours_is_public_or_guarded() -> None:
    routes = our_routes(Gatepost(DEVELOPMENT).router.routes)
    assert len(routes) >= 14
    assert {route.path for route in routes} >= {"/me", "/token", "/dev/mailbox"}
    assert [route.path for route in routes if not is_declared(route)] == []


def test_a_route_that_is_neither_would_be_found() -> None:
    router = APIRouter()
    router.add_api_route("/neither", lambda: "in")
    router.add_api_route("/other", lambda: "in", dependencies=[Depends(lambda: None)])
    router.add_api_route("/public", public(lambda: "in"))
    router.add_api_route("/guarded", lambda: "in", dependencies=[require()])
    outer = APIRouter()
    outer.include_router(router, prefix="/x")
    found = our_routes(outer.routes)
    assert [route.path for route in found if not is_declared(route)] == ["/neither", "/other"]


def anything(rest: str = "") -> str:
    return rest


@pytest.mark.parametrize(
    ("add", "named"),
    [
        (lambda app: app.add_api_route("/auth/token", anything, methods=["POST"]), "POST /auth/token"),
        (lambda app: app.add_api_route("/auth/{rest}", anything), "GET /auth/me"),
        (lambda app: app.add_api_route("/{rest:path}", anything, methods=["DELETE"]), "DELETE /auth/me"),
        (lambda app: app.mount("/auth", FastAPI()), "/auth/"),
        (lambda app: app.mount("/", FastAPI()), "/auth/"),
        (lambda app: app.include_router(included(), prefix="/auth"), "GET /auth/me"),
    ],
)
def test_a_host_s_route_before_ours_stops_the_start_and_is_named(add: Callable[[FastAPI], Any], named: str) -> None:
    gate, app = Gatepost(), FastAPI()
    add(app)
    gate.install(app)
    with isolated(gate), pytest.raises(ConfigurationError, match=named) as refused, TestClient(app):
        pytest.fail("it started")
    assert "GATEPOST_PREFIX" in str(refused.value)


def included() -> APIRouter:
    router = APIRouter()
    router.add_api_route("/me", anything)
    return router


def test_a_host_s_route_behind_ours_is_the_host_s_own_affair() -> None:
    gate, app = Gatepost(), FastAPI()
    app.add_api_route("/authors", anything)
    gate.install(app)
    app.add_api_route("/{rest:path}", anything)
    with serving(app, gate) as client:
        assert client.get("/authors").status_code == 200
        assert client.get("/auth/me").status_code == 401
        assert client.get("/anything").json() == "anything"


def test_constructing_and_installing_does_no_io(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)

    def refuse(*arguments: object, **_: object) -> None:
        raise AssertionError(f"I/O: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(sqlite3, "connect", refuse)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr("os.open", refuse)
    monkeypatch.setattr(Path, "write_text", refuse)
    for url in ("sqlite:///x.db", "postgresql://nobody@127.0.0.1:1/x"):
        gate, app = Gatepost(Settings(database_url=url, redis_url="redis://127.0.0.1:1")), FastAPI()
        gate.install(app)
        app.openapi()
        assert gate.router.routes
        gate.require(role="x")
        assert callable(gate.user)
    assert list(tmp_path.iterdir()) == []


def test_constructing_never_fails_and_starting_says_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    gate, app = Gatepost(), FastAPI()
    gate.install(app)
    with pytest.raises(ConfigurationError, match=r"GATEPOST_(SECRET|PUBLIC_URL)"), TestClient(app):
        pytest.fail("it started")


def test_before_the_start_a_request_is_503_and_nobody_is_let_in() -> None:
    gate, app = Gatepost(), FastAPI()
    gate.install(app)

    @app.get("/mine")
    async def mine(user: CurrentUser) -> str:
        return str(user.id)

    client = TestClient(app)  # never entered: the lifespan does not run
    assert client.get("/mine", headers={"Authorization": "Bearer a.b.c"}).status_code == 503
    assert client.get("/mine", headers={"Cookie": "gatepost=x"}).status_code == 503


def test_the_host_s_own_lifespan_runs_inside_ours_and_keeps_its_state() -> None:
    from collections.abc import AsyncIterator
    from contextlib import asynccontextmanager

    from fastapi import Request

    gate, story = Gatepost(), list[str]()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, str]]:
        story.append(f"begins, ready: {(await gate.health()).is_ready}")
        yield {"mine": "kept"}
        story.append(f"ends, ready: {(await gate.health()).is_ready}")

    app = FastAPI(lifespan=lifespan)
    gate.install(app)

    @app.get("/state")
    async def state(request: Request) -> str:
        return str(request.state.mine)

    with serving(app, gate) as client:
        assert client.get("/state").json() == "kept"
    assert story == ["begins, ready: True", "ends, ready: True"]


def test_sync_endpoints_run_in_a_thread_beside_the_loop() -> None:
    gate, app = Gatepost(), FastAPI()
    gate.install(app)

    def plain_dependency(user: CurrentUser) -> str:
        return f"{user.email} {threading.current_thread().name}"

    @app.get("/sync")
    def endpoint(seen: str = Depends(plain_dependency)) -> str:  # noqa: FAST002 - the older tutorials' form
        return seen

    with serving(app, gate) as client:
        assert client.get("/sync").status_code == 401
        user = signed_in(client, gate)
        email, thread = client.get("/sync").json().split(" ", 1)
        assert email == user.email
        assert "worker" in thread.lower()


def test_our_routes_are_api_routes_only() -> None:
    assert all(isinstance(route, APIRoute) for route in our_routes(Gatepost().router.routes))
