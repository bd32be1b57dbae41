"""Where a request may go: which URLs are spoken of at all, and to which addresses their names may lead.

A name is resolved once and all of its addresses are looked at. Who connects uses one of these, so that a name that
means something else a moment later (DNS rebinding) changes nothing. The system's resolver reads every spelling of an
address (`2130706433`, `0x7f.1`), so that what is looked at is what would be connected to.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from gatepost.kernel.addresses import is_public
from gatepost.outbound.answer import OutboundFailed

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

_PORTS = {"https": 443, "http": 80}
_MAX_URL = 4096
_MAX_ADDRESSES = 3


@dataclass(frozen=True, slots=True)
class OutboundPolicy:
    """How far the network is open; closed by default.

    Attributes:
        allows_loopback: this machine, and plain http to it; for development.
        allows_private: addresses of private networks, loopback among them.
        allows_http: plain http to anybody.
    """

    allows_loopback: bool = False
    allows_private: bool = False
    allows_http: bool = False


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return every address of a name, as the system's resolver knows them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def checked_url(url: str, policy: OutboundPolicy) -> SplitResult:
    """Return the parts of a URL that may be asked, or published by somebody whom we ask.

    Raises:
        OutboundFailed: no such URL; or it carries a name and password, a fragment, or what readers read differently.
    """
    # Two readers of one URL disagree over white space, backslashes, and what is not ASCII: none of it is needed.
    if len(url) > _MAX_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise OutboundFailed("url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise OutboundFailed("url") from None
    if parts.scheme not in _PORTS or (parts.scheme == "http" and not (policy.allows_http or policy.allows_loopback)):
        raise OutboundFailed("scheme")
    if not parts.hostname or port == 0 or "@" in parts.netloc or "#" in url:
        raise OutboundFailed("url")
    return parts


@dataclass(frozen=True, slots=True)
class Destination:
    """Where one request goes: what it is called, and the addresses that were looked at."""

    parts: SplitResult
    host: str
    port: int
    addresses: Sequence[str]

    @property
    def server_name(self) -> str | None:
        """What TLS asks for and the certificate has to hold; None for a literal address, which stands for itself."""
        return self.host if _parsed(self.host) is None else None

    def pinned(self, address: str) -> str:
        """Return the URL with an address in the place of the name."""
        literal = f"[{address}]" if ":" in address else address
        return self.parts._replace(netloc=f"{literal}:{self.port}").geturl()


async def destination_of(url: str, policy: OutboundPolicy, resolver: Resolver) -> Destination:
    """Return where a URL leads.

    Raises:
        OutboundFailed: nowhere, or where no request may go.
    """
    parts = checked_url(url, policy)
    host = parts.hostname or ""
    port = parts.port or _PORTS[parts.scheme]
    try:
        addresses = await resolver(host, port)
    except (OSError, ValueError):
        raise OutboundFailed("no_address") from None
    if not addresses:
        raise OutboundFailed("no_address")
    if not all(_may_reach(address, policy) for address in addresses):
        raise OutboundFailed("private")
    if parts.scheme == "http" and not (policy.allows_http or all(_is_loopback(address) for address in addresses)):
        raise OutboundFailed("scheme")
    return Destination(parts, host, port, list(dict.fromkeys(addresses))[:_MAX_ADDRESSES])


def _may_reach(address: str, policy: OutboundPolicy) -> bool:
    return policy.allows_private or is_public(address) or (policy.allows_loopback and _is_loopback(address))


def _is_loopback(address: str) -> bool:
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
