"""A small service beside the Todo app: no users, no passwords, no database; it checks the Todo app's tokens.

Whoever signs out at the Todo app is refused here within five seconds, and while the Todo app cannot be asked nobody is
let in. Nothing here, nor what it uses of Gatepost, imports SQLAlchemy.
"""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Body, FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from gatepost import CurrentPrincipal, ResourceServer, require

TODO_APP = os.environ.get("TODO_APP", "http://127.0.0.1:8000")
MOST = 10_000

server = ResourceServer(
    TODO_APP,
    audience=TODO_APP,
    client_id="reports",
    client_secret=os.environ.get("REPORTS_SECRET", "only-for-development-on-this-machine"),
    revocation_bound=5,
    dangerously_reaches_loopback=True,  # the Todo app runs here, over http: for development
)
app = FastAPI(title="Reports")
server.install(app)


class Todo(BaseModel):
    """What is counted of one."""

    title: Annotated[str, Field(max_length=500)]
    done: bool = False


class Report(BaseModel):
    """How far somebody is."""

    total: int = 0
    done: int = 0


reports: dict[uuid.UUID, Report] = {}


@app.put("/reports/mine")
async def write(todos: Annotated[list[Todo], Body(max_length=1_000)], caller: CurrentPrincipal) -> Report:
    """Make the caller's report of their todos."""
    if len(reports) >= MOST:
        del reports[next(iter(reports))]
    reports[caller.user_id] = Report(total=len(todos), done=sum(todo.done for todo in todos))
    return reports[caller.user_id]


@app.get("/reports/mine")
async def read(caller: CurrentPrincipal) -> Report:
    """Return the caller's report."""
    return reports.get(caller.user_id, Report())


@app.get("/reports/all", dependencies=[require(role="admin")])
async def read_all() -> Report:
    """Return everybody's report in one, to administrators of the Todo app."""
    return Report(total=sum(each.total for each in reports.values()), done=sum(each.done for each in reports.values()))


@app.get("/reports/live")
async def follow(caller: CurrentPrincipal) -> StreamingResponse:
    """Send the caller's report each second, until they sign out (Server-Sent Events)."""

    async def events() -> AsyncIterator[str]:
        over = asyncio.create_task(caller.ended())
        try:
            while not over.done():
                yield f"data: {reports.get(caller.user_id, Report()).model_dump_json()}\n\n"
                await asyncio.wait({over}, timeout=1)
            yield "event: ended\ndata:\n\n"
        finally:
            over.cancel()

    return StreamingResponse(events(), media_type="text/event-stream")
