"""The client: one request to somebody else's server, within limits that hold whatever that server does.

https only, to public addresses only, with the certificate of the name; no redirects, no proxy of the environment, no
cookies, no compression; the size is limited while it is read, and time both for each step and altogether. It is built
on a bare transport, which knows none of the conveniences that would have to be switched off one by one.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

from gatepost.outbound.answer import Answer, OutboundFailed, Reason
from gatepost.outbound.destination import Destination, OutboundPolicy, Resolver, destination_of, resolve

if TYPE_CHECKING:
    import httpx2

LIMIT = 262_144
TIMEOUT_S = 10.0
_STEP_TIMEOUT_S = 5.0
_IDLE_S = 30.0
_LINE_LIMIT = 16_777_216
_MAX_PIECES = 4096  # of one body; in pieces of a byte each, 256 KiB would cost seconds of this process
_TURN = 64  # pieces after which others have a turn
_CLOSED = OutboundPolicy()


class Outbound:
    """Asks other servers; one for each policy and process.

    Args:
        policy: how far the network is open.
        resolver: returns all addresses of a name.
        verify: a context, in the place of one with the authorities of the system.
    """

    def __init__(
        self,
        policy: OutboundPolicy = _CLOSED,
        *,
        resolver: Resolver = resolve,
        verify: ssl.SSLContext | Literal[True] = True,
    ) -> None:
        self.policy = policy
        self._resolver = resolver
        self._verify = verify
        self._transport: httpx2.AsyncHTTPTransport | None = None

    async def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        limit: int = LIMIT,
        timeout: float = TIMEOUT_S,  # noqa: ASYNC109 - altogether, of which each step has a part
    ) -> Answer:
        """Get a URL.

        Args:
            url: https.
            headers: more of them.
            limit: bytes that the body may have.
            timeout: seconds altogether.

        Raises:
            OutboundFailed: refused by us, or there was no answer within the limits.
        """
        return await self._exchange("GET", url, headers or {}, None, limit, timeout)

    async def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        limit: int | None = LIMIT,
        timeout: float = TIMEOUT_S,  # noqa: ASYNC109 - as above
    ) -> Answer:
        """Post bytes; with `limit` None the body of the answer is not read at all.

        Raises:
            OutboundFailed: as for `get`.
        """
        return await self._exchange("POST", url, headers or {}, body, limit, timeout)

    async def post_form(
        self,
        url: str,
        fields: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        *,
        limit: int = LIMIT,
        timeout: float = TIMEOUT_S,  # noqa: ASYNC109 - as above
    ) -> Answer:
        """Post a form.

        Raises:
            OutboundFailed: as for `get`.
        """
        named = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return await self._exchange("POST", url, named, urlencode(fields).encode("ascii"), limit, timeout)

    @asynccontextmanager
    async def stream(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        limit: int = _LINE_LIMIT,
        idle: float = _IDLE_S,
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Get a URL whose body goes on, and yield its lines without their ends as they come.

        Args:
            url: https.
            headers: more of them.
            limit: bytes that one line may have.
            idle: seconds without a byte after which it is over.

        Raises:
            OutboundFailed: as for `get`, or its status is not 200; by the lines too.
        """
        try:
            async with asyncio.timeout(TIMEOUT_S):
                response = await self._send("GET", url, headers or {}, None, idle)
        except TimeoutError:
            raise OutboundFailed("timeout") from None
        try:
            if response.status_code != 200:  # noqa: PLR2004 - OK
                raise OutboundFailed("status", status=response.status_code)
            yield _lines(response, limit)
        finally:
            await response.aclose()

    async def close(self) -> None:
        """Close every connection."""
        if self._transport is not None:
            transport, self._transport = self._transport, None
            await transport.aclose()

    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limit: int | None, seconds: float
    ) -> Answer:
        try:
            async with asyncio.timeout(seconds):
                response = await self._send(method, url, headers, body, min(seconds, _STEP_TIMEOUT_S))
                try:
                    read = b"" if limit is None else await _body(response, limit)
                finally:
                    await response.aclose()
        except TimeoutError:
            raise OutboundFailed("timeout") from None
        return Answer(response.status_code, dict(response.headers.items()), read)

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, step: float
    ) -> "httpx2.Response":
        """Send to the first address that takes a connection, and return the answer with its body still to be read."""
        import httpx2  # noqa: PLC0415 - a client that few processes need

        place = await destination_of(url, self.policy, self._resolver)
        failure = OutboundFailed("no_address")
        for address in place.addresses:
            connections: list[Any] = []
            try:
                request = _request(method, place, address, headers, body, step)
                request.extensions["trace"] = _noting(connections)
                response = await self._opened().handle_async_request(request)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:  # nothing was sent
                failure = OutboundFailed(_reason(error))
            except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
                raise OutboundFailed(_reason(error)) from None
            except asyncio.CancelledError:  # in a handshake it would leave the socket open
                for connection in connections:
                    await connection.aclose()
                raise
            else:
                response.request = request
                return response
        raise failure

    def _opened(self) -> "httpx2.AsyncHTTPTransport":
        if self._transport is None:
            import httpx2  # noqa: PLC0415 - as above

            # No connection is kept: two names at one address would share it, and with it the certificate of the first.
            # Of the environment, authorities are read (SSL_CERT_FILE), and proxies are not.
            context = self._verify if isinstance(self._verify, ssl.SSLContext) else httpx2.create_ssl_context()
            limits = httpx2.Limits(max_keepalive_connections=0)
            self._transport = httpx2.AsyncHTTPTransport(verify=context, trust_env=False, limits=limits)
        return self._transport


