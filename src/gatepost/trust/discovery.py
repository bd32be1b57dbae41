"""What an issuer says of itself: OpenID Connect Discovery 1.0 and OAuth 2.0 Authorization Server Metadata (RFC 8414).

The document decides where people are sent and where codes and keys go, so it is believed for exactly the issuer that
was asked for, and every address in it must be one that a request may go to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gatepost.outbound import Outbound, OutboundFailed, OutboundPolicy, checked_url

_MAX_NAMES = 100
_NEXT_PLACE = frozenset({"status", "content"})  # there is no such document here; a page for people is none either


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The metadata of one issuer; names are those of the standards."""

    issuer: str
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    jwks_uri: str | None = None
    userinfo_endpoint: str | None = None
    introspection_endpoint: str | None = None
    revocation_endpoint: str | None = None
    end_session_endpoint: str | None = None
    gatepost_revocations: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ()
    id_token_signing_alg_values_supported: tuple[str, ...] = ()
    code_challenge_methods_supported: tuple[str, ...] = ()
    authorization_response_iss_parameter_supported: bool = False


_ENDPOINTS = (
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "userinfo_endpoint",
    "introspection_endpoint",
    "revocation_endpoint",
    "end_session_endpoint",
    "gatepost_revocations",
)
_LISTS = (
    "token_endpoint_auth_methods_supported",
    "id_token_signing_alg_values_supported",
    "code_challenge_methods_supported",
)


async def discover(outbound: Outbound, issuer: str, *, named: str | None = None) -> Metadata:
    """Ask an issuer for its metadata, at the place of OpenID Connect and then at that of RFC 8414.

    Args:
        outbound: to ask it.
        issuer: whose; the document is found below it.
        named: what the document calls it, where that is known to be something else.

    Raises:
        OutboundFailed: it does not answer, or says what cannot be believed.
    """
    first, second = _places(issuer, outbound.policy)
    try:
        document = (await outbound.get(first)).require().json()
    except OutboundFailed as failure:
        if failure.reason not in _NEXT_PLACE:
            raise
        document = (await outbound.get(second)).require().json()
    return read_metadata(document, expected_issuer=named or issuer, policy=outbound.policy)


def read_metadata(document: Mapping[str, Any], *, expected_issuer: str, policy: OutboundPolicy) -> Metadata:
    """Return what a document says.

    Raises:
        OutboundFailed: it is that of another issuer, or has a member that cannot be what it should be.
    """
    # OpenID Connect Discovery 1.0, section 4.3; RFC 8414, section 3.3: identical, and no other spelling of it.
    if document.get("issuer") != expected_issuer:
        raise OutboundFailed("content")
    said: dict[str, Any] = {name: _endpoint(document[name], policy) for name in _ENDPOINTS if _is_said(document, name)}
    said |= {name: _names(document[name]) for name in _LISTS if _is_said(document, name)}
    names_itself = document.get("authorization_response_iss_parameter_supported") is True  # RFC 9207, section 3
    return Metadata(issuer=expected_issuer, authorization_response_iss_parameter_supported=names_itself, **said)


def _is_said(document: Mapping[str, Any], name: str) -> bool:
    return document.get(name) is not None


def _places(issuer: str, policy: OutboundPolicy) -> tuple[str, str]:
    checked_url(issuer, policy)
    parts = urlsplit(issuer)
    if "?" in issuer:  # RFC 8414, section 2: no query, no fragment
        raise OutboundFailed("url")
    path = parts.path.rstrip("/")
    return (
        # OpenID Connect Discovery 1.0, section 4: after the path.
        parts._replace(path=f"{path}/.well-known/openid-configuration").geturl(),
        # RFC 8414, section 3: between host and path.
        parts._replace(path=f"/.well-known/oauth-authorization-server{path}").geturl(),
    )


def _endpoint(value: object, policy: OutboundPolicy) -> str:
    if not isinstance(value, str):
        raise OutboundFailed("content")
    try:
        checked_url(value, policy)
    except OutboundFailed:
        raise OutboundFailed("content") from None
    return value


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MAX_NAMES or not all(isinstance(name, str) for name in value):
        raise OutboundFailed("content")
    return tuple(value)
