"""A whole router under guard without a dependency: `APIRouter(route_class=GuardedRoute)`.

The caller is `request.state.principal`. It is the fastest way to protect a route, since FastAPI solves no dependency
for it; `/docs` shows no lock for such routes.

A route class makes HTTP routes only. A WebSocket on such a router needs a guard of its own, and a start refuses one
that has none.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from gatepost.web.guard import PUBLIC_MARK, PrincipalGuard


class GuardedRoute(APIRoute):
    """A route that authenticates its caller before anything else; `@public` endpoints pass."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler behind the guard."""
        inner = super().get_route_handler()
        if getattr(self.endpoint, PUBLIC_MARK, False):
            return inner
        guard = PrincipalGuard()

        async def handle(request: Request) -> Response:
            request.state.principal = await guard.principal(request)
            return await inner(request)

        return handle
