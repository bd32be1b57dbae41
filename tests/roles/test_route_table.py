"""The list of routes says of each what really happens to somebody who is not known."""

import logging
import uuid
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, WebSocket
from fastapi.testclient import TestClient
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Route
from starlette.staticfiles import StaticFiles

from gatepost import (
    ConfigurationError,
    CurrentPrincipal,
    CurrentUser,
    Gatepost,
    GuardedRoute,
    OptionalPrincipal,
    OptionalUser,
    Principal,
    User,
    all_of,
    any_of,
    public,
    require,
    require_owner,
)
from gatepost.testing import isolated
from gatepost.web.route_table import route_table
from tests.harness import settings

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
Expected = dict[str, tuple[str, ...]]


def works_here(_: Principal) -> bool:
    return True


def owner_of(thing_id: int) -> uuid.UUID:
    return uuid.UUID(int=thing_id)


def through(_: CurrentPrincipal) -> str:
    return "a dependency of the host that asks for somebody"


def gate_for(**changes: object) -> Gatepost:
    return Gatepost(settings("sqlite:///unused.db", **changes))


def application(gate: Gatepost, folder: Path) -> tuple[FastAPI, Expected]:  # noqa: C901, PLR0915 - one of each
    """Return an application with one route of each kind, and what guards it."""
    app, expected = FastAPI(docs_url=None, redoc_url=None, openapi_url=None), {}

    def says(path: str, *guards: str) -> str:
        expected[path] = guards
        return path

    @app.get(says("/nothing"))
    def nothing() -> None: ...

    @app.get(says("/public", "public"))
    @public
    def open_to_all() -> None: ...

    @app.get(says("/principal", "principal"))
    def principal(_: CurrentPrincipal) -> None: ...

    @app.get(says("/user", "user"))
    def user(_: CurrentUser) -> None: ...

    @app.get(says("/optional", "optional principal"))
    def optional(_: OptionalPrincipal) -> None: ...

    @app.get(says("/optional-user", "optional user"))
    def optional_user(_: OptionalUser) -> None: ...

    @app.get(says("/bound", "user"))
    def bound(_: Annotated[User, Depends(gate.user)]) -> None: ...

    @app.get(says("/need", "role a and permission b and scope c and verified and fresh and check works_here"))
    def need(
        _: Annotated[
            Principal, require(role="a", permission="b", scope="c", verified=True, fresh=True, check=works_here)
        ],
    ) -> None: ...

    @app.get(says("/inside", "permission b"), dependencies=[Depends(require(permission="b"))])
    def inside() -> None: ...

    @app.get(says("/any", "any of (role a, role b and fresh)"))
    def some(_: Annotated[Principal, any_of(require(role="a"), require(role="b", fresh=True))]) -> None: ...

    @app.get(says("/all", "role a and scope c"))
    def every(_: Annotated[Principal, all_of(require(role="a"), require(scope="c"))]) -> None: ...

    @app.get(says("/own/{thing_id}", "owner"))
    def own(thing_id: int, _: Annotated[Principal, require_owner(owner_of)]) -> None: ...

    @app.get(says("/wide/{thing_id}", "owner or role a"), dependencies=[require_owner(owner_of, require(role="a"))])
    def wide(thing_id: int) -> None: ...

    @app.get(says("/through", "principal"))
    def indirect(_: Annotated[str, Depends(through)]) -> None: ...

    @app.get(says("/public-but-guarded", "user"))
    @public
    def contradiction(_: CurrentUser) -> None: ...

    @app.get(says("/public-but-role", "role a"), dependencies=[require(role="a")])
    @public
    def stronger() -> None: ...

    members = APIRouter(prefix="/members", dependencies=[require()])

    @members.get("/list")
    def listing() -> None: ...

    @members.get("/imprint")
    @public
    def imprint() -> None: ...

    expected |= {"/p/members/list": ("role m",), "/p/members/imprint": ("role m",)}
    app.include_router(members, prefix="/p", dependencies=[require(role="m")])
    expected |= {"/members/list": ("principal",), "/members/imprint": ("public",)}
    app.include_router(members)

    house = APIRouter(prefix="/house", route_class=GuardedRoute)

    @house.get("/in")
    def in_house() -> None: ...

    @house.get("/door")
    @public
    def door() -> None: ...

    expected |= {"/house/in": ("principal",), "/house/door": ("public",)}
    app.include_router(house)

    inner, innermost = FastAPI(dependencies=[require()], docs_url=None, redoc_url=None, openapi_url=None), FastAPI()

    @inner.get("/guarded")
    def guarded() -> None: ...

    @inner.get("/marked")
    @public
    def marked() -> None: ...

    @innermost.get("/bare")
    def bare() -> None: ...

    inner.mount("/deeper", innermost)
    gate.install(inner, routes=False)
    app.mount("/inner", inner)
    expected |= {"/inner/guarded": ("principal",), "/inner/marked": ("public",), "/inner/deeper/bare": ()}
    expected |= dict.fromkeys(
        (f"/inner/deeper{path}" for path in ("/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc")), ()
    )

    async def plain(_: Request) -> PlainTextResponse:
        return PlainTextResponse("plain")

    app.router.routes.append(Route(says("/starlette"), plain))
    app.mount(says("/static"), StaticFiles(directory=folder))
    gate.install(app)
    return app, expected


