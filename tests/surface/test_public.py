"""`@public` opens an endpoint of an application that is guarded as a whole, and nothing that guards itself."""

from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.testclient import TestClient

from gatepost import Gatepost, GuardedRoute, Principal, current_user, public, require
from gatepost.testing import PASSWORD, signed_in
from tests.surface.apps import serving


def admin_routes(app: FastAPI) -> list[str]:
    @app.get("/in-dependencies", dependencies=[require(role="admin")])
    @public
    async def in_dependencies() -> str:
        return "for admins"

    @app.get("/in-the-signature")
    @public
    async def in_the_signature(principal: Annotated[Principal, require(role="admin")]) -> str:
        return "for admins"

    @app.get("/within-depends", dependencies=[Depends(require(role="admin"))])
    @public
    async def within_depends() -> str:
        return "for admins"

    return ["/in-dependencies", "/in-the-signature", "/within-depends"]


def assert_only_admins(client: TestClient, gate: Gatepost, paths: list[str]) -> None:
    assert {path: client.get(path).status_code for path in paths} == dict.fromkeys(paths, 401)
    signed_in(client, gate, email="ada@example.com")
    assert {path: client.get(path).status_code for path in paths} == dict.fromkeys(paths, 403)
    client.cookies.clear()
    signed_in(client, gate, email="root@example.com", roles=["admin"])
    assert {path: client.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)


def test_a_requirement_of_the_endpoint_itself_is_not_opened() -> None:
    gate, app = Gatepost(), FastAPI()
    gate.install(app)
    paths = admin_routes(app)
    with serving(app, gate) as client:
        assert_only_admins(client, gate, paths)


def test_a_requirement_of_the_endpoint_itself_is_not_opened_in_a_guarded_application() -> None:
    gate, app = Gatepost(), FastAPI(dependencies=[require()])
    gate.install(app)
    paths = admin_routes(app)
    with serving(app, gate) as client:
        assert_only_admins(client, gate, paths)


def test_it_opens_an_endpoint_of_a_guarded_application() -> None:
    gate, app = Gatepost(), FastAPI(dependencies=[require()])
    gate.install(app)

    @app.get("/open")
    @public
    async def is_open() -> str:
        return "in"

    @app.get("/closed")
    async def closed() -> str:
        return "in"

    with serving(app, gate) as client:
        assert client.get("/open").json() == "in"
        assert client.get("/closed").status_code == 401


@pytest.mark.parametrize("requirement", [require(role="admin"), require(verified=True), require(fresh=True)])
def test_an_application_that_asks_for_more_as_a_whole_still_lets_people_sign_in(requirement: Any) -> None:  # noqa: ANN401
    gate, app = Gatepost(), FastAPI(dependencies=[requirement])
    gate.install(app)
    app.add_api_route("/open", public(lambda: "in"))
    ada = {"email": "ada@example.com", "password": PASSWORD}
    with serving(app, gate) as client:
        assert client.get("/open").status_code == 200
        assert client.post("/auth/register", json=ada).status_code == 201
        assert client.post("/auth/login", json={"identifier": ada["email"], "password": PASSWORD}).status_code == 200


def test_it_opens_an_endpoint_of_a_guarded_router() -> None:
    gate, app, router = Gatepost(), FastAPI(), APIRouter(route_class=GuardedRoute)
    gate.install(app)

    @router.get("/open")
    @public
    async def is_open() -> str:
        return "in"

    app.include_router(router)
    with serving(app, gate) as client:
        assert client.get("/open").json() == "in"


def test_it_opens_nothing_that_asks_for_its_caller() -> None:
    gate, app = Gatepost(), FastAPI()
    gate.install(app)

    @app.get("/mine", dependencies=[Depends(current_user)])
    @public
    async def mine() -> str:
        return "mine"

    with serving(app, gate) as client:
        assert client.get("/mine").status_code == 401
