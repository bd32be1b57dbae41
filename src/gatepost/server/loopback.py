"""Whether an address is of this machine alone."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether an address, or the name `localhost`, is of this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
