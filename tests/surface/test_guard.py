"""The guard at a route: every spelling that a tutorial uses, and what it answers to nobody and to a bad credential."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Security
from fastapi.testclient import TestClient

import gatepost
from gatepost import (
    CurrentPrincipal,
    CurrentUser,
    Gatepost,
    GuardedRoute,
    OptionalPrincipal,
    OptionalUser,
    Principal,
    User,
    UserView,
    current_principal,
    current_user,
    optional_principal,
    optional_user,
    public,
    require,
)
from gatepost import current_user as get_current_user
from gatepost.testing import signed_in
from tests.surface.apps import serving

gate = Gatepost()
app = FastAPI()
gate.install(app)


@app.get("/annotated/user")
async def annotated_user(user: CurrentUser) -> str:
    return str(user.email)


@app.get("/annotated/principal")
async def annotated_principal(principal: CurrentPrincipal) -> str:
    return str(principal.user_id)


@app.get("/annotated/require")
async def annotated_require(principal: Annotated[Principal, require()]) -> str:
    return str(principal.user_id)


@app.get("/default/user")
async def default_user(user: User = Depends(current_user)) -> str:  # noqa: FAST002 - the older tutorials' form
    return str(user.email)


@app.get("/default/principal")
async def default_principal(principal: Principal = Depends(current_principal)) -> str:  # noqa: FAST002 - likewise
    return str(principal.user_id)


@app.get("/default/require")
async def default_require(principal: Principal = Depends(require())) -> str:  # noqa: FAST002 - likewise
    return str(principal.user_id)


@app.get("/depends/require")
async def depends_require(principal: Annotated[Principal, Depends(require())]) -> str:
    return str(principal.user_id)


@app.get("/security/user")
async def security_user(user: Annotated[User, Security(current_user)]) -> str:
    return str(user.email)


@app.get("/tutorial/users/me")
async def tutorial(user: Annotated[User, Depends(get_current_user)]) -> UserView:
    return UserView.of(user)


@app.get("/bound/user")
async def bound_user(user: Annotated[User, Depends(gate.user)]) -> str:
    return str(user.email)


@app.get("/bound/principal")
async def bound_principal(principal: Annotated[Principal, Depends(gate.principal)]) -> str:
    return str(principal.user_id)


@app.get("/dependencies/require", dependencies=[require()])
async def dependencies_require() -> str:
    return "in"


@app.get("/dependencies/depends", dependencies=[Depends(current_user)])
async def dependencies_depends() -> str:
    return "in"


async def own_dependency(user: CurrentUser) -> str:
    return f"own {user.email}"


@app.get("/own/dependency")
async def through_own_dependency(name: Annotated[str, Depends(own_dependency)]) -> str:
    return name


@app.get("/sync")
def sync_endpoint(user: CurrentUser) -> str:
    return str(user.email)


routed = APIRouter(route_class=GuardedRoute)


@routed.get("/routed")
async def routed_in() -> str:
    return "in"


@routed.get("/routed/public")
@public
async def routed_public() -> str:
    return "open"


app.include_router(routed)
GUARDED = [
    "/annotated/user",
    "/annotated/principal",
    "/annotated/require",
    "/default/user",
    "/default/principal",
    "/default/require",
    "/depends/require",
    "/security/user",
    "/tutorial/users/me",
    "/bound/user",
    "/bound/principal",
    "/dependencies/require",
    "/dependencies/depends",
    "/own/dependency",
    "/sync",
    "/routed",
]


@app.get("/optional/user")
async def maybe_user(user: OptionalUser) -> Any:  # noqa: ANN401 - whatever it is
    return user and user.email


@app.get("/optional/principal")
async def maybe_principal(principal: OptionalPrincipal) -> Any:  # noqa: ANN401 - whatever it is
    return principal and str(principal.user_id)


@app.get("/optional/depends")
async def maybe_depends(
    user: Annotated[User | None, Depends(optional_user)],
    principal: Annotated[Principal | None, Depends(optional_principal)],
) -> Any:  # noqa: ANN401 - whatever it is
    return user and principal and user.id == principal.user_id


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with serving(app, gate) as running:
        yield running


@pytest.fixture(autouse=True)
def nobody(client: TestClient) -> None:
    client.cookies.clear()
    client.headers.pop("Authorization", None)


@pytest.mark.parametrize("path", GUARDED)
def test_nobody_gets_401_with_a_bare_challenge(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.json() == {"detail": "Not authenticated"}


@pytest.mark.parametrize("path", GUARDED)
@pytest.mark.parametrize("token", ["x", "a.b.c", ""])
def test_a_presented_token_that_is_bad_is_named_in_the_challenge(client: TestClient, path: str, token: str) -> None:
    response = client.get(path, headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("path", GUARDED)
def test_a_cookie_and_a_bearer_token_let_in(client: TestClient, path: str) -> None:
    signed_in(client, gate, email="ada@example.com")
    assert client.get(path).status_code == 200
    signed_in(client, gate, email="ada@example.com", by="bearer")
    assert not client.cookies
    assert client.get(path).status_code == 200


def test_other_authorization_schemes_are_not_for_us(client: TestClient) -> None:
    response = client.get("/annotated/user", headers={"Authorization": "Basic YTpi"})
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_the_caller_is_the_one_who_signed_in(client: TestClient) -> None:
    user = signed_in(client, gate, email="ada@example.com")
    assert client.get("/annotated/user").json() == user.email
    assert client.get("/annotated/principal").json() == str(user.id)
    assert client.get("/default/require").json() == str(user.id)
    assert client.get("/own/dependency").json() == f"own {user.email}"
    assert client.get("/tutorial/users/me").json()["email"] == user.email


@pytest.mark.parametrize("path", ["/optional/user", "/optional/principal", "/optional/depends"])
def test_an_optional_guard_lets_nobody_in_as_none_and_refuses_a_bad_credential(client: TestClient, path: str) -> None:
    assert client.get(path).json() is None
    bad = client.get(path, headers={"Authorization": "Bearer a.b.c"})
    assert bad.status_code == 401
    assert client.get(path, headers={"Cookie": f"{gate.web.session_cookie}=bad"}).status_code == 401
    signed_in(client, gate)
    assert client.get(path).json()


def test_a_public_endpoint_of_a_guarded_router_is_open(client: TestClient) -> None:
    assert client.get("/routed/public").json() == "open"


def test_a_host_s_own_handler_of_http_exceptions_gets_the_guard_s_refusals() -> None:
    from fastapi import HTTPException, Request
    from fastapi.responses import JSONResponse

    own_gate, own = Gatepost(), FastAPI()
    own_gate.install(own)

    @own.exception_handler(HTTPException)
    async def envelope(_: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": {"message": error.detail}}, error.status_code, error.headers)

    @own.get("/mine")
    async def mine(user: CurrentUser) -> str:
        return str(user.id)

    with serving(own, own_gate) as running:
        response = running.get("/mine")
        assert response.json() == {"error": {"message": "Not authenticated"}}
        assert response.headers["WWW-Authenticate"] == "Bearer"


def test_without_a_gatepost_a_guard_says_what_to_do() -> None:
    bare = FastAPI()
    bare.add_api_route("/x", annotated_user)
    with TestClient(bare) as running, pytest.raises(RuntimeError, match=r"gate\.install\(app\)"):
        running.get("/x")


@pytest.mark.parametrize("kind", [User, Principal, User[gatepost.Profile]])
def test_a_plain_parameter_is_refused_at_import_with_the_cure(kind: Any) -> None:  # noqa: ANN401 - types
    wrong = FastAPI()

    async def endpoint(caller: Any) -> None: ...  # noqa: ANN401 - replaced below

    endpoint.__annotations__["caller"] = kind
    with pytest.raises(TypeError, match=r"write `\w+: Current(User|Principal)`"):
        wrong.get("/x")(endpoint)
