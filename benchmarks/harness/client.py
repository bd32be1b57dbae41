"""A keep-alive HTTP/1.1 client of our own: request bytes in, status and body out, as little work as possible between.

It reads what uvicorn answers (Content-Length, no chunks, no pipelining) and nothing else; anything else is an error.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

HOST = "127.0.0.1"


class Answer(NamedTuple):
    """One HTTP response."""

    status: int
    head: bytes
    body: bytes


Listener = Callable[[Answer | None], None]


class Connection(asyncio.Protocol):
    """One connection; the listener gets each answer, or None when the connection is lost."""

    def __init__(self) -> None:
        self.listener: Listener | None = None
        self._transport: asyncio.Transport | None = None
        self._buffer = b""

    @classmethod
    async def open(cls, port: int) -> "Connection":
        """Connect to a loopback port."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, HOST, port)
        return connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        self._transport = None
        if self.listener is not None:
            self.listener(None)

    def data_received(self, data: bytes) -> None:
        data = self._buffer + data if self._buffer else data
        end = data.find(b"\r\n\r\n") + 4
        if end < 4 or len(data) < end + content_length(data[:end]):
            self._buffer = data
            return
        self._buffer = b""
        if self.listener is not None:
            self.listener(Answer(int(data[9:12]), data[:end], data[end:]))

    def write(self, request: bytes) -> None:
        """Send one request; a lost connection has told its listener already."""
        if self._transport is not None:
            self._transport.write(request)

    async def ask(self, request: bytes) -> Answer:
        """Send one request and wait for its answer.

        Raises:
            ConnectionError: the server hung up.
        """
        waiter: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self.listener = lambda answer: None if waiter.done() else waiter.set_result(answer)
        if self._transport is None:
            raise ConnectionError("the connection is closed")
        self.write(request)
        answer = await waiter
        if answer is None:
            raise ConnectionError("the server hung up")
        return answer

    def close(self) -> None:
        """Hang up without telling the listener."""
        self.listener = None
        if self._transport is not None:
            self._transport.abort()


def content_length(head: bytes) -> int:
    """Return the length of the body that the head announces."""
    at = head.find(b"content-length: ")
    if at < 0:
        lowered = head.lower()
        if b"transfer-encoding" in lowered:
            raise ValueError("a chunked answer")
        at = lowered.find(b"content-length: ")
    return int(head[at + 16 : head.index(b"\r\n", at)]) if at >= 0 else 0


def build(method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
    """Return the bytes of one request."""
    fields = {"host": HOST, **(headers or {})}
    if body or method == "POST":
        fields["content-length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def parse_json(answer: Answer) -> Any:
    """Return the body's JSON; the status and body stand in the error when it has none."""
    try:
        return json.loads(answer.body)
    except ValueError as error:
        raise ValueError(f"no JSON in answer {answer.status}: {answer.body[:200]!r}") from error
