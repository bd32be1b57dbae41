"""Where a browser or a code may be sent afterwards: a place of ours, or one that settings name, and nothing else.

RFC 9700, section 4.1: exact comparison, and an error about such a place is never sent there. RFC 8252, section 7.3: the
port of a native application's loopback address is its own affair, and nothing else of it.
"""

import re

from gatepost.core.federation.policy import FederationPolicy
from gatepost.kernel.text import safe_return_url

_NOWHERE = ""
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|\[::1\])(?::([1-9][0-9]{0,4}))?(/[!\"$-\[\]-~]*)?")  # no fragment
_MAX_PORT = 65_535
MAX_STATE = 512
MAX_URI = 2048


def is_redirect_uri(policy: FederationPolicy, uri: str) -> bool:
    """Whether codes may be sent there."""
    if len(uri) > MAX_URI:
        return False
    if uri in policy.redirect_uris:
        return True
    given = _without_port(uri)
    return given is not None and any(given == _without_port(one) for one in policy.redirect_uris)


def return_target(policy: FederationPolicy, value: str) -> str | None:
    """Return a place that a browser may go on to, a path of ours or a URL of a trusted origin; None for any other."""
    for base in (policy.public_url, *sorted(policy.return_origins)):
        if base == policy.public_url or value.startswith(f"{base}/") or value == base:
            path = safe_return_url(value, public_url=base, default=_NOWHERE)
            if path != _NOWHERE:
                return path if base == policy.public_url else f"{base}{path}"
    return None


def _without_port(uri: str) -> str | None:
    """Return a loopback address without its port; None for any other address."""
    found = _LOOPBACK.fullmatch(uri)
    if found is None or int(found[2] or 1) > _MAX_PORT:
        return None
    return f"http://{found[1]}{found[3] or ''}"
