"""The lock of `/docs`: where it stands, and where Authorize asks for a token."""

from typing import Any
from urllib.parse import urljoin

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient

from gatepost import CurrentUser, Gatepost, Settings, current_user, public, require
from gatepost.testing import PASSWORD, isolated, signed_in
from tests.surface.apps import password_form, serving


def host(settings: Settings | None = None, **options: Any) -> tuple[FastAPI, Gatepost]:  # noqa: ANN401 - of FastAPI
    gate, app = Gatepost(settings), FastAPI(**options)
    gate.install(app)

    @app.get("/user")
    async def user(user: CurrentUser) -> str:
        return str(user.email)

    app.add_api_route("/depends", lambda: "in", dependencies=[Depends(current_user)])
    app.add_api_route("/require", lambda: "in", dependencies=[require(role="x")])
    app.add_api_route("/inside", lambda: "in", dependencies=[Depends(require())])
    app.add_api_route("/bound", lambda: "in", dependencies=[gate.require()])
    app.add_api_route("/open", public(lambda: "in"))
    return app, gate


def token_url(client: TestClient, root: str = "") -> str:
    """Return the address that Authorize uses: relative to the page of `/docs`."""
    document = client.get(f"{root}/openapi.json").json()
    scheme = document["components"]["securitySchemes"]["Gatepost"]
    return str(urljoin(f"http://testserver{root}/docs", scheme["flows"]["password"]["tokenUrl"]))


@pytest.mark.parametrize("prefix", ["/auth", "/id", "/api/v1/auth"])
def test_authorize_finds_the_token_endpoint_under_any_prefix(prefix: str) -> None:
    app, gate = host(Settings(prefix=prefix))
    with serving(app, gate) as client:
        user = signed_in(client, gate)
        client.cookies.clear()
        url = token_url(client)
        assert url == f"http://testserver{prefix}/token"
        tokens = client.post(url, data=password_form(str(user.email), PASSWORD)).json()
        assert client.get("/user", headers={"Authorization": f"Bearer {tokens['access_token']}"}).status_code == 200


def test_every_guarded_operation_shows_one_lock_and_a_public_one_none() -> None:
    app, gate = host(Settings(prefix="/id"))
    with serving(app, gate) as client:
        paths = client.get("/openapi.json").json()["paths"]
    for path in ("/user", "/depends", "/require", "/inside", "/bound", "/id/me"):
        assert paths[path]["get"]["security"] == [{"Gatepost": []}], path
    for path, method in (("/open", "get"), ("/id/register", "post"), ("/id/token", "post")):
        assert "security" not in paths[path][method], path


def test_there_is_one_scheme_with_the_configured_scopes() -> None:
    app, gate = host(Settings(scopes=("notes:read",), prefix="/id"))
    with serving(app, gate) as client:
        schemes = client.get("/openapi.json").json()["components"]["securitySchemes"]
    flow = {"scopes": {"notes:read": ""}, "tokenUrl": "id/token"}
    assert schemes == {"Gatepost": {"type": "oauth2", "flows": {"password": flow}}}


def test_without_the_password_grant_authorize_takes_a_token() -> None:
    app, gate = host(Settings(password_grant=False))
    with serving(app, gate) as client:
        schemes = client.get("/openapi.json").json()["components"]["securitySchemes"]
    assert schemes["Gatepost"] == {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


def test_behind_a_proxy_that_strips_a_path_the_address_follows_it() -> None:
    app, gate = host()
    with isolated(gate), TestClient(app, root_path="/api/v1") as client:
        scheme = client.get("/openapi.json").json()["components"]["securitySchemes"]["Gatepost"]
        url = scheme["flows"]["password"]["tokenUrl"]
        assert urljoin("https://example.com/api/v1/docs", url) == "https://example.com/api/v1/auth/token"


def test_docs_at_another_depth_find_the_token_endpoint() -> None:
    app, gate = host(docs_url="/internal/pages/docs")
    with serving(app, gate) as client:
        scheme = client.get("/openapi.json").json()["components"]["securitySchemes"]["Gatepost"]
        url = urljoin("http://testserver/internal/pages/docs", scheme["flows"]["password"]["tokenUrl"])
        assert url == "http://testserver/auth/token"


@pytest.mark.parametrize("mount", ["/sub", "/a/b"])
def test_a_mounted_application_authorizes_at_the_outer_one(mount: str) -> None:
    outer, gate = host()
    inner = FastAPI()
    gate.install(inner, routes=False)
    inner.add_api_route("/in", lambda: "in", dependencies=[require()])
    outer.mount(mount, inner)
    with serving(outer, gate) as client:
        assert token_url(client, mount) == "http://testserver/auth/token"
        assert client.get(f"{mount}/in").status_code == 401
        signed_in(client, gate)
        assert client.get(f"{mount}/in").json() == "in"


def test_a_mounted_application_that_runs_its_own_authorizes_at_itself() -> None:
    inner, gate = host()
    outer = FastAPI()
    outer.mount("/sub", inner)
    with serving(inner, gate), TestClient(outer) as client:
        assert token_url(client, "/sub") == "http://testserver/sub/auth/token"
        user = signed_in(client, gate)
        assert client.get("/sub/user").json() == user.email


def test_a_mounted_application_without_install_finds_the_outer_one_by_the_lifespan_s_state() -> None:
    outer, gate = host()
    inner = FastAPI()
    inner.add_api_route("/in", lambda: "in", dependencies=[require()])
    outer.mount("/sub", inner)
    with serving(outer, gate) as client:
        assert client.get("/sub/in").status_code == 401
        signed_in(client, gate)
        assert client.get("/sub/in").json() == "in"


def test_the_host_s_own_document_survives() -> None:
    app, gate = host(title="Mine", servers=[{"url": "https://example.com"}])
    with serving(app, gate) as client:
        document = client.get("/openapi.json").json()
        assert document["info"]["title"] == "Mine"
        assert document["servers"] == [{"url": "https://example.com"}]
        assert client.get("/openapi.json").json() == document
        assert client.get("/docs").status_code == 200
