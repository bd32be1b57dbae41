"""Who issues tokens for this API, said by the API itself (OAuth 2.0 Protected Resource Metadata, RFC 9728).

The address of the API comes from the host's own words and never from `Host`, so that nobody can make this server send
clients to an issuer of theirs.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter

from gatepost.kernel.errors import ConfigurationError
from gatepost.outbound import OutboundFailed, OutboundPolicy, checked_url
from gatepost.web.guard import public

_WELL_KNOWN = "/.well-known/oauth-protected-resource"


def metadata_url(resource: str) -> str:
    """Return where the metadata of a resource is: the well-known part stands before its path (RFC 9728, section 3)."""
    parts = urlsplit(resource)
    return parts._replace(path=_path_of(resource), query="", fragment="").geturl()


def check_resource(resource: str, policy: OutboundPolicy) -> None:
    """Refuse an address that clients could not use.

    Raises:
        ConfigurationError: with the cure.
    """
    try:
        parts = checked_url(resource, policy)
    except OutboundFailed as failure:
        raise ConfigurationError(f"resource {resource!r}: {failure}; give the https address of this API") from None
    if parts.query or '"' in resource or "{" in resource:
        raise ConfigurationError(f"resource {resource!r} has more than scheme, host and path: leave it out")


def metadata_routes(resource: str, issuers: Sequence[str], scopes: Sequence[str]) -> APIRouter:
    """Return the route of the metadata document."""
    document: dict[str, Any] = {
        "resource": resource,
        "authorization_servers": list(issuers),
        "bearer_methods_supported": ["header"],
        **({"scopes_supported": list(scopes)} if scopes else {}),
    }
    routes = APIRouter()

    @routes.get(_path_of(resource), include_in_schema=False)
    @public
    async def protected_resource() -> dict[str, Any]:
        """Who issues tokens for this API."""
        return document

    return routes


def _path_of(resource: str) -> str:
    return f"{_WELL_KNOWN}{urlsplit(resource).path.rstrip('/')}"
