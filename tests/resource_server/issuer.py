"""A foreign issuer on a real socket, which a test may stop, slow down, let lie, and give other keys."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from gatepost.crypto.jwk import Algorithm, TokenKey, generate_key, load_key
from tests.threats.forge import b64

Document = Mapping[str, Any] | bytes
JSON = "application/json"


@lru_cache
def key_of(algorithm: Algorithm, number: int = 0) -> TokenKey:
    """Return a key that is the same in every test: RSA keys are dear."""
    del number
    return load_key(generate_key(algorithm))


def named(key: TokenKey, kid: str, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - any member
    """Return a public key as a set publishes it, under a name; a member that is None is left out."""
    published = {**(key.public_jwk() or {}), "kid": kid, **members}
    return {name: value for name, value in published.items() if value is not None}


class ForeignIssuer:
    """One issuer.

    Attributes:
        keys: what its set publishes.
        metadata: members that its metadata has besides, or in the place of the usual ones.
        opaque: what introspection says of a token.
        asked: the paths of all requests.
        answer: in the place of every answer: bytes, or a function that may wait.
    """

    def __init__(self, path: str, algorithm: Algorithm = "RS256", kid: str = "k1", number: int = 0) -> None:
        self.path = path
        self.port = 0
        self.key, self.kid = key_of(algorithm, number), kid
        self.keys: list[dict[str, Any]] = [named(self.key, kid)]
        self.metadata: dict[str, Any] = {}
        self.opaque: dict[str, Document] = {}
        self.asked: list[str] = []
        self.credentials: list[str] = []
        self.answer: Callable[[str], Any] | None = None
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """What it calls itself."""
        return f"http://127.0.0.1:{self.port}{self.path}"

    def token(
        self,
        claims: Mapping[str, Any],
        header: Mapping[str, Any] | None = None,
        *,
        key: TokenKey | None = None,
    ) -> str:
        """Sign claims over the usual ones; a member that is None is left out."""
        now = int(time.time())
        usual = {"iss": self.url, "iat": now, "exp": now + 300}
        heading = {"alg": (key or self.key).algorithm, "typ": "JWT", "kid": self.kid, **(header or {})}
        return self.raw(_without_none(heading), _without_none({**usual, **claims}), key=key)

    def raw(self, header: Document, body: Document, *, key: TokenKey | None = None) -> str:
        """Sign whatever this is."""
        message = f"{b64(header)}.{b64(body)}"
        return f"{message}.{b64((key or self.key).signature_of(message.encode()))}"

    async def start(self) -> None:
        """Listen, at the same port as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Be gone."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            lines = head.split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
            body = (await reader.readexactly(int(headers.get("content-length", "0")))).decode()
            path = lines[0].split(" ")[1]
            self.asked.append(path)
            status, content = await self._respond(path, headers, body)
            writer.write(
                f"HTTP/1.1 {status} X\r\nContent-Type: {JSON}\r\nContent-Length: {len(content)}\r\n"
                "Connection: close\r\n\r\n".encode()
                + content
            )
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _respond(self, path: str, headers: Mapping[str, str], body: str) -> tuple[int, bytes]:
        if self.answer is not None:
            said = self.answer(path)
            said = await said if asyncio.iscoroutine(said) else said
            if said is not None:
                return 200, said if isinstance(said, bytes) else json.dumps(said).encode()
        base = self.path.rstrip("/")
        if path == f"{base}/.well-known/openid-configuration":
            return 200, json.dumps(_without_none({**self._usual(), **self.metadata})).encode()
        if path == f"{base}/keys":
            return 200, json.dumps({"keys": self.keys}).encode()
        if path == f"{base}/introspect":
            self.credentials.append(headers.get("authorization", ""))
            said = self.opaque.get(parse_qs(body)["token"][0], {"active": False})
            return 200, said if isinstance(said, bytes) else json.dumps(said).encode()
        return 404, b"{}"

    def _usual(self) -> dict[str, Any]:
        base = self.url.rstrip("/")
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/keys",
            "introspection_endpoint": f"{base}/introspect",
        }


def _without_none(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


@asynccontextmanager
async def foreign(
    path: str = "", algorithm: Algorithm = "RS256", kid: str = "k1", number: int = 0
) -> AsyncIterator[ForeignIssuer]:
    """Run one."""
    issuer = ForeignIssuer(path, algorithm, kid, number)
    await issuer.start()
    try:
        yield issuer
    finally:
        await issuer.stop()


@contextmanager
def foreign_beside(path: str = "") -> Iterator[ForeignIssuer]:
    """Run one on a loop of its own, beside a test that blocks."""
    loop, issuer = asyncio.new_event_loop(), ForeignIssuer(path)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(issuer.start(), loop).result()
        yield issuer
        asyncio.run_coroutine_threadsafe(issuer.stop(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
