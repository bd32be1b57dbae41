"""`/admin/audit`: the trail by filters, a page at a time, or carried away as a stream of lines."""

import uuid
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, Field

from gatepost.core.audit.reading import MAX_EVENTS, AuditFilter, AuditReader, CursorMalformed, exported_step
from gatepost.core.audit.rendering import as_members, csv_header, csv_line, json_line
from gatepost.core.throttle.attempts import Action
from gatepost.feature import FeatureHost
from gatepost.features.admin.door import origin, reader, writer
from gatepost.features.admin.shapes import Body
from gatepost.kernel.principal import Principal
from gatepost.web.routes import route_class
from gatepost.web.views import BadCursor

_Event = Annotated[str, Field(max_length=64)]
_Ip = Annotated[str, Field(max_length=45)]
_TYPES = {"jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8"}


class Wanted(Body):
    """Which events; what is not given does not matter. `since` is included, `until` is not."""

    event: Annotated[list[_Event], Field(default_factory=list, max_length=MAX_EVENTS)]
    actor_id: uuid.UUID | None = None
    subject_id: uuid.UUID | None = None
    session_id: uuid.UUID | None = None
    ip: _Ip | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None

    def filter(self) -> AuditFilter:
        """Return it as the reader of the trail takes it."""
        return AuditFilter(
            events=tuple(self.event),
            actor_id=self.actor_id,
            subject_id=self.subject_id,
            session_id=self.session_id,
            ip=self.ip,
            since=_milliseconds(self.since),
            until=_milliseconds(self.until),
        )


class WantedPage(Wanted):
    """The same, and which page of them."""

    cursor: Annotated[str, Field(max_length=64)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class Export(Wanted):
    """The same, and the form of the lines."""

    format: Literal["jsonl", "csv"] = "jsonl"


class TrailPage(BaseModel):
    """Some events, newest first; `next` is the cursor of the following page."""

    items: list[dict[str, Any]]
    next: str | None


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(prefix="/admin/audit", route_class=route_class(host), tags=["admin: audit"])

    @routes.get("", dependencies=[reader(host)])
    async def read_trail(wanted: Annotated[WantedPage, Query()]) -> TrailPage:
        """What happened, newest first."""
        try:
            page = await AuditReader(host.core.database).page(
                wanted.filter(), cursor=wanted.cursor or None, size=wanted.limit
            )
        except CursorMalformed:
            raise BadCursor from None
        return TrailPage(items=[as_members(row) for row in page.rows], next=page.cursor)

    @routes.post("/export", response_class=StreamingResponse)
    async def export(wanted: Export, request: Request, admin: Annotated[Principal, writer(host)]) -> StreamingResponse:
        """Carry events away, oldest first, as lines of JSON or CSV; who did stands in the trail before the first."""
        core, source, chosen = host.core, origin(host, request), wanted.filter()
        await core.attempts.spend(Action.EXPORT, source, subject=str(admin.user_id))
        await core.database.hot.run(exported_step(core.clock, chosen, actor_id=admin.user_id, origin=source))

        async def lines() -> AsyncIterator[str]:
            if wanted.format == "csv":
                yield csv_header()
            async for row in AuditReader(core.database).stream(chosen):
                yield csv_line(row) if wanted.format == "csv" else json_line(row)

        headers = {"Content-Disposition": f'attachment; filename="audit.{wanted.format}"'}
        return StreamingResponse(lines(), media_type=_TYPES[wanted.format], headers=headers)

    return routes


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)