def _request(
    method: str, place: Destination, address: str, headers: Mapping[str, str], body: bytes | None, step: float
) -> "httpx2.Request":
    import httpx2  # noqa: PLC0415 - as above

    named = httpx2.Headers({"Accept": "application/json", "User-Agent": "Gatepost", **headers})
    named["Host"] = place.parts.netloc
    named["Accept-Encoding"] = "identity"
    extensions: dict[str, Any] = {"timeout": httpx2.Timeout(step).as_dict()}
    if place.server_name is not None:
        extensions["sni_hostname"] = place.server_name
    return httpx2.Request(method, place.pinned(address), headers=named, content=body, extensions=extensions)


def _noting(connections: list[Any]) -> Callable[[str, Mapping[str, Any]], Awaitable[None]]:
    """Return what notes each connection when it is made."""

    async def note(event: str, told: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            connections.append(told["return_value"])

    return note


async def _body(response: "httpx2.Response", limit: int) -> bytes:
    body, pieces = bytearray(), 0
    async for chunk in _chunks(response):
        body += chunk
        pieces += 1
        if len(body) > limit:
            raise OutboundFailed("too_large")
        if pieces > _MAX_PIECES:
            raise OutboundFailed("protocol")
    return bytes(body)


async def _lines(response: "httpx2.Response", limit: int) -> AsyncIterator[bytes]:
    rest = bytearray()
    async for chunk in _chunks(response):
        first, *more = chunk.split(b"\n")
        rest += first
        for following in more:
            yield bytes(rest.removesuffix(b"\r"))
            rest = bytearray(following)
        if len(rest) > limit:
            raise OutboundFailed("too_large")


async def _chunks(response: "httpx2.Response") -> AsyncIterator[bytes]:
    """Yield the body as it comes, never unpacked: a few bytes could become many."""
    import httpx2  # noqa: PLC0415 - as above

    if response.headers.get("content-encoding", "identity") != "identity":
        raise OutboundFailed("encoding")
    pieces = 0
    try:
        async for chunk in response.aiter_raw():
            yield chunk
            pieces += 1
            if pieces % _TURN == 0:
                await asyncio.sleep(0)
    except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
        raise OutboundFailed(_reason(error)) from None


def _reason(error: Exception) -> Reason:
    import httpx2  # noqa: PLC0415 - as above

    if isinstance(error, httpx2.TimeoutException):
        return "timeout"
    if isinstance(error, httpx2.ProtocolError):
        return "protocol"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "certificate"
        cause = cause.__cause__ or cause.__context__
    return "connection" if isinstance(error, (httpx2.HTTPError, httpx2.StreamError, OSError)) else "url"
