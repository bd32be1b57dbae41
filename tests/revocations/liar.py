"""A server that says whatever a test wants, over a bare socket."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from gatepost.kernel.changes import Change, ChangeIndex
from gatepost.kernel.revocations import Beat, write_beat, write_snapshot
from tests.revocations.following import ISSUER

Say = Callable[[str], AsyncIterator[bytes]]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


class Liar:
    """Answers each request by what `say` yields for its nonce; the head of the answer comes first."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.requests: list[bytes] = []
        self.url = ""
        self._tasks: set[asyncio.Task[None]] = set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(request)
            found = re.search(rb"nonce=([A-Za-z0-9_-]+)", request)
            async for piece in self.say(found[1].decode() if found else ""):
                writer.write(piece)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def lying(say: Say) -> AsyncIterator[Liar]:
    liar = Liar(say)
    server = await asyncio.start_server(liar.accept, "127.0.0.1", 0)
    liar.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield liar
    finally:
        server.close()
        await liar.stop()


def snapshot(nonce: str, *changes: Change, issuer: str = ISSUER, received: float = 1000.0) -> bytes:
    """Return how an honest stream begins."""
    index = ChangeIndex()
    for change in changes:
        index.apply(change)
    date = time.time_ns() // 1_000_000
    return b"".join(write_snapshot(index, issuer=issuer, nonce=nonce, received=received, date=date))


def beat(read: float = 1000.0) -> bytes:
    return write_beat(Beat(read, time.time_ns() // 1_000_000))


async def honest(nonce: str) -> AsyncIterator[bytes]:
    """Say nothing but the truth, for as long as somebody listens."""
    began = time.monotonic()
    yield OK + snapshot(nonce)
    while True:
        yield beat(1000.0 + time.monotonic() - began)
        await asyncio.sleep(0.1)
