"""The stand-alone server: one place to sign in, for applications that are not this one."""

import hmac
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import SecretStr

from gatepost.gate import Gatepost
from gatepost.kernel.errors import NotFound
from gatepost.server.edge import Edge
from gatepost.server.gates import APP, find_gate
from gatepost.server.loopback import is_loopback
from gatepost.server.metrics import Metrics
from gatepost.server.request_ids import RequestIds
from gatepost.web.guard import public
from gatepost.web.routes import route_class

_FORWARDED = frozenset({"forwarded", "via", "x-real-ip", "x-original-host", "cf-connecting-ip", "true-client-ip"})
_log = logging.getLogger("gatepost.server")


def create_app(gate: Gatepost[Any] | None = None) -> FastAPI:
    """Return the application; without a Gatepost, for the one that GATEPOST_APP names or the environment describes."""
    gate = gate if gate is not None else find_gate(os.environ.get(APP))
    settings, metrics = gate.settings, Metrics(gate)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        metrics.watch(gate.core)
        yield

    docs_url = "/docs" if gate.web.is_development else None
    app = FastAPI(title="Gatepost", docs_url=docs_url, redoc_url=None, lifespan=lifespan)
    app.include_router(_own_routes(gate))
    app.include_router(_metrics_route(gate, metrics))
    gate.install(app)
    app.add_middleware(Edge, observe=metrics.observe, hsts=settings.hsts if gate.web.is_secure else 0)
    app.add_middleware(RequestIds, trusts_header=gate.web.trusted_proxies > 0)
    return app


def _metrics_route(gate: Gatepost[Any], metrics: Metrics) -> APIRouter:
    routes = APIRouter(route_class=route_class(gate), include_in_schema=False)

    @routes.get("/metrics")
    @public
    async def read_metrics(request: Request) -> Response:
        """Measurements, for who has the token; without one, for this machine alone."""
        if not _may_measure(request, gate.settings.metrics_token):
            raise NotFound
        return Response(await metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return routes


def _may_measure(request: Request, token: SecretStr | None) -> bool:
    if token is not None:
        expected = f"Bearer {token.get_secret_value()}".encode()
        return hmac.compare_digest(request.headers.get("authorization", "").encode("utf-8", "replace"), expected)
    # A proxy on this machine is as near as a collector: what it forwards comes from anywhere.
    is_forwarded = any(name in _FORWARDED or name.startswith("x-forwarded-") for name in request.headers)
    return not is_forwarded and request.client is not None and is_loopback(request.client.host)


def _own_routes(gate: Gatepost[Any]) -> APIRouter:
    routes = APIRouter(route_class=route_class(gate), tags=["server"])

    @routes.get("/healthz")
    @public
    async def healthz() -> dict[str, str]:
        """Liveness: the event loop runs. A database that is gone is no reason to restart this process."""
        return {"status": "alive"}

    @routes.get("/readyz")
    @public
    async def readyz() -> Response:
        """Readiness: requests can be decided now; if not, what is waited for."""
        try:
            health = await gate.health()
        except Exception:  # noqa: BLE001 - whatever it is, the answer is: not ready
            _log.exception("the readiness check failed")
            return JSONResponse({"status": "not ready", "reasons": ["the check failed"]}, 503)
        if not health.is_ready:
            return JSONResponse({"status": "not ready", "reasons": list(health.reasons)}, 503)
        return JSONResponse({"status": "ready"})

    @routes.get("/.well-known/jwks.json")
    @public
    async def jwks() -> Response:
        """The public keys that verify access tokens (RFC 7517, section 5), where others look for them."""
        keyring = gate.core.keyring
        if keyring.is_stale:
            await keyring.freshen()
        headers = {"Cache-Control": f"public, max-age={gate.web.jwks_max_age}"}
        return JSONResponse(keyring.jwks(), headers=headers)

    return routes
