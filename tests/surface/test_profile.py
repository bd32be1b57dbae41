"""`Gatepost(profile=MyProfile)`: what an owner writes about themselves, checked by the host's own model."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import Field
from sqlalchemy import update

from gatepost import CurrentUser, Gatepost, Profile
from gatepost.tables import user as user_table
from gatepost.testing import signed_in
from tests.surface.apps import serving


class MyProfile(Profile):
    city: Annotated[str, Field(max_length=10)] = "nowhere"
    age: int | None = None


gate = Gatepost(profile=MyProfile)
app = FastAPI()
gate.install(app)


@app.get("/city")
async def city(user: CurrentUser[MyProfile]) -> str:
    assert isinstance(user.profile, MyProfile)
    return user.profile.city


@pytest.fixture
def client() -> Iterator[TestClient]:
    with serving(app, gate) as running:
        signed_in(running, gate)
        yield running


def test_a_new_user_has_the_defaults(client: TestClient) -> None:
    assert client.get("/auth/me").json()["profile"] == {"city": "nowhere", "age": None}


def test_what_is_not_sent_stays(client: TestClient) -> None:
    client.patch("/auth/me", json={"profile": {"city": "Turin"}})
    changed = client.patch("/auth/me", json={"profile": {"age": 30}})
    assert changed.json()["profile"] == {"city": "Turin", "age": 30}
    assert client.get("/city").json() == "Turin"


@pytest.mark.parametrize(
    ("profile", "field"),
    [
        ({"city": "x" * 11}, "profile.city"),
        ({"age": "old"}, "profile.age"),
        ({"plan": "gold"}, "profile.plan"),
        ({"city": "a\x00b"}, "profile"),
    ],
)
def test_what_the_model_refuses_is_422_that_names_the_field_and_changes_nothing(
    client: TestClient, profile: dict[str, Any], field: str
) -> None:
    refused = client.patch("/auth/me", json={"profile": profile, "full_name": "Ada"})
    assert (refused.status_code, refused.json()["code"]) == (422, "request.invalid")
    assert refused.json()["detail"].startswith(f"{field}: ")
    assert client.get("/auth/me").json()["profile"] == {"city": "nowhere", "age": None}
    assert client.get("/auth/me").json()["full_name"] is None


@pytest.mark.parametrize("body", [{"roles": ["admin"]}, {"email_verified": True}, {"id": "x"}])
def test_fields_that_are_not_the_owner_s_are_refused(client: TestClient, body: dict[str, Any]) -> None:
    assert client.patch("/auth/me", json=body).status_code == 422
    assert client.get("/auth/me").json()["roles"] == []


def test_a_stored_profile_that_no_longer_fits_shows_defaults_until_it_is_written(client: TestClient) -> None:
    user = signed_in(client, gate)

    async def outlive() -> None:
        async with gate.core.database.transaction() as connection:
            stored = '{"city": "a city that was allowed", "gone": 1}'
            await connection.execute(update(user_table).where(user_table.c.id == user.id).values(profile=stored))

    assert client.portal is not None
    client.portal.call(outlive)
    assert client.get("/city").json() == "nowhere"
    assert client.patch("/auth/me", json={"profile": {"city": "Bern"}}).status_code == 200
    assert client.get("/city").json() == "Bern"


def test_a_profile_without_defaults_stops_the_start_with_the_cure() -> None:
    class Wrong(Profile):
        city: str

    own_gate, own = Gatepost(profile=Wrong), FastAPI()
    own_gate.install(own)
    with pytest.raises(RuntimeError, match="Wrong needs a default"), serving(own, own_gate):
        pytest.fail("it started")
