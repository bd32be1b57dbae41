"""`/sessions`: what is open for the caller, by the hour of its last use, and how to end it."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from gatepost.core.sessions.flow import LAST_ID
from gatepost.feature import FeatureHost
from gatepost.kernel.errors import NotFound
from gatepost.kernel.principal import Principal
from gatepost.web.guard import PrincipalGuard
from gatepost.web.origin import origin_of
from gatepost.web.routes import route_class
from gatepost.web.session_views import SessionPage, session_view
from gatepost.web.views import cursor_after, read_cursor


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), tags=["sessions"])
    caller = PrincipalGuard(host)

    @routes.get("/sessions")
    async def list_sessions(
        principal: Annotated[Principal, Depends(caller)],
        cursor: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
    ) -> SessionPage:
        """The caller's living sessions."""
        before = read_cursor(cursor) if cursor else LAST_ID
        rows = await host.core.sessions.listing(principal.user_id, before, limit + 1)
        items = [session_view(row, principal.session_id) for row in rows[:limit]]
        return SessionPage(items=items, next=cursor_after(items[-1].id) if len(rows) > limit else None)

    @routes.delete("/sessions/{session_id}", status_code=204)
    async def end_session(
        session_id: uuid.UUID, request: Request, principal: Annotated[Principal, Depends(caller)]
    ) -> Response:
        """End one session of the caller; another's is not found."""
        origin = origin_of(request, host.web.trusted_proxies)
        if not await host.core.sessions.end(session_id, principal.user_id, origin=origin):
            raise NotFound
        return Response(status_code=204)

    @routes.delete("/sessions", status_code=204)
    async def end_other_sessions(request: Request, principal: Annotated[Principal, Depends(caller)]) -> Response:
        """End every session of the caller but this one."""
        origin = origin_of(request, host.web.trusted_proxies)
        await host.core.sessions.end_others(principal.user_id, principal.session_id, origin=origin)
        return Response(status_code=204)

    return routes
