"""`GET /pages/{name}`: static files that know nothing of anybody.

The token of a link never comes here: it stands in the fragment. The page's script takes it from there, waits for a
button, and posts it to the endpoint that it is for.
"""

from collections.abc import Mapping
from types import MappingProxyType

from fastapi import APIRouter, Response

from gatepost.feature import FeatureHost
from gatepost.features.pages.content import PAGES, file, rendered
from gatepost.kernel.errors import NotFound
from gatepost.web.guard import public
from gatepost.web.routes import route_class

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": _POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex",
    }
)
_ASSETS = {"pages.css": "text/css", "pages.js": "text/javascript"}


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), include_in_schema=False)
    home = f"{host.web.public_origin}{host.web.public_path}/"
    answers = {name: (rendered(page, home), "text/html") for name, page in PAGES.items()}
    answers |= {name: (file(name), kind) for name, kind in _ASSETS.items()}

    @routes.get("/pages/{name}")
    @public
    async def page(name: str) -> Response:
        """A page, its script or its style sheet."""
        if name not in answers:
            raise NotFound
        content, kind = answers[name]
        return Response(content, media_type=kind, headers=dict(HEADERS))

    return routes
