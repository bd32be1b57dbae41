"""`require_owner`: the owner, or whoever meets another requirement; for everybody else the thing is not there."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, WebSocket
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from gatepost import Gatepost, Principal, require, require_owner
from gatepost.testing import isolated, signed_in
from tests.harness import settings

asked: list[int] = []
notes: dict[int, Any] = {}


def session() -> Iterator[str]:
    """Stand for a host's database session."""
    yield "session"


async def owner_of(note_id: int, database: Annotated[str, Depends(session)]) -> Any:  # noqa: ANN401 - ids of any form
    assert database == "session"
    asked.append(note_id)
    return notes.get(note_id)


def application(sqlite_url: str) -> tuple[FastAPI, Gatepost]:
    app, gate = FastAPI(), Gatepost(settings(sqlite_url))
    gate.install(app)

    @app.get("/notes/{note_id}")
    async def mine(note_id: int, principal: Annotated[Principal, require_owner(owner_of)]) -> str:
        return f"{note_id} of {principal.user_id}"

    others = (require(role="admin"), require(role="boss", fresh=True))

    @app.get("/wide/{note_id}", dependencies=[require_owner(owner_of, *others)])
    async def wide(note_id: int) -> int:
        return note_id

    @app.get("/bound/{note_id}", dependencies=[require_owner(owner_of, gate.require(role="admin"))])
    async def bound(note_id: int) -> int:
        return note_id

    @app.websocket("/live/{note_id}")
    async def live(websocket: WebSocket, _: Annotated[Principal, require_owner(owner_of)]) -> None:
        await websocket.accept()
        await websocket.send_text("live")
        await websocket.close()

    return app, gate


@contextmanager
def house(sqlite_url: str) -> Iterator[tuple[TestClient, Gatepost]]:
    app, gate = application(sqlite_url)
    notes.clear()
    asked.clear()
    with isolated(gate), TestClient(app) as client:
        yield client, gate


def test_the_owner_has_it_and_for_others_it_is_not_there(sqlite_url: str) -> None:
    with house(sqlite_url) as (client, gate):
        ada = signed_in(client, gate)
        notes[1] = ada.id
        assert client.get("/notes/1").json() == f"1 of {ada.id}"
        signed_in(client, gate)
        foreign, missing = client.get("/notes/1"), client.get("/notes/2")
        assert (foreign.status_code, foreign.content) == (missing.status_code, missing.content)
        assert foreign.json() == {"detail": "Not found"}
        assert foreign.status_code == 404


def test_nobody_is_asked_whose_it_is_before_the_caller_is_known(sqlite_url: str) -> None:
    with house(sqlite_url) as (client, _):
        assert client.get("/notes/1").status_code == 401
        assert client.get("/notes/no-number").status_code == 401
        assert asked == []


@pytest.mark.parametrize("write", [lambda one: one, str, lambda one: one.hex, lambda one: str(one).upper()])
def test_ids_are_compared_in_whatever_form_a_host_keeps_them(sqlite_url: str, write: Any) -> None:  # noqa: ANN401
    with house(sqlite_url) as (client, gate):
        notes[1] = write(signed_in(client, gate).id)
        assert client.get("/notes/1").status_code == 200


@pytest.mark.parametrize("other", [None, "", 0, 1, True, uuid.UUID(int=0), "None", b"x", [], {}])
def test_what_is_not_the_caller_s_id_is_nobody_s(sqlite_url: str, other: object) -> None:
    with house(sqlite_url) as (client, gate):
        signed_in(client, gate)
        notes[1] = other
        assert client.get("/notes/1").status_code == 404


def test_who_meets_another_requirement_has_it_too(sqlite_url: str) -> None:
    with house(sqlite_url) as (client, gate):
        notes[1] = uuid.uuid4()
        for path in ("/wide/1", "/bound/1"):
            signed_in(client, gate, roles=["admin"])
            assert client.get(path).status_code == 200
            signed_in(client, gate, roles=["editor"])
            assert client.get(path).status_code == 404
        signed_in(client, gate, roles=["admin"])
        assert client.get("/wide/2").status_code == 404, "for an administrator too there is nothing"


def test_who_would_have_it_after_a_recent_sign_in_is_told_so(sqlite_url: str) -> None:
    with house(sqlite_url) as (client, gate):
        notes[1] = uuid.uuid4()
        signed_in(client, gate, roles=["boss"])
        assert client.get("/wide/1").status_code == 200
        gate.clock.advance(601)
        assert client.get("/wide/1").status_code == 403


def test_a_websocket_of_another_s_thing_is_closed(sqlite_url: str) -> None:
    with house(sqlite_url) as (client, gate):
        notes[1] = signed_in(client, gate).id
        with client.websocket_connect("/live/1") as socket:
            assert socket.receive_text() == "live"
        signed_in(client, gate)
        with pytest.raises(WebSocketDisconnect) as closed, client.websocket_connect("/live/1"):
            pass
        assert closed.value.code == 1008


def test_the_lock_is_shown_in_the_documentation(sqlite_url: str) -> None:
    app, _ = application(sqlite_url)
    for path in ("/notes/{note_id}", "/wide/{note_id}", "/bound/{note_id}"):
        assert app.openapi()["paths"][path]["get"]["security"] == [{"Gatepost": []}]
