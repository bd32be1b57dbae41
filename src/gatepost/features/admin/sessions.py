"""`/admin/users/{id}/sessions`: what is open for a user, the end of one, the end of all."""

import uuid
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from gatepost.core.sessions.flow import LAST_ID
from gatepost.feature import FeatureHost
from gatepost.features.admin.door import known, origin, reader, writer
from gatepost.features.admin.users import finish
from gatepost.kernel.errors import NotFound
from gatepost.web.routes import route_class
from gatepost.web.session_views import SessionPage, session_view
from gatepost.web.views import cursor_after, read_cursor


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(prefix="/admin/users/{user_id}", route_class=route_class(host), tags=["admin: sessions"])
    may_read, may_write = reader(host), writer(host)

    @routes.get("/sessions", dependencies=[may_read])
    async def list_sessions(
        user_id: uuid.UUID,
        cursor: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
    ) -> SessionPage:
        """A user's living sessions, newest first."""
        await known(host, user_id)
        before = read_cursor(cursor) if cursor else LAST_ID
        rows = await host.core.sessions.listing(user_id, before, limit + 1)
        items = [session_view(row) for row in rows[:limit]]
        return SessionPage(items=items, next=cursor_after(items[-1].id) if len(rows) > limit else None)

    @routes.delete("/sessions/{session_id}", status_code=204, dependencies=[may_write])
    async def end_session(user_id: uuid.UUID, session_id: uuid.UUID, request: Request) -> Response:
        """End one session of a user, in every process."""
        if not await host.core.sessions.end(session_id, user_id, origin=origin(host, request)):
            raise NotFound
        return Response(status_code=204)

    @routes.delete("/sessions", status_code=204, dependencies=[may_write])
    async def sign_out(user_id: uuid.UUID, request: Request) -> Response:
        """End every session of a user."""
        within = partial(finish, host, user_id, "signed_out", None)
        if not await host.core.users.sign_out_everywhere(user_id, origin=origin(host, request), within=within):
            raise NotFound
        return Response(status_code=204)

    return routes
