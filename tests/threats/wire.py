"""The attacker's client: it sends to an ASGI application exactly the bytes that it is told, and follows no rules.

No cookie jar, no normalization, no Host of its own; an exception that leaves the application fails the test, so that
every request of this folder proves "never 500" besides what it asserts.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode

from starlette.types import ASGIApp, Message, Scope

Headers = Sequence[tuple[str | bytes, str | bytes]]
PEER = "203.0.113.9"  # RFC 5737: addresses for examples
JSON = ("content-type", "application/json")
FORM = ("content-type", "application/x-www-form-urlencoded")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - whatever the wire holds
        """Return the body as JSON."""
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """Return the only header of a name."""
        found = self.every(name)
        assert len(found) <= 1, f"{name} twice"
        return found[0] if found else None

    def every(self, name: str) -> list[str]:
        """Return all headers of a name."""
        return [value for key, value in self.headers if key == name]

    def cookie(self, name: str) -> str | None:
        """Return the value that the answer sets for a cookie."""
        found = [
            line.split(";")[0].partition("=")[2] for line in self.every("set-cookie") if line.startswith(f"{name}=")
        ]
        return found[-1] if found else None

    @property
    def code(self) -> str:
        """The stable code of an error, ours or OAuth's."""
        content = self.json()
        return str(content["code"] if "title" in content else content["error"])


def _raw(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


def scope_of(kind: str, path: str | bytes, headers: Headers, **more: Any) -> Scope:  # noqa: ANN401 - a scope's members
    """Return the scope that a server would make; invalid UTF-8 in a path is decoded as uvicorn does."""
    raw, _, query = _raw(path).partition(b"?")
    return {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "path": unquote_to_bytes(raw).decode("utf-8", "replace"),
        "raw_path": raw,
        "root_path": "",
        "query_string": query,
        "headers": [(_raw(name).lower(), _raw(value)) for name, value in headers],
        "server": ("localhost", 443),
        **more,
    }


async def send(
    app: ASGIApp,
    method: str,
    path: str | bytes,
    *,
    headers: Headers = (),
    body: bytes | Iterable[bytes] = b"",
    peer: str | None = PEER,
    hangs_up: bool = False,
) -> Answer:
    """Send one request; a body in parts is chunked, without a Content-Length."""
    parts = [body] if isinstance(body, bytes) else list(body)
    given = {_raw(name).lower() for name, _ in headers}
    length = [("content-length", str(len(body)))] if isinstance(body, bytes) and b"content-length" not in given else []
    client = (peer, 40_000) if peer is not None else None
    scope = scope_of("http", path, [*headers, *length], method=method, scheme="https", client=client)
    waiting: list[Message] = [
        {"type": "http.request", "body": part, "more_body": number < len(parts) or hangs_up}
        for number, part in enumerate(parts, 1)
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def keep(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, keep)
    start = next(message for message in sent if message["type"] == "http.response.start")
    fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
    return Answer(start["status"], fields, b"".join(message.get("body", b"") for message in sent))


async def open_socket(app: ASGIApp, path: str, *, headers: Headers = ()) -> list[Message]:
    """Ask for a WebSocket and return what the application said before it hung up."""
    scope = scope_of("websocket", path, headers, scheme="wss", client=(PEER, 40_000), subprotocols=[])
    waiting: list[Message] = [{"type": "websocket.connect"}]
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "websocket.disconnect", "code": 1000}

    async def keep(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, keep)
    return sent


def form(**fields: str) -> bytes:
    """Return a form's body."""
    return urlencode(fields).encode()
