"""A service with a ResourceServer, asked in process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from fastapi import Depends, FastAPI

from gatepost import CurrentPrincipal, Issuer, OptionalPrincipal, Principal, ResourceServer, require
from gatepost.kernel.clock import Clock

API = "https://api.example.com"


def seen(principal: Principal) -> dict[str, Any]:
    """Return what a route knows of its caller."""
    return {
        "user_id": str(principal.user_id),
        "issuer": principal.issuer,
        "subject": principal.subject,
        "roles": sorted(principal.roles),
        "permissions": sorted(principal.permissions),
        "scopes": sorted(principal.scopes),
        "client_id": principal.client_id,
        "auth_time": principal.auth_time,
        "amr": list(principal.amr),
    }


def application() -> FastAPI:
    """Return the routes of a service."""
    app = FastAPI()

    @app.get("/me")
    async def me(principal: CurrentPrincipal) -> dict[str, Any]:
        return seen(principal)

    @app.get("/optional")
    async def optional(principal: OptionalPrincipal) -> str | None:
        return None if principal is None else principal.subject

    for name, need in {
        "role": require(role="editor"),
        "permission": require(permission="articles:write"),
        "scope": require(scope="articles.read articles.write"),
        "fresh": require(fresh=True),
        "verified": require(verified=True),
        "in-person": require(in_person=True),
        "check": require(check=lambda principal: principal.claims.get("tenant") == "blue"),
    }.items():
        app.get(f"/{name}", dependencies=[need])(_nothing)
    app.get("/depends")(_named)
    return app


async def _nothing() -> None: ...


async def _named(principal: Principal = Depends(require(role="editor"))) -> str:
    return principal.subject


class Service:
    """A running service.

    Attributes:
        server: the ResourceServer.
        clock: moved by tests.
    """

    def __init__(self, server: ResourceServer, client: httpx2.AsyncClient, clock: Clock) -> None:
        self.server, self.client, self.clock = server, client, clock

    async def get(self, path: str, token: str | None = None, **headers: str) -> httpx2.Response:
        """Ask a route, with a bearer token or without."""
        given = {} if token is None else {"Authorization": f"Bearer {token}"}
        return await self.client.get(path, headers={**given, **headers})

    async def status(self, token: str | None, path: str = "/me") -> int:
        """Return the status of an answer."""
        return (await self.get(path, token)).status_code

    async def me(self, token: str) -> dict[str, Any]:
        """Return what a route knows of the caller."""
        answer = await self.get("/me", token)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        found: dict[str, Any] = answer.json()
        return found


@asynccontextmanager
async def serving(
    issuer: str | Issuer | list[str | Issuer],
    *,
    app: FastAPI | None = None,
    audience: str | tuple[str, ...] = API,
    **options: Any,  # noqa: ANN401 - those of ResourceServer
) -> AsyncIterator[Service]:
    """Run a service."""
    clock = Clock()
    server = ResourceServer(issuer, audience=audience, clock=clock, dangerously_reaches_loopback=True, **options)
    app = app or application()
    server.install(app)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=True)
    async with (
        app.router.lifespan_context(app) as state,
        httpx2.AsyncClient(transport=transport, base_url="https://api.example.com") as client,
    ):
        del state
        yield Service(server, client, clock)
