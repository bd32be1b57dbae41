"""What no HTTP library would send, to a real server: refused or cut off, never a 5xx, and the server goes on."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn

from tests.threats.lab import PASSWORD, running

pytestmark = pytest.mark.anyio
HEAD = b"POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
GOOD = b"GET /auth/.well-known/jwks.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
SENT: dict[str, bytes] = {
    "negative length": HEAD + b"Content-Length: -5\r\n\r\n{}",
    "huge length": HEAD + b"Content-Length: 99999999999999999999\r\n\r\n{}",
    "length in words": HEAD + b"Content-Length: five\r\n\r\n{}",
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
    "length and chunks": HEAD
    + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    "unknown coding": HEAD + b"Transfer-Encoding: gzip, identity\r\n\r\n{}",
    "chunk of no size": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "negative chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    "1 MB in chunks": HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n"
    + b"8000\r\n"
    + b"x" * 0x8000
    + b"\r\n"
    + b"8000\r\n"
    + b"x" * 0x8000
    + b"\r\n1\r\nx\r\n0\r\n\r\n",
    "NUL in a header": HEAD + b"X-A: a\x00b\r\nContent-Length: 2\r\n\r\n{}",
    "bytes in a header": HEAD + b"Cookie: __Host-gatepost=\xff\xfe\r\nContent-Length: 2\r\n\r\n{}",
    "space in a name": HEAD + b"X A: b\r\nContent-Length: 2\r\n\r\n{}",
    "space before colon": HEAD + b"Content-Length : 2\r\n\r\n{}",
    "folded header": HEAD + b"X-A: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
    "bare line feeds": b"POST /auth/login HTTP/1.1\nHost: localhost\nContent-Length: 2\n\n{}",
    "no host": b"GET /auth/me HTTP/1.1\r\nConnection: close\r\n\r\n",
    "two hosts": b"GET /auth/me HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
    "bytes in the path": b"GET /auth/\xff\xfe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "escaped bytes in the path": b"DELETE /auth/sessions/%ff%00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "dots in the path": b"GET /auth/../auth/%2e%2e/me HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "absolute address": b"GET http://evil.example/auth/me HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "other method": b"F\xc3\x9c /auth/me HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "long path": b"GET /auth/" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "long header": b"GET /auth/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
    + b"a" * 100_000
    + b"\r\nConnection: close\r\n\r\n",
    "many headers": b"GET /auth/me HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 5_000 + b"Connection: close\r\n\r\n",
    "HTTP/0.9": b"GET /auth/me\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64,
    "noise": bytes(range(256)) * 8,
    "upgrade": b"GET /host/ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: !!\r\n\r\n",
}


@pytest.fixture(scope="module", params=["httptools", "h11"])
async def port(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[int]:
    """A server on a free port of this machine."""
    parser: Any = request.param
    async with running(tmp_path_factory.mktemp("wire")) as lab:
        listening = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(lab.app, http=parser, lifespan="off", log_config=None, proxy_headers=False)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield listening.getsockname()[1]
        server.should_exit = True
        await serving
        listening.close()


async def _exchange(port: int, raw: bytes) -> bytes:
    """Send bytes and return the beginning of what comes back, nothing where the server only hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(raw)
        if not raw.endswith(b"\r\n\r\n"):
            writer.write_eof()
        async with asyncio.timeout(10):
            return await reader.read(65_536)
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("raw", SENT.values(), ids=SENT.keys())
async def test_bytes_that_are_no_request_are_never_a_server_error(port: int, raw: bytes) -> None:
    answer = await _exchange(port, raw)
    if answer:
        status = answer.split(b" ", 2)[1]
        assert status[:1] in {b"2", b"4"}, answer[:200]
        assert b"set-cookie" not in answer.lower()
    assert (await _exchange(port, GOOD)).startswith(b"HTTP/1.1 200")


async def test_a_password_is_never_read_from_a_request_behind_another(port: int) -> None:
    hidden = f'{{"identifier": "a@b.example", "password": "{PASSWORD}"}}'.encode()
    smuggled = HEAD + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % len(hidden) + HEAD + hidden
    answer = await _exchange(port, smuggled)
    assert answer.count(b"HTTP/1.1 ") <= 1
    assert b"login.failed" not in answer
