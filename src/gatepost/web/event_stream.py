"""An answer that goes on (Server-Sent Events): over as soon as its reader is gone, too slow, or the server stops.

What could go wrong: a reader that takes nothing would keep what it is sent in our memory, so each piece has a time to
be taken in; and uvicorn waits for open answers before it says that it stops, so we look whether it is about to.
"""

import asyncio
import signal
from collections.abc import AsyncIterator

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gatepost.kernel.tasks import end_tasks

TAKEN_WITHIN_S = 10.0
_HEADERS = {
    "Content-Type": "text/event-stream",  # always UTF-8
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",  # nginx would hold back what is not much
}


class EventStream(Response):
    """Sends what an iterator yields, piece by piece; the iterator is closed at the end, however that comes.

    Args:
        pieces: whole events.
    """

    media_type = "text/event-stream"

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        del scope
        tasks = [asyncio.create_task(self._send(send)), asyncio.create_task(_until_gone(receive))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end_tasks(tasks)
        for task in done:
            task.result()

    async def _send(self, send: Send) -> None:
        pieces = self._pieces
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async for piece in pieces:
                async with asyncio.timeout(TAKEN_WITHIN_S):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except (TimeoutError, OSError):
            return  # it is too slow, or gone: the server closes what is left unfinished
        finally:
            close = getattr(pieces, "aclose", None)
            if close is not None:
                await close()


def is_server_stopping() -> bool:
    """Whether uvicorn, whose handler of signals this process has, is about to stop."""
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return getattr(server, "should_exit", False) is True


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
