"""Several Gateposts in one process: bound guards, and nothing of one is good at another."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient

from gatepost import CurrentUser, Gatepost, Principal, Settings, User
from gatepost.testing import isolated, signed_in

one = Gatepost(Settings())
two = Gatepost(Settings(prefix="/two", cookie_name="two"))
app = FastAPI()
one.install(app)
two.install(app)


@app.get("/default")
async def default(user: CurrentUser) -> str:
    return str(user.email)


@app.get("/one")
async def of_one(user: Annotated[User, Depends(one.user)]) -> str:
    return str(user.email)


@app.get("/two")
async def of_two(user: Annotated[User, Depends(two.user)]) -> str:
    return str(user.email)


@app.get("/two/chief")
async def chief_of_two(principal: Annotated[Principal, two.require(role="chief")]) -> str:
    return str(principal.user_id)


@pytest.fixture
def client() -> Iterator[TestClient]:
    with ExitStack() as stack:
        for gate in (one, two):
            stack.enter_context(isolated(gate))
        yield stack.enter_context(TestClient(app))


def test_a_token_of_one_is_refused_by_the_other(client: TestClient) -> None:
    signed_in(client, one, by="bearer")
    assert client.get("/one").status_code == 200
    refused = client.get("/two")
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')
    signed_in(client, two, by="bearer")
    assert client.get("/two").status_code == 200
    assert client.get("/one").status_code == 401


def test_a_cookie_of_one_is_refused_by_the_other_under_either_name(client: TestClient) -> None:
    signed_in(client, one)
    value = client.cookies[one.web.session_cookie]
    assert client.get("/one").status_code == 200
    assert client.get("/two").status_code == 401
    client.cookies.clear()
    client.cookies.set(two.web.session_cookie, value)
    assert client.get("/two").status_code == 401


def test_both_cookies_live_side_by_side(client: TestClient) -> None:
    signed_in(client, one, email="a@example.com")
    signed_in(client, two, email="b@example.com", roles=["chief"])
    assert client.get("/one").json() == "a@example.com"
    assert client.get("/two").json() == "b@example.com"
    assert client.get("/two/chief").status_code == 200


def test_unbound_guards_mean_the_one_that_was_installed_first(client: TestClient) -> None:
    signed_in(client, one, email="a@example.com")
    signed_in(client, two, email="b@example.com")
    assert client.get("/default").json() == "a@example.com"


def test_even_with_one_secret_and_one_database_the_audience_keeps_them_apart(sqlite_url: str) -> None:
    shared = {"secret": "a secret that two gates share, 0123456789", "database_url": sqlite_url}
    first, second, host = Gatepost(), Gatepost(Settings(prefix="/second", cookie_name="second")), FastAPI()
    first.install(host)
    second.install(host)
    host.add_api_route("/second/user", of_user(second))
    with isolated(first, **shared), isolated(second, audience="second", **shared), TestClient(host) as running:
        signed_in(running, first, by="bearer")
        assert running.get("/auth/me").status_code == 200
        assert running.get("/second/user").status_code == 401


def of_user(gate: Gatepost) -> Callable[..., Awaitable[str]]:
    async def endpoint(user: Annotated[User, Depends(gate.user)]) -> str:
        return str(user.email)

    return endpoint


def test_the_document_shows_a_lock_for_each(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    schemes = document["components"]["securitySchemes"]
    urls = {name: scheme["flows"]["password"]["tokenUrl"] for name, scheme in schemes.items()}
    assert urls == {"Gatepost": "auth/token", "Gatepost-two": "two/token"}
    assert document["paths"]["/default"]["get"]["security"] == [{"Gatepost": []}]
    assert document["paths"]["/one"]["get"]["security"] == [{"Gatepost": []}]
    assert document["paths"]["/two"]["get"]["security"] == [{"Gatepost-two": []}]
    assert document["paths"]["/two/me"]["get"]["security"] == [{"Gatepost-two": []}]
