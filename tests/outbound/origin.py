"""Somebody else's server on loopback, over TLS with a name of its own, that answers what a test says, well or badly."""

import asyncio
import json
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import trustme

from gatepost.outbound import Outbound, OutboundPolicy

NAME = "idp.example"
Speech = Callable[[asyncio.StreamWriter], Awaitable[None]]
LOOPBACK = OutboundPolicy(allows_loopback=True)


@dataclass
class Request:
    """One request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.line.split(" ")[1]


@dataclass
class Origin:
    """What listens; `answers` by path are bytes of a whole answer, or somebody who speaks it."""

    url: str = ""
    port: int = 0
    answers: dict[str, bytes | Speech] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def asked(self) -> Counter[str]:
        return Counter(request.path for request in self.requests)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            while True:  # as a server that keeps connections: whether one is used again is the client's choice
                head = await reader.readuntil(b"\r\n\r\n")
                line, *rest = head.decode("latin-1").strip().split("\r\n")
                headers = {name.lower(): value for name, value in (each.split(": ", 1) for each in rest)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                request = Request(line, headers, body)
                self.requests.append(request)
                answer = self.answers.get(request.path.partition("?")[0], page(b"", status=404))
                if not isinstance(answer, bytes):
                    await answer(writer)
                    return
                writer.write(answer)
                await writer.drain()


def page(body: bytes, *, status: int = 200, kind: str = "application/json", **more: str) -> bytes:
    """Return a whole answer; `more` are headers, with underscores for dashes."""
    lines = [f"HTTP/1.1 {status} x", f"content-type: {kind}", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def document(value: object, *, status: int = 200) -> bytes:
    """Return a whole answer that holds a document."""
    return page(json.dumps(value).encode(), status=status)


def pouring(head: bytes, piece: bytes, *, limit: int = 1 << 30, pause: float = 0) -> Speech:
    """Return somebody who speaks without end."""

    async def pour(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        for _ in range(limit // max(1, len(piece))):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return pour


async def silence(writer: asyncio.StreamWriter) -> None:
    """Say nothing, for as long as somebody listens."""
    await writer.drain()
    await asyncio.Event().wait()


@dataclass
class Town:
    """An authority, and what a client needs to believe it and to find its servers."""

    authority: trustme.CA = field(default_factory=trustme.CA)
    names: dict[str, Sequence[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.names.get(host, ["127.0.0.1"])

    def client(self, policy: OutboundPolicy = LOOPBACK) -> Outbound:
        trusted = ssl.create_default_context()
        self.authority.configure_trust(trusted)
        return Outbound(policy, resolver=self.resolve, verify=trusted)

    def certificate(self, *names: str, **more: object) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(*names, **more).configure_cert(context)  # type: ignore[arg-type]
        return context


@asynccontextmanager
async def serving(
    answers: Mapping[str, bytes | Speech] | None = None, *, context: ssl.SSLContext | None = None, name: str = NAME
) -> AsyncIterator[Origin]:
    """Serve on a free port; what is still being said at the end is ended."""
    made = Origin(answers=dict(answers or {}))
    tasks: set[asyncio.Task[None]] = set()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await made.handle(reader, writer)
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()
        finally:
            writer.transport.abort()  # a client that went away in the middle, or the end of the test

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(speak(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    made.port = server.sockets[0].getsockname()[1]
    made.url = f"https://{name}:{made.port}" if context is not None else f"http://localhost:{made.port}"
    try:
        yield made
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # for what was aborted to be closed
