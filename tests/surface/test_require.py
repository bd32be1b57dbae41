"""`require(...)`: each part, together, in each place; 403 and what it says."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient

from gatepost import Gatepost, Principal, Settings, all_of, any_of, require
from gatepost.testing import signed_in
from tests.surface.apps import serving

gate = Gatepost(
    Settings(
        scopes=("notes:read", "notes:write"),
        role_permissions={"editor": frozenset({"notes.edit"}), "chief": frozenset({"notes.edit", "notes.drop"})},
    )
)
app = FastAPI()
gate.install(app)


def is_even(principal: Principal) -> bool:
    return bool(principal.claims["number"] % 2 == 0)


async def is_small(principal: Principal) -> bool:
    return bool(principal.claims["number"] < 10)


@gate.claims
def number(user: Any) -> dict[str, Any]:  # noqa: ANN401 - this gate's user
    return {"number": int((user.email or "0").split("@")[0])}


NEEDS = {
    "role": require(role="editor"),
    "permission": require(permission="notes.drop"),
    "scope": require(scope="notes:write"),
    "scopes": require(scope="notes:read notes:write"),
    "verified": require(verified=True),
    "fresh": require(fresh=True),
    "check": require(check=is_even),
    "async-check": require(check=is_small),
    "together": require(role="editor", check=is_even),
    "any": any_of(require(role="editor"), require(role="chief")),
    "all": all_of(require(role="editor"), require(role="chief")),
    "nested": any_of(all_of(require(role="editor"), require(check=is_even)), require(role="chief")),
    "any-verified": any_of(require(role="chief"), require(verified=True)),
    "bound": gate.require(role="editor"),
    "any-bound": any_of(gate.require(role="editor"), gate.require(role="chief")),
}


async def answer() -> str:
    return "in"


def annotated(need: Any) -> Callable[..., Any]:  # noqa: ANN401 - a requirement
    async def endpoint(principal: Annotated[Principal, need]) -> str:
        return f"in, {principal.user_id}"

    return endpoint


for name, need in NEEDS.items():
    app.add_api_route(f"/{name}/dependencies", answer, dependencies=[need])
    app.add_api_route(f"/{name}/depends", answer, dependencies=[Depends(need)])
    app.add_api_route(f"/{name}/annotated", annotated(need))
PLACES = ["dependencies", "depends", "annotated"]


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with serving(app, gate) as running:
        yield running


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("path", "allowed", "refused"),
    [
        ("role", {"roles": ["editor"]}, {"roles": ["chief"]}),
        ("permission", {"roles": ["chief"]}, {"roles": ["editor"]}),
        ("scope", {"scopes": ["notes:write"]}, {"scopes": ["notes:read"]}),
        ("scopes", {}, {"scopes": ["notes:write"]}),
        ("verified", {}, {"email_verified": False}),
        ("check", {"number": 2}, {"number": 3}),
        ("async-check", {"number": 4}, {"number": 44}),
        ("together", {"roles": ["editor"], "number": 6}, {"roles": ["editor"], "number": 7}),
        ("together", {"roles": ["editor"], "number": 8}, {"number": 10}),
        ("any", {"roles": ["chief"], "number": 11}, {"roles": ["other"]}),
        ("all", {"roles": ["chief", "editor"]}, {"roles": ["chief"]}),
        ("nested", {"roles": ["editor"], "number": 12}, {"roles": ["editor"], "number": 13}),
        ("nested", {"roles": ["chief"], "number": 15}, {"number": 14}),
        ("any-verified", {}, {"email_verified": False}),
        ("bound", {"roles": ["editor"]}, {}),
        ("any-bound", {"roles": ["editor"]}, {}),
    ],
)
def test_a_requirement_lets_in_whom_it_names_and_no_other(
    place: str, path: str, allowed: dict[str, Any], refused: dict[str, Any]
) -> None:
    with serving(app, gate) as client:
        assert client.get(f"/{path}/{place}").status_code == 401
        for facts, status in ((allowed, 200), (refused, 403)):
            number = facts.get("number", 100 + status)
            signed_in(client, gate, email=f"{number}@example.com", **{k: v for k, v in facts.items() if k != "number"})
            assert client.get(f"/{path}/{place}").status_code == status, facts


def test_a_missing_role_is_403_with_the_tutorials_words_and_no_challenge(client: TestClient) -> None:
    signed_in(client, gate, email="1@example.com")
    response = client.get("/role/dependencies")
    assert (response.status_code, response.json()) == (403, {"detail": "Not enough permissions"})
    assert "WWW-Authenticate" not in response.headers


def test_a_missing_scope_is_403_insufficient_scope_with_what_is_needed(client: TestClient) -> None:
    signed_in(client, gate, email="1@example.com", scopes=["notes:read"], by="bearer")
    response = client.get("/scope/dependencies")
    assert response.status_code == 403
    assert response.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="notes:write"'


def test_a_sign_in_that_is_old_is_not_fresh_until_the_next(client: TestClient) -> None:
    signed_in(client, gate, email="1@example.com")
    assert client.get("/fresh/annotated").status_code == 200
    gate.clock.advance(gate.web.fresh + 1)
    stale = client.get("/fresh/annotated")
    assert (stale.status_code, stale.json()["detail"]) == (403, "Sign in again to confirm this change.")
    signed_in(client, gate, email="1@example.com")
    assert client.get("/fresh/annotated").status_code == 200


def test_a_role_that_is_granted_counts_at_the_next_request_of_a_cookie(client: TestClient) -> None:
    user = signed_in(client, gate, email="20@example.com")
    assert client.get("/role/annotated").status_code == 403
    assert client.portal is not None
    client.portal.call(gate.users.grant_role, user.id, "editor")
    assert client.get("/role/annotated").status_code == 200


def test_any_of_and_all_of_want_parts() -> None:
    for combine in (any_of, all_of):
        with pytest.raises(ValueError, match="at least one"):
            combine()


def test_requirements_of_two_gateposts_cannot_be_combined() -> None:
    other = Gatepost()
    with pytest.raises(ValueError, match="different Gateposts"):
        any_of(gate.require(role="a"), other.require(role="b"))
    with pytest.raises(ValueError, match="different Gateposts"):
        any_of(gate.require(role="a"), require(role="b"))
