"""What this authorization server says of itself (RFC 8414), where others look for it.

Every address is made of the settings, never of the request: whoever chose the Host header would choose where secrets
are sent. What could go wrong at the root of an application: it may have such a document already, which then stands.
"""

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from gatepost.core.runtime import Core
from gatepost.feature import FeatureHost
from gatepost.web.guard import public
from gatepost.web.routes import route_class

PATH = "/.well-known/oauth-authorization-server"
MAX_AGE_S = 300


def add_metadata(routes: APIRouter, host: FeatureHost, *, after: str = "") -> None:
    """Add the document's route to a router.

    Args:
        routes: the router.
        host: whose document it is.
        after: what follows its path.
    """

    @routes.get(f"{PATH}{after}")
    @public
    async def metadata() -> Response:
        """What this authorization server can do, and where (RFC 8414)."""
        return JSONResponse(document(host), headers={"Cache-Control": f"public, max-age={MAX_AGE_S}"})


def well_known(host: FeatureHost) -> APIRouter:
    """Return the document's route for the root of an application."""
    routes = APIRouter(route_class=route_class(host), include_in_schema=False)
    add_metadata(routes, host)
    if host.web.public_path:  # RFC 8414, section 3: an issuer's own path stands behind
        add_metadata(routes, host, after=host.web.public_path)
    return routes


def document(host: FeatureHost) -> dict[str, Any]:
    """Return the metadata (RFC 8414, section 2): what exists and is switched on, and nothing else."""
    core: Core = host.core
    base = f"{host.web.public_origin}{host.web.public_path}{host.web.prefix}"
    takes_codes = bool(core.federation.redirect_uris)
    grants = {"refresh_token": True, "password": host.web.password_grant, "authorization_code": takes_codes}
    found: dict[str, Any] = {
        "issuer": core.services.tokens.issuer,
        "token_endpoint": f"{base}/token",
        "jwks_uri": f"{base}/.well-known/jwks.json",
        "revocation_endpoint": f"{base}/revoke",
        "introspection_endpoint": f"{base}/introspect",
        "gatepost_revocations": f"{base}/revocations",
        "grant_types_supported": [name for name, is_on in grants.items() if is_on],
        "response_types_supported": ["code"] if takes_codes else [],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic"],
    }
    if takes_codes:  # RFC 7636: without one, no code is handed out
        found["code_challenge_methods_supported"] = ["S256"]
    if host.web.scopes:
        found["scopes_supported"] = list(host.web.scopes)
    return found
