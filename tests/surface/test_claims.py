"""`@gate.claims`: what a host says of its users, in tokens, in cookie sessions, after a refresh."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from gatepost import CurrentPrincipal, Gatepost, User
from gatepost.testing import PASSWORD, signed_in
from tests.surface.apps import password_form, serving

gate = Gatepost()
app = FastAPI()
gate.install(app)
plan = ["free"]


@gate.claims
def customer(user: User) -> dict[str, Any]:
    return {"plan": plan[0], "letters": len(user.email or "")}


@gate.claims
async def tenant(user: User) -> dict[str, Any]:
    return {"tenant": "north"}


@app.get("/claims")
async def claims(principal: CurrentPrincipal) -> dict[str, Any]:
    return dict(principal.claims)


@pytest.fixture
def client() -> Iterator[TestClient]:
    plan[0] = "free"
    with serving(app, gate) as running:
        yield running


def payload(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded


def test_they_are_in_the_token_and_in_its_principal_and_renewed_by_a_refresh(client: TestClient) -> None:
    account = {"email": "ada@example.com", "password": PASSWORD}
    client.post("/auth/register", json=account)
    tokens = client.post("/auth/token", data=password_form(**account)).json()
    wanted = {"plan": "free", "letters": 15, "tenant": "north"}
    assert payload(tokens["access_token"]).items() >= wanted.items()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert client.get("/claims", headers=bearer).json() == wanted
    plan[0] = "paid"
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    renewed = client.post("/auth/token", data=form).json()
    assert payload(renewed["access_token"])["plan"] == "paid"
    assert client.get("/claims", headers=bearer).json()["plan"] == "free"
    bearer = {"Authorization": f"Bearer {renewed['access_token']}"}
    assert client.get("/claims", headers=bearer).json()["plan"] == "paid"


def test_they_are_in_the_principal_of_a_cookie(client: TestClient) -> None:
    signed_in(client, gate, email="ada@example.com")
    assert client.get("/claims").json() == {"plan": "free", "letters": 15, "tenant": "north"}


@pytest.mark.parametrize("reserved", ["sub", "exp", "roles", "sid", "epoch", "aud", "iss", "scope"])
def test_a_reserved_claim_is_refused_and_no_token_is_made(reserved: str) -> None:
    own_gate, own = Gatepost(), FastAPI()
    own_gate.install(own)
    own_gate.claims(lambda user: {reserved: "mine"})
    with serving(own, own_gate) as client:
        account = {"email": "ada@example.com", "password": PASSWORD}
        client.post("/auth/register", json=account)
        with pytest.raises(ValueError, match=f"reserved claims: {reserved}"):
            client.post("/auth/token", data=password_form(**account))


def test_a_function_may_be_registered_while_the_application_runs() -> None:
    own_gate, own = Gatepost(), FastAPI()
    own_gate.install(own)
    own.add_api_route("/claims", claims)
    with serving(own, own_gate) as client:
        own_gate.claims(lambda user: {"late": True})
        signed_in(client, own_gate)
        assert client.get("/claims").json() == {"late": True}
