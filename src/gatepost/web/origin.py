"""Where a request came from: the client's address by the configured count of proxies, and what it calls itself.

`X-Forwarded-For` is believed only as far as our own proxies wrote it: with n proxies, the n-th entry from the right.
Anything that is not an address there counts as the nearest proxy's own address, so that no check is ever skipped.
"""

import ipaddress
import re

from starlette.requests import HTTPConnection

from gatepost.kernel.languages import preferred_language
from gatepost.kernel.origin import Origin

ACTOR = "gatepost.actor"  # where the guard notes, in the request's scope, who acts
_MAX_USER_AGENT = 400
REQUEST_ID = "gatepost.request_id"  # in the scope, where the server gave the request an id
REQUEST_ID_FORM = re.compile(r"[A-Za-z0-9._-]{8,64}")
_MAX_FORWARDED = 2_000


def client_address(connection: HTTPConnection, trusted_proxies: int) -> str | None:
    """Return the client's address, or None where there is none (a Unix socket)."""
    peer = _address(connection.client.host) if connection.client is not None else None
    if trusted_proxies == 0:
        return peer
    forwarded = ",".join(connection.headers.getlist("x-forwarded-for"))
    # From the right: what a client puts before it, however long, must not hide what our proxy wrote.
    entries = [entry.strip() for entry in forwarded[-_MAX_FORWARDED:].split(",")]
    if len(entries) < trusted_proxies:
        return peer
    return _address(entries[-trusted_proxies]) or peer


def origin_of(connection: HTTPConnection, trusted_proxies: int) -> Origin:
    """Return what the audit trail may say of a request's origin."""
    agent = connection.headers.get("user-agent", "")
    given = connection.headers.get("x-request-id", "") if trusted_proxies else ""
    request_id = connection.scope.get(REQUEST_ID) or given
    return Origin(
        ip=client_address(connection, trusted_proxies),
        user_agent="".join(c for c in agent if c.isprintable())[:_MAX_USER_AGENT] or None,
        request_id=request_id if REQUEST_ID_FORM.fullmatch(request_id) else None,
        actor_id=connection.scope.get(ACTOR),
        language=preferred_language(connection.headers.get("accept-language", "")),
    )


def _address(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        return None
    return str(address)
