"""The stand-alone server: one place to sign in, for applications that are not this one."""

import logging
import os
from typing import Any

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import JSONResponse

from gatepost.gate import Gatepost
from gatepost.server.gates import APP, find_gate
from gatepost.web.guard import public
from gatepost.web.routes import route_class

_log = logging.getLogger("gatepost.server")


def create_app(gate: Gatepost[Any] | None = None) -> FastAPI:
    """Return the application; without a Gatepost, for the one that GATEPOST_APP names or the environment describes."""
    gate = gate if gate is not None else find_gate(os.environ.get(APP))
    app = FastAPI(title="Gatepost", docs_url="/docs" if gate.web.is_development else None, redoc_url=None)
    app.include_router(_own_routes(gate))
    gate.install(app)
    return app


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
