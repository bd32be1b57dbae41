"""A service's routes: what is said to whom, in every place where a guard may stand."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from gatepost import (
    CurrentPrincipal,
    CurrentUser,
    GuardedRoute,
    Issuer,
    NotAuthenticated,
    Principal,
    ResourceServer,
    all_of,
    any_of,
    public,
    require,
    require_owner,
)
from gatepost.kernel.errors import ConfigurationError, Unavailable
from tests.resource_server.issuer import foreign
from tests.resource_server.service import API, serving
from tests.resource_server.shapes import NOW, PLAIN

pytestmark = pytest.mark.anyio
RESOURCE = "https://api.example.com/v1"
METADATA = "https://api.example.com/.well-known/oauth-protected-resource/v1"


async def test_a_refusal_names_what_is_missing() -> None:
    async with foreign() as issuer, serving(issuer.url) as service:
        token = issuer.token({**PLAIN, "scope": "articles.read"})
        for path, given, status, challenge in (
            ("/me", None, 401, "Bearer"),
            ("/me", "nonsense", 401, 'Bearer error="invalid_token"'),
            ("/scope", token, 403, 'Bearer error="insufficient_scope", scope="articles.read articles.write"'),
            ("/role", token, 403, None),
        ):
            answer = await service.get(path, given)
            assert (answer.status_code, answer.headers.get("www-authenticate")) == (status, challenge)
            assert set(answer.json()) == {"detail"}  # FastAPI's own shape
        assert (await service.get("/me", Authorization="Basic YTpi")).status_code == 401
        assert (await service.get("/optional")).json() is None
        assert (await service.get("/optional", token)).json() == PLAIN["sub"]


async def test_a_challenge_says_where_tokens_come_from_where_the_api_says_its_address() -> None:
    async with foreign() as issuer:
        async with serving(issuer.url, resource=RESOURCE, scopes=["articles.read"]) as service:
            token = issuer.token({**PLAIN, "scope": ""})
            where = f'resource_metadata="{METADATA}"'
            assert (await service.get("/me")).headers["www-authenticate"] == f"Bearer {where}"
            answer = await service.get("/me", "nonsense")
            assert answer.headers["www-authenticate"] == f'Bearer error="invalid_token", {where}'
            assert (await service.get("/scope", token)).headers["www-authenticate"].endswith(where)
            document = (await service.client.get(METADATA)).json()
            assert document == {
                "resource": RESOURCE,
                "authorization_servers": [issuer.url],
                "bearer_methods_supported": ["header"],
                "scopes_supported": ["articles.read"],
            }
        for wrong in ("http://api.example.com", "api", 'https://a.example/"', "https://a.example/?x=1"):
            with pytest.raises(ConfigurationError, match="resource"):
                async with ResourceServer("https://a.example", audience=API, resource=wrong).lifespan():
                    pass


async def test_a_whole_application_is_guarded_and_public_routes_are_open() -> None:
    app = FastAPI(dependencies=[require()])

    @app.get("/closed")
    async def closed() -> None: ...

    @app.get("/open")
    @public
    async def opened() -> None: ...

    async with foreign() as issuer, serving(issuer.url, app=app, resource=RESOURCE) as service:
        assert await service.status(None, "/closed") == 401
        assert await service.status(issuer.token(PLAIN), "/closed") == 200
        assert await service.status(None, "/open") == 200
        assert (await service.client.get(METADATA)).status_code == 200


async def test_routers_route_classes_mounted_applications_and_bound_guards() -> None:
    app, inner = FastAPI(), FastAPI()
    router = APIRouter(route_class=GuardedRoute)

    @router.get("/classed")
    async def classed() -> None: ...

    @inner.get("/within")
    async def within(principal: CurrentPrincipal) -> str:
        return principal.subject

    app.include_router(router)
    app.mount("/inner", inner)
    async with foreign() as issuer:
        server = ResourceServer(issuer.url, audience=API, dangerously_reaches_loopback=True)

        @app.get("/bound")
        async def bound(principal: Annotated[Principal, Depends(server.principal)]) -> str:
            return principal.subject

        @app.get("/needs", dependencies=[server.require(scope="articles.read")])
        async def needs() -> None: ...

        @app.get("/either", dependencies=[any_of(server.require(role="x"), server.require(scope="articles.read"))])
        async def either() -> None: ...

        @app.get("/both", dependencies=[all_of(require(role="x"), require(scope="articles.read"))])
        async def both() -> None: ...

        async def owner(owner_id: str) -> str:
            return owner_id

        @app.get("/of/{owner_id}", dependencies=[require_owner(owner)])
        async def owned(owner_id: str) -> None: ...

        server.install(app)
        server.install(inner, routes=False)
        transport = httpx2.ASGITransport(app=app)
        async with (
            app.router.lifespan_context(app) as _,
            httpx2.AsyncClient(transport=transport, base_url="http://api") as client,
        ):
            headers = {"Authorization": f"Bearer {issuer.token(PLAIN)}"}
            user_id = (await server.authenticate(issuer.token(PLAIN))).user_id
            for path, status in {
                "/classed": 200,
                "/inner/within": 200,
                "/bound": 200,
                "/needs": 200,
                "/either": 200,
                "/both": 403,
                f"/of/{user_id}": 200,
                "/of/somebody": 404,
            }.items():
                assert (await client.get(path)).status_code == 401
                assert (await client.get(path, headers=headers)).status_code == status, path
            document = (await client.get("/openapi.json")).json()
            assert document["components"]["securitySchemes"] == {
                "Gatepost": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            }
            assert document["paths"]["/bound"]["get"]["security"] == [{"Gatepost": []}]
            inside = (await client.get("/inner/openapi.json")).json()
            assert inside["components"]["securitySchemes"]["Gatepost"]["scheme"] == "bearer"


async def test_code_asks_without_a_request() -> None:
    async with foreign() as issuer, serving(issuer.url) as service:
        principal = await service.server.authenticate(issuer.token({**PLAIN, "tenant": "blue"}))
        assert (principal.issuer, principal.claims["tenant"]) == (issuer.url, "blue")
        with pytest.raises(TypeError):
            principal.claims["tenant"] = "red"  # type: ignore[index]
        with pytest.raises(NotAuthenticated):
            await service.server.authenticate("nonsense")
    with pytest.raises(Unavailable):
        await service.server.authenticate("nonsense")
    assert not (await service.server.health()).is_ready


async def test_sockets_are_closed_before_they_open_to_nobody_and_when_a_token_ends() -> None:
    app = FastAPI()

    @app.websocket("/socket")
    async def socket(websocket: WebSocket, principal: CurrentPrincipal) -> None:
        await websocket.accept()
        await websocket.send_text(principal.subject)
        await principal.ended()
        await websocket.close(4001)

    async with foreign() as issuer:
        server = ResourceServer(issuer.url, audience=API, dangerously_reaches_loopback=True)
        server.install(app)
        token = issuer.token({**PLAIN, "exp": NOW + 3_600})
        said = await asyncio.to_thread(_talk, app, server, token)
    assert said == [1008, "242423", 4001]


def _talk(app: FastAPI, server: ResourceServer, token: str) -> list[Any]:
    from starlette.websockets import WebSocketDisconnect

    said: list[Any] = []
    with TestClient(app) as client:
        with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect("/socket"):
            pass
        said.append(refused.value.code)
        with client.websocket_connect("/socket", headers={"Authorization": f"Bearer {token}"}) as open_socket:
            said.append(open_socket.receive_text())
            server.clock.advance(4_000)
            said.append(open_socket.receive()["code"])
    return said


async def test_a_stream_ends_with_its_token() -> None:
    app = FastAPI()

    @app.get("/events")
    async def events(principal: CurrentPrincipal) -> StreamingResponse:
        async def lines() -> AsyncIterator[str]:
            yield f"data: {principal.subject}\n\n"
            await principal.ended()
            yield "data: over\n\n"

        return StreamingResponse(lines(), media_type="text/event-stream")

    async with foreign() as issuer, serving(issuer.url, app=app) as service:
        asking = asyncio.create_task(service.get("/events", issuer.token({**PLAIN, "exp": NOW + 3_600})))
        await asyncio.sleep(0)
        service.clock.advance(4_000)
        assert (await asyncio.wait_for(asking, 10)).text == "data: 242423\n\ndata: over\n\n"


async def test_what_cannot_work_does_not_start_and_says_the_cure() -> None:
    asks_for_a_row = FastAPI()

    @asks_for_a_row.get("/row")
    async def row(user: CurrentUser) -> None: ...

    unguarded = FastAPI(openapi_url=None)

    @unguarded.get("/unguarded")
    async def nothing() -> None: ...

    good = "https://issuer.example"
    cases: list[tuple[Any, dict[str, Any], FastAPI, str]] = [
        (good, {}, asks_for_a_row, "/row asks for CurrentUser"),
        (good, {"unguarded_routes": "refuse"}, unguarded, "nothing guards GET /unguarded"),
        ([], {}, FastAPI(), "at least one issuer"),
        ([good, good], {}, FastAPI(), "named twice"),
        (good, {"audience": ()}, FastAPI(), "name the audience"),
        (good, {"audience": ""}, FastAPI(), "name the audience"),
        (good, {"dialect": "keykloak"}, FastAPI(), "use one of rfc9068, gatepost, keycloak"),
        (good, {"client_id": "api"}, FastAPI(), "both client_id and client_secret"),
        (Issuer(good), {"client_id": "api", "client_secret": "s"}, FastAPI(), "in Issuer"),
        (Issuer(good, jwks_uri="http://issuer.example/keys"), {}, FastAPI(), "jwks_uri"),
    ]
    for issuer, options, app, words in cases:
        server = ResourceServer(issuer, **{"audience": API, **options})
        server.install(app)
        with pytest.raises(ConfigurationError, match=words):
            async with app.router.lifespan_context(app):
                pass
