"""`GuardedRoute` and WebSockets: the route class cannot guard them, so that one without a guard does not start."""

from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from starlette.websockets import WebSocketDisconnect

from gatepost import (
    ConfigurationError,
    CurrentPrincipal,
    CurrentUser,
    Gatepost,
    GuardedRoute,
    Principal,
    current_user,
    require,
)
from gatepost.testing import signed_in
from gatepost.web.routing import refuse_open_websockets
from tests.surface.apps import serving


def guarded_router() -> APIRouter:
    router = APIRouter(route_class=GuardedRoute)

    @router.get("/beside")
    async def beside() -> str:
        return "in"

    return router


async def unguarded(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("in")
    await socket.close()


async def with_principal(socket: WebSocket, principal: CurrentPrincipal) -> None:
    await unguarded(socket)


async def with_user(socket: WebSocket, user: CurrentUser) -> None:
    await unguarded(socket)


async def with_requirement(socket: WebSocket, principal: Annotated[Principal, require()]) -> None:
    await unguarded(socket)


async def own_dependency(user: CurrentUser) -> str:
    return str(user.id)


async def with_own_dependency(socket: WebSocket, name: Annotated[str, Depends(own_dependency)]) -> None:
    await unguarded(socket)


@pytest.mark.parametrize("is_installed_first", [True, False])
@pytest.mark.parametrize("is_nested", [True, False])
def test_a_websocket_without_a_guard_does_not_start_and_says_the_cure(
    *,
    is_installed_first: bool,
    is_nested: bool,
) -> None:
    gate, app, router = Gatepost(), FastAPI(), guarded_router()
    with pytest.raises((RuntimeError, TypeError), match=r"/live.*(CurrentPrincipal|CurrentUser|require)"):  # noqa: PT012
        router.add_api_websocket_route("/live", unguarded)
        outer = APIRouter(prefix="/v1")
        outer.include_router(router)
        if is_installed_first:
            gate.install(app)
        app.include_router(outer if is_nested else router)
        if not is_installed_first:
            gate.install(app)
        with serving(app, gate):
            pytest.fail("it started")


@pytest.mark.parametrize("endpoint", [with_principal, with_user, with_requirement, with_own_dependency])
def test_a_websocket_with_a_guard_of_its_own_starts_and_refuses_strangers(endpoint: Any) -> None:  # noqa: ANN401
    gate, app, router = Gatepost(), FastAPI(), guarded_router()
    router.add_api_websocket_route("/live", endpoint)
    app.include_router(router)
    gate.install(app)
    with serving(app, gate) as client:
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/live"):
            pytest.fail("it let nobody in")
        signed_in(client, gate)
        with client.websocket_connect("/live") as socket:
            assert socket.receive_text() == "in"


def test_a_websocket_with_a_guard_among_its_dependencies_starts() -> None:
    gate, app, router = Gatepost(), FastAPI(), guarded_router()
    router.add_api_websocket_route("/live", unguarded, dependencies=[Depends(current_user)])
    app.include_router(router)
    gate.install(app)
    with (
        serving(app, gate) as client,
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/live"),
    ):
        pytest.fail("it let nobody in")


@pytest.mark.parametrize("where", ["application", "inclusion", "router"])
def test_a_websocket_that_is_guarded_from_outside_starts(where: str) -> None:
    guards = {name: [require()] if name == where else [] for name in ("application", "inclusion", "router")}
    gate, app = Gatepost(), FastAPI(dependencies=guards["application"])
    router = APIRouter(route_class=GuardedRoute, dependencies=guards["router"])
    router.add_api_websocket_route("/live", unguarded)
    app.include_router(router, dependencies=guards["inclusion"])
    gate.install(app)
    with serving(app, gate) as client:
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/live"):
            pytest.fail("it let nobody in")
        signed_in(client, gate)
        with client.websocket_connect("/live") as socket:
            assert socket.receive_text() == "in"


def test_a_websocket_of_a_plain_router_is_the_host_s_own_matter() -> None:
    gate, app = Gatepost(), FastAPI()
    app.add_api_websocket_route("/open", unguarded)
    app.include_router(guarded_router())
    gate.install(app)
    with serving(app, gate) as client, client.websocket_connect("/open") as socket:
        assert socket.receive_text() == "in"


def test_a_plain_websocket_and_the_application_s_own_router_are_looked_at_too() -> None:
    async def anybody(socket: WebSocket) -> None:
        await socket.accept()

    plain = APIRouter(route_class=GuardedRoute)
    plain.add_websocket_route("/live", anybody)
    with pytest.raises(ConfigurationError, match="/live"):
        refuse_open_websockets(plain)

    app = FastAPI()
    app.router.route_class = GuardedRoute
    app.add_api_websocket_route("/live", anybody)
    with pytest.raises(ConfigurationError, match="/live"):
        refuse_open_websockets(app.router)
