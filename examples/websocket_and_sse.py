"""Long-lived answers that end when the session does: a WebSocket and server-sent events, each behind the guard.

A WebSocket is refused before it is accepted, also when a page of another site opens it with the visitor's cookie.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse

from gatepost import CurrentPrincipal, CurrentUser, Gatepost

app = FastAPI()
gate = Gatepost()
gate.install(app)


@app.websocket("/echo")
async def echo(websocket: WebSocket, user: CurrentUser, principal: CurrentPrincipal) -> None:
    """Say back what is said, until the caller goes or the session ends."""
    await websocket.accept()
    await websocket.send_text(f"hello {user.email}")

    async def talk() -> None:
        with suppress(WebSocketDisconnect):
            while True:
                await websocket.send_text(await websocket.receive_text())

    talking, ended = asyncio.create_task(talk()), asyncio.create_task(principal.ended())
    await asyncio.wait((talking, ended), return_when=asyncio.FIRST_COMPLETED)
    talking.cancel()
    if ended.done():
        await websocket.close(4001, "the session has ended")
    ended.cancel()


@app.get("/ticks")
async def ticks(principal: CurrentPrincipal) -> StreamingResponse:
    """Send a tick at once and every second, until the session ends."""

    async def stream() -> AsyncIterator[str]:
        ended = asyncio.create_task(principal.ended())
        try:
            while not ended.done():
                yield "data: tick\n\n"
                await asyncio.wait((ended,), timeout=1)
            yield "event: ended\ndata:\n\n"
        finally:
            ended.cancel()

    return StreamingResponse(stream(), media_type="text/event-stream")
