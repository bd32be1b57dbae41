"""`@gate.on(Event)`: within the transaction and after it, on both databases."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gatepost import Gatepost, Refused
from gatepost.events import Event, SignedIn, UserDeleted, UserEvent, UserRegistered
from gatepost.testing import PASSWORD
from tests.surface.apps import password_form, serving
from tests.surface.own_table import people, person, with_table

ADA = {"email": "ada@example.com", "password": PASSWORD}


def host() -> tuple[FastAPI, Gatepost]:
    gate = Gatepost()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with with_table(app, gate):
            yield

    app = FastAPI(lifespan=lifespan)
    gate.install(app)
    return app, gate


def rows(client: TestClient, app: FastAPI) -> int:
    assert client.portal is not None
    return len(client.portal.call(partial(people, app)))


def test_a_listener_within_writes_the_host_s_row_in_the_same_transaction(database_url: str) -> None:
    app, gate = host()

    @gate.on(UserRegistered, within=True)
    async def adopt(event: UserRegistered, connection: AsyncConnection) -> None:
        assert isinstance(connection, AsyncConnection)
        await connection.execute(insert(person).values(name=event.full_name, gatepost_id=event.user_id))

    with serving(app, gate, database_url=database_url) as client:
        assert client.post("/auth/register", json=ADA).status_code == 201
        assert rows(client, app) == 1


def test_refused_rolls_back_the_user_and_the_host_s_row_with_409(database_url: str) -> None:
    app, gate = host()
    is_open = [False]

    @gate.on(UserRegistered, within=True)
    async def adopt(event: UserRegistered, connection: AsyncConnection) -> None:
        await connection.execute(insert(person).values(gatepost_id=event.user_id))
        if not is_open[0]:
            raise Refused(public="Not today.")

    with serving(app, gate, database_url=database_url) as client:
        refused = client.post("/auth/register", json=ADA)
        assert refused.status_code == 409
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert (refused.json()["code"], refused.json()["detail"]) == ("host.refused", "Not today.")
        assert rows(client, app) == 0
        assert client.post("/auth/token", data=password_form(**ADA)).json()["error"] == "invalid_grant"
        is_open[0] = True
        assert client.post("/auth/register", json=ADA).status_code == 201
        assert rows(client, app) == 1


def test_a_bug_in_a_listener_within_rolls_back_too(database_url: str) -> None:
    app, gate = host()

    @gate.on(UserRegistered, within=True)
    async def adopt(event: UserRegistered, connection: AsyncConnection) -> None:
        await connection.execute(insert(person).values(gatepost_id=event.user_id))
        raise ZeroDivisionError

    with serving(app, gate, database_url=database_url) as client:
        with pytest.raises(ZeroDivisionError):
            client.post("/auth/register", json=ADA)
        assert rows(client, app) == 0
        assert client.post("/auth/token", data=password_form(**ADA)).status_code == 400


def test_a_failing_listener_after_the_commit_changes_nothing_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    gate, app = Gatepost(), FastAPI()
    gate.install(app)
    heard: list[Event] = []

    @gate.on(UserRegistered)
    async def fails(event: UserRegistered) -> None:
        raise ZeroDivisionError

    @gate.on(UserRegistered)
    def hears(event: UserRegistered) -> None:
        heard.append(event)

    with serving(app, gate) as client, caplog.at_level(logging.ERROR, "gatepost.events"):
        assert client.post("/auth/register", json=ADA).status_code == 201
        assert [type(event) for event in heard] == [UserRegistered]
    assert "fails failed on UserRegistered" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_a_listener_after_hears_only_what_was_committed() -> None:
    gate, app = Gatepost(), FastAPI()
    gate.install(app)
    heard: list[Event] = []
    gate.on(UserRegistered)(heard.append)

    @gate.on(UserRegistered, within=True)
    async def refuse(event: UserRegistered, connection: AsyncConnection) -> None:
        raise Refused

    with serving(app, gate) as client:
        assert client.post("/auth/register", json=ADA).status_code == 409
    assert heard == []


def test_a_listener_to_a_parent_hears_every_child_in_order() -> None:
    gate, app = Gatepost(), FastAPI()
    gate.install(app)
    heard: list[type[Event]] = []
    gate.on(Event)(lambda event: heard.append(type(event)))
    users: list[type[Event]] = []
    gate.on(UserEvent)(lambda event: users.append(type(event)))
    with serving(app, gate) as client:
        client.post("/auth/register", json=ADA)
        client.post("/auth/login", json={"identifier": ADA["email"], "password": ADA["password"]})
        client.delete("/auth/me")
    assert heard == [UserRegistered, SignedIn, UserDeleted]
    assert users == [UserRegistered, UserDeleted]


def test_a_plain_function_cannot_listen_within() -> None:
    with pytest.raises(TypeError, match="async def"):
        Gatepost().on(UserRegistered, within=True)(lambda event, connection: None)
