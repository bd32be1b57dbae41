"""A receiver of webhooks on loopback, over TLS or in plain, that answers what a test says."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Received:
    """One request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What listens; `status` is what it answers, `answer` replaces that whole."""

    port: int = 0
    status: int = 204
    more: str = ""
    answer: Answer | None = None
    got: list[Received] = field(default_factory=list)
    connections: int = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                line, *rest = head.decode("latin-1").strip().split("\r\n")
                headers = {name.lower(): value for name, value in (each.split(": ", 1) for each in rest)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.got.append(Received(line, headers, body))
                if self.answer is not None:
                    await self.answer(writer)
                    return
                writer.write(f"HTTP/1.1 {self.status} x\r\ncontent-length: 0\r\n{self.more}\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiving(context: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Listen on a free port of this machine."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.handle, "127.0.0.1", 0, ssl=context)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
