"""Which addresses are somebody else's network: what a server may be sent to by a URL that somebody gave it.

Whatever is not a public unicast address is refused: loopback, private networks, link-local (where clouds keep their
credentials), shared, documentation and multicast ranges, and all of these in the IPv6 forms that carry an IPv4 address
(mapped, 6to4, NAT64, RFC 6052). Where a network translates by a prefix of its own (RFC 8215), only that network knows
which bits of an address are the IPv4 address: none of these is public.
"""

import ipaddress

_NAT64, _LOCAL_NAT64 = ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48")
_LOW_32 = 0xFFFF_FFFF


def is_public(text: str) -> bool:
    """Whether an address, as a resolver writes it, belongs to the public internet."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None or address.is_site_local or address in _LOCAL_NAT64:
            return False
        carried = address.ipv4_mapped or address.sixtofour
        if address in _NAT64 or int(address) <= _LOW_32:
            carried = ipaddress.IPv4Address(int(address) & _LOW_32)
        if carried is not None:
            address = carried
    return address.is_global and not address.is_multicast and not address.is_reserved
