"""A range service on the loopback that does what such a service should, or what it should not."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Answer = Callable[[str, asyncio.StreamWriter], Awaitable[None]]


class Service:
    """What it was asked, and how it answers."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[str] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.requests.append(head)
                await self.answer(head.split(" ")[1].rpartition("/")[2], writer)
                writer.close()
                await writer.wait_closed()
        finally:
            writer.transport.abort()  # a client that went away in the middle, or the end of the test


@asynccontextmanager
async def service(answer: Answer) -> AsyncIterator[Service]:
    """Serve on a free port; what is still being answered at the end is ended."""
    made = Service(answer)
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(made.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/range/"
    try:
        yield made
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def digest(password: str) -> str:
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


def text(body: str, status: str = "200 OK", *headers: str) -> Answer:
    """Answer with a text."""

    async def answer(prefix: str, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body.encode())}", "Connection: close", *headers]
        writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
        await writer.drain()

    return answer


def knowing(*passwords: str, count: int = 3) -> Answer:
    """Answer as the real one does, with padding, for a collection of these passwords."""

    async def answer(prefix: str, writer: asyncio.StreamWriter) -> None:
        found = [f"{digest(one)[5:]}:{count}" for one in passwords if digest(one).startswith(prefix)]
        padding = [f"{number:035X}:0" for number in range(800)]
        await text("\r\n".join(found + padding))(prefix, writer)

    return answer


async def slow(prefix: str, writer: asyncio.StreamWriter) -> None:
    """Answer a byte at a time, for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"0")
        await writer.drain()
        await asyncio.sleep(0.02)


async def silent(prefix: str, writer: asyncio.StreamWriter) -> None:
    """Take the question and say nothing."""
    await asyncio.Event().wait()


async def endless(prefix: str, writer: asyncio.StreamWriter) -> None:
    """Answer with good lines as fast as they are taken."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n" * 1000)
        await writer.drain()