def own_lines(app: FastAPI, *open_paths: str) -> Expected:
    return {line.path: line.guards for line in route_table(app, open_paths) if not line.path.startswith("/auth")}


def test_every_route_is_listed_with_what_guards_it(tmp_path: Path) -> None:
    app, expected = application(gate_for(), tmp_path)
    assert own_lines(app) == expected


def test_what_the_list_says_is_what_happens_to_somebody_who_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    gate = gate_for()
    app, expected = application(gate, tmp_path)
    with isolated(gate), TestClient(app) as client:
        for path, guards in expected.items():
            where = path.replace("{thing_id}", "1") + ("/file" if path == "/static" else "")
            is_open = guards in {(), ("public",)} or guards[0].startswith("optional")
            assert client.get(where).status_code == (200 if is_open else 401), path


def test_an_application_that_is_guarded_as_a_whole(tmp_path: Path) -> None:
    gate, app = gate_for(), FastAPI(dependencies=[require(role="staff")])

    @app.get("/private")
    def private() -> None: ...

    @app.get("/imprint")
    @public
    def imprint() -> None: ...

    @app.websocket("/live")
    async def live(websocket: WebSocket) -> None: ...

    gate.install(app)
    app.mount("/static", StaticFiles(directory=tmp_path))
    lines = own_lines(app, "/docs", "/openapi.json", "/redoc")
    assert lines.pop("/static") == ()
    assert {path: guards for path, guards in lines.items() if guards != ("open",)} == {
        "/private": ("role staff",),
        "/imprint": ("public",),
        "/live": ("role staff",),
    }
    with isolated(gate), TestClient(app) as client:
        assert [client.get(path).status_code for path in ("/private", "/imprint")] == [401, 200]


def test_every_route_of_ours_says_who_may_call_it() -> None:
    gate, app = gate_for(), FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    gate.install(app)
    lines = route_table(app)
    assert len(lines) > 10
    assert [line for line in lines if not line.guards] == []


def test_methods_websockets_and_hosts_are_named() -> None:
    app, inner = FastAPI(docs_url=None, redoc_url=None, openapi_url=None), FastAPI(openapi_url=None)

    @app.api_route("/both", methods=["PUT", "POST"])
    def both() -> None: ...

    @app.websocket("/live")
    async def live(websocket: WebSocket, _: CurrentPrincipal) -> None: ...

    @inner.get("/there")
    def there() -> None: ...

    app.router.routes.append(Host("other.example", app=inner))
    found = [(line.methods, line.path, line.guards) for line in route_table(app)]
    assert found == [
        (("POST", "PUT"), "/both", ()),
        (("WEBSOCKET",), "/live", ("principal",)),
        (("GET",), "other.example/there", ()),
    ]


@pytest.mark.parametrize(
    ("open_path", "is_open"),
    [("/static", True), ("/static/", True), ("/stat", False), ("/static/x", False), ("/", True)],
)
def test_an_open_path_is_a_path_and_what_is_below_it(tmp_path: Path, open_path: str, *, is_open: bool) -> None:
    app = FastAPI(openapi_url=None)
    app.mount("/static", StaticFiles(directory=tmp_path))
    app.mount("/static/below", StaticFiles(directory=tmp_path))
    lines = own_lines(app, open_path)
    assert (lines["/static"] == ("open",)) == (is_open and open_path != "/static/")
    assert (lines["/static/below"] == ("open",)) == is_open


def unguarded(mode: str, *open_paths: str) -> tuple[FastAPI, Gatepost]:
    gate, app = gate_for(unguarded_routes=mode, open_paths=open_paths), FastAPI()

    @app.get("/forgotten")
    def forgotten() -> None: ...

    gate.install(app)
    return app, gate


def test_a_start_refuses_a_forgotten_route_where_it_shall() -> None:
    app, gate = unguarded("refuse", "/docs", "/redoc", "/openapi.json")
    with (
        isolated(gate),
        pytest.raises(ConfigurationError, match=r"nothing guards GET /forgotten:.*GATEPOST_OPEN_PATHS"),
        TestClient(app),
    ):
        pass
    app, gate = unguarded("refuse", "/docs", "/redoc", "/openapi.json", "/forgotten")
    with isolated(gate), TestClient(app) as client:
        assert client.get("/forgotten").status_code == 200


def test_a_start_warns_of_a_forgotten_route_where_it_shall(caplog: pytest.LogCaptureFixture) -> None:
    for mode, warnings in (("warn", 1), ("allow", 0)):
        caplog.clear()
        app, gate = unguarded(mode, "/docs", "/redoc", "/openapi.json")
        with isolated(gate), TestClient(app), caplog.at_level(logging.WARNING, "gatepost.routes"):
            pass
        assert len([one for one in caplog.records if "GET /forgotten" in one.getMessage()]) == warnings


@pytest.mark.parametrize("path", ["docs", "", "//evil", "/?x", "https://x"])
def test_an_open_path_begins_with_one_slash(path: str) -> None:
    with pytest.raises(ValueError, match="open_paths"):
        gate_for(open_paths=[path])
