"""WebSocket and SSE: guarded before they begin, over when the session is."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from fastapi import Depends, FastAPI, WebSocket
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient
from starlette.websockets import WebSocketDisconnect

from gatepost import CurrentPrincipal, CurrentUser, Gatepost, OptionalUser, Principal, Settings, require
from gatepost.testing import isolated, signed_in
from tests.surface.apps import serving

gate = Gatepost(Settings(trusted_origins=("https://friend.example",)))
app = FastAPI()
gate.install(app)


@app.websocket("/user")
async def for_users(socket: WebSocket, user: CurrentUser) -> None:
    await socket.accept()
    await socket.send_text(str(user.email))
    await socket.close()


@app.websocket("/admin")
async def for_admins(socket: WebSocket, principal: Annotated[Principal, require(role="admin")]) -> None:
    await socket.accept()
    await socket.send_text("in")
    await socket.close()


@app.websocket("/bound", dependencies=[Depends(gate.user)])
async def bound(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("in")
    await socket.close()


@app.websocket("/anybody")
async def for_anybody(socket: WebSocket, user: OptionalUser) -> None:
    await socket.accept()
    await socket.send_text(str(user and user.email))
    await socket.close()


@app.websocket("/until-the-end")
async def until_the_end(socket: WebSocket, principal: CurrentPrincipal) -> None:
    await socket.accept()
    await principal.ended()
    await socket.close(4001)


@app.get("/events")
async def events(principal: CurrentPrincipal) -> StreamingResponse:
    async def stream() -> AsyncIterator[str]:
        yield "data: begun\n\n"
        await principal.ended()
        yield "data: ended\n\n"

    return StreamingResponse(stream(), media_type="text/event-stream")


@pytest.fixture
def client() -> Iterator[TestClient]:
    with serving(app, gate) as running:
        yield running


def open_and_read(client: TestClient, path: str, **headers: str) -> str:
    with client.websocket_connect(path, headers=headers) as socket:
        return socket.receive_text()


@pytest.mark.parametrize("path", ["/user", "/admin", "/bound", "/until-the-end"])
def test_nobody_is_refused_before_the_socket_is_accepted(client: TestClient, path: str) -> None:
    with pytest.raises(WebSocketDisconnect) as refused:
        open_and_read(client, path)
    assert refused.value.code == 1008


def test_cookie_and_bearer_open_a_socket(client: TestClient) -> None:
    user = signed_in(client, gate)
    assert open_and_read(client, "/user") == user.email
    assert open_and_read(client, "/bound") == "in"
    user = signed_in(client, gate, by="bearer")
    assert open_and_read(client, "/user") == user.email


def test_a_missing_role_is_refused_before_the_socket_is_accepted(client: TestClient) -> None:
    signed_in(client, gate)
    with pytest.raises(WebSocketDisconnect) as refused:
        open_and_read(client, "/admin")
    assert refused.value.code == 1008
    signed_in(client, gate, roles=["admin"])
    assert open_and_read(client, "/admin") == "in"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/user", "/anybody"])
def test_a_page_of_another_site_cannot_open_one_with_the_visitor_s_cookie(
    client: TestClient, headers: dict[str, str], path: str
) -> None:
    signed_in(client, gate)
    with pytest.raises(WebSocketDisconnect) as refused:
        open_and_read(client, path, **headers)
    assert refused.value.code == 1008


@pytest.mark.parametrize("origin", ["http://testserver", "https://friend.example"])
def test_our_own_and_trusted_origins_may(client: TestClient, origin: str) -> None:
    user = signed_in(client, gate)
    assert open_and_read(client, "/user", Origin=origin) == user.email


def test_an_optional_guard_lets_nobody_open_one(client: TestClient) -> None:
    assert open_and_read(client, "/anybody") == "None"


@pytest.mark.parametrize("how", ["logout", "everywhere", "disabled", "deleted"])
def test_an_open_socket_ends_with_the_session(client: TestClient, how: str) -> None:
    user = signed_in(client, gate)
    assert client.portal is not None
    call = client.portal.call
    with client.websocket_connect("/until-the-end") as socket:
        match how:
            case "logout":
                assert client.post("/auth/logout").status_code == 204
            case "everywhere":
                call(gate.users.sign_out_everywhere, user.id)
            case "disabled":
                call(gate.users.disable, user.id)
            case _:
                call(gate.users.delete, user.id)
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 4001


def test_another_session_s_end_does_not_end_it(client: TestClient) -> None:
    user = signed_in(client, gate, email="ada@example.com")
    with client.websocket_connect("/until-the-end") as socket:
        signed_in(client, gate, email="ada@example.com")
        assert client.post("/auth/logout").status_code == 204
        signed_in(client, gate)
        assert client.post("/auth/logout").status_code == 204
        assert client.portal is not None
        assert client.portal.call(gate.users.grant_role, user.id, "admin")
        client.portal.call(checkpoint)
        assert gate.core.feed.index._waiting, "it still waits"
        client.portal.call(gate.users.sign_out_everywhere, user.id)
        with pytest.raises(WebSocketDisconnect):
            socket.receive_text()
    assert not gate.core.feed.index._waiting


def test_a_socket_ends_when_its_token_dies_of_age(client: TestClient) -> None:
    signed_in(client, gate, by="bearer")
    with client.websocket_connect("/until-the-end") as socket:
        gate.clock.advance(gate.settings.access_lifetime + 60)
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 4001


@pytest.mark.anyio
async def test_a_stream_of_events_ends_at_logout() -> None:
    transport: Any = ASGITransport(app)
    with isolated(gate):
        async with (
            app.router.lifespan_context(app),
            AsyncClient(transport=transport, base_url="http://testserver") as ours,
        ):
            assert (await ours.get("/events")).status_code == 401
            await signed_in(ours, gate)
            got: list[str] = []

            async def listen() -> None:
                got.append((await ours.get("/events")).text)

            with anyio.fail_after(10):
                async with anyio.create_task_group() as group:
                    group.start_soon(listen)
                    while not gate.core.feed.index._waiting:
                        await checkpoint()
                    assert got == []
                    assert (await ours.post("/auth/logout")).status_code == 204
            assert got == ["data: begun\n\ndata: ended\n\n"]
