"""The outermost layer of the stand-alone server: headers for browsers, and measurements.

What could go wrong: a label that a stranger chooses would let him fill the memory of whoever collects metrics, so that
a path is only ever named by its route, and a method by the closed set of HTTP.
"""

import time
from collections.abc import Callable
from typing import Any

from fastapi.routing import iter_route_contexts
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NOTHING = "unmatched"
# ASVS 5.0, V3.4: what a browser may not do with an answer of ours. A page brings its own policy.
_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
)
# Swagger's page loads scripts and styles from elsewhere; it exists in development only.
_OWN_POLICY = frozenset({"/docs", "/docs/oauth2-redirect"})


Observe = Callable[[str, str, int, float], None]


class Edge:
    """Wraps the server's application.

    Args:
        app: what it wraps.
        observe: is told method, route, status and seconds of each request.
        hsts: seconds that browsers shall insist on https (RFC 6797), 0 for none.
    """

    def __init__(self, app: ASGIApp, *, observe: Observe, hsts: int = 0) -> None:
        self._app = app
        self._observe = observe
        self._paths: dict[int, str] | None = None
        strict = [(b"strict-transport-security", f"max-age={hsts}; includeSubDomains".encode())] if hsts else []
        self._headers = [*_HEADERS, *strict]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500  # what an answer that never began counts as

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": self._completed(scope["path"], message.get("headers", ()))}
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            route = self._route(scope)
            self._observe(_method(scope), route, status, time.perf_counter() - began)

    def _route(self, scope: Scope) -> str:
        """Return the whole path of the route that answered; an included route knows only its own part of it."""
        if self._paths is None:
            contexts = iter_route_contexts(scope["app"].routes)
            self._paths = {id(getattr(each, "original_route", each)): str(each.path) for each in contexts}
        return self._paths.get(id(scope.get("route")), _NOTHING)

    def _completed(self, path: str, headers: Any) -> list[tuple[bytes, bytes]]:  # noqa: ANN401 - ASGI's pairs
        given = {name.lower() for name, _ in headers}
        leaves_policy = path in _OWN_POLICY
        added = [
            (name, value)
            for name, value in self._headers
            if name not in given and not (leaves_policy and name == b"content-security-policy")
        ]
        return [*headers, *added]


def _method(scope: Scope) -> str:
    method: str = scope["method"]
    return method if method in _METHODS else "OTHER"
