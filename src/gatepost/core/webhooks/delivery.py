"""One POST to somebody else's server (OWASP, server-side request forgery).

The name is resolved once, every address that it has must be public, and the connection goes to the address that was
looked at: a name that means something else a moment later (DNS rebinding) changes nothing, and the certificate is still
that of the name. No redirects, no proxy of the environment, no cookies, a bounded time, and a body that nobody reads.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx2

from gatepost.core.webhooks.domain import NotDelivered, WebhookPolicy
from gatepost.kernel.addresses import is_public

_STEP_TIMEOUT_S = 5.0
_TOTAL_TIMEOUT_S = 15.0
_PORTS = {"https": 443, "http": 80}
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return every address of a name, as the system's resolver knows them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class Delivery:
    """Posts messages; one for each process."""

    def __init__(self, policy: WebhookPolicy, *, resolver: Resolver = resolve, verify: Any = True) -> None:  # noqa: ANN401 - as httpx2's
        self._policy = policy
        self._resolver = resolver
        # No connection is kept: two names at one address would share it, and with it the certificate of the first.
        self._client = httpx2.AsyncClient(
            follow_redirects=False,
            trust_env=False,
            timeout=_STEP_TIMEOUT_S,
            limits=httpx2.Limits(max_keepalive_connections=0),
            verify=verify,
        )

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send a body and return the status of the answer.

        Raises:
            NotDelivered: refused by us, or nobody answered in time.
        """
        try:
            async with asyncio.timeout(_TOTAL_TIMEOUT_S):
                return await self._post(url, body, headers)
        except TimeoutError:
            raise NotDelivered("no answer in time") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            raise NotDelivered(type(error).__name__) from None

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        parts = urlsplit(url)
        host = parts.hostname
        if host is None or parts.scheme not in _PORTS or (parts.scheme == "http" and not self._policy.allows_http):
            raise NotDelivered("only https is spoken")
        port = parts.port or _PORTS[parts.scheme]
        address = await self._address(host, port)
        literal = f"[{address}]" if ":" in address else address
        pinned = parts._replace(netloc=f"{literal}:{port}", fragment="").geturl()
        self._client.cookies.clear()  # what an endpoint set is sent to nobody
        request = self._client.build_request(
            "POST",
            pinned,
            content=body,
            headers={
                "Host": parts.netloc.rpartition("@")[2],
                "Content-Type": "application/json",
                "User-Agent": "Gatepost-Webhooks",
                "Accept-Encoding": "identity",
                **headers,
            },
            extensions={"sni_hostname": host} if _is_name(host) else {},
        )
        response = await self._client.send(request, stream=True)
        await response.aclose()  # whatever it says, the status is the answer
        return response.status_code

    async def _address(self, host: str, port: int) -> str:
        addresses = await self._resolver(host, port)
        if not addresses:
            raise NotDelivered("the name has no address")
        if not self._policy.allows_private and not all(is_public(address) for address in addresses):
            raise NotDelivered("the name leads into a private network")
        return addresses[0]

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()


def _is_name(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False
