"""Denied access leaves a bounded trail; what is allowed leaves none and waits for nothing."""

import json
import uuid
from typing import Annotated

import pytest
from fastapi import APIRouter, FastAPI, WebSocket
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from gatepost import Gatepost, Principal, require, require_owner
from gatepost.kernel.errors import Unavailable
from gatepost.testing import isolated, signed_in
from tests.api_keys.house import minted, owner
from tests.harness import bearer, query, running, settings

TRAIL = "SELECT subject_id, session_id, detail FROM gatepost_audit WHERE event = 'access.denied' ORDER BY id"


def owner_of(thing_id: int) -> uuid.UUID:
    return uuid.UUID(int=thing_id)


def application() -> tuple[FastAPI, Gatepost]:
    app, gate = FastAPI(), Gatepost(settings("sqlite:///unused.db", scopes=["a"]))
    routes = APIRouter(prefix="/things")

    @routes.get("/{thing_id}", dependencies=[require(role="admin")])
    async def thing(thing_id: int) -> int:
        return thing_id

    @routes.get("/{thing_id}/mine", dependencies=[require_owner(owner_of)])
    async def mine(thing_id: int) -> int:
        return thing_id

    @app.get("/scoped", dependencies=[require(scope="b")])
    @app.post("/scoped", dependencies=[require(scope="b")])
    async def scoped() -> None:
        """Wants a scope that nobody has."""

    @app.get("/fresh", dependencies=[require(fresh=True)])
    async def fresh() -> None:
        """Wants a recent sign-in."""

    @app.websocket("/live")
    async def live(websocket: WebSocket, _: Annotated[Principal, require(role="admin")]) -> None:
        await websocket.accept()

    app.include_router(routes)
    gate.install(app)
    return app, gate


def trail(gate: Gatepost) -> list[dict[str, str]]:
    return [json.loads(row[2]) for row in query(gate.settings.url_of_database, TRAIL)]


def test_a_denial_names_the_route_as_declared_the_reason_and_the_caller() -> None:
    app, gate = application()
    with isolated(gate), TestClient(app) as client:
        user = signed_in(client, gate)
        assert client.get("/things/5").status_code == 403
        [row] = query(gate.settings.url_of_database, TRAIL)
        assert uuid.UUID(str(row[0])) == user.id
        assert trail(gate) == [{"route": "GET /things/{thing_id}", "code": "auth.forbidden", "needs": "admin"}]
        assert client.get("/things/7/mine").status_code == 404
        assert client.get("/scoped").status_code == 403
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/live"):
            pass
        routes = [one["route"] for one in trail(gate)]
        assert routes[1:] == ["GET /things/{thing_id}/mine", "GET /scoped", "WEBSOCKET /live"]


def test_a_flood_of_denials_is_one_a_minute_for_each_user_and_route() -> None:
    app, gate = application()
    with isolated(gate), TestClient(app) as client:
        for _ in range(2):
            signed_in(client, gate)
            for number in range(20):
                assert client.get(f"/things/{number}").status_code == 403
                assert client.get("/scoped").status_code == 403
                assert client.post("/scoped").status_code == 403
        assert len(trail(gate)) == 6
        gate.clock.advance(61)
        assert client.get("/things/1").status_code == 403
        assert len(trail(gate)) == 7


def test_what_is_no_denial_leaves_nothing() -> None:
    app, gate = application()
    with isolated(gate), TestClient(app) as client:
        assert client.get("/things/5").status_code == 401
        signed_in(client, gate, roles=["admin"])
        assert client.get("/things/5").status_code == 200
        assert client.get("/fresh").status_code == 200
        gate.clock.advance(601)
        assert client.get("/fresh").status_code == 403
        assert trail(gate) == []


def test_a_denial_that_cannot_be_recorded_is_not_answered_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    app, gate = application()
    with isolated(gate), TestClient(app) as client:
        signed_in(client, gate)

        async def unreachable(*_: object) -> object:
            raise Unavailable

        with monkeypatch.context() as patch:
            patch.setattr(type(gate.core.database.hot), "run", unreachable)
            assert client.get("/things/5").status_code == 503
        assert client.get("/things/5").status_code == 403
        assert len(trail(gate)) == 1


@pytest.mark.anyio
async def test_a_key_where_a_person_must_stand_is_a_denial(database_url: str) -> None:
    async with running(database_url) as house:
        key_id, key = await minted(house, await owner(house))
        for _ in range(3):
            assert (await house.client.get("/auth/api-keys", headers=bearer(key))).status_code == 403
        [(_, session_id, detail)] = house.rows(TRAIL)
        assert uuid.UUID(str(session_id)) == key_id
        assert json.loads(detail)["code"] == "api_key.not_accepted"
