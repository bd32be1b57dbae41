"""What is peculiar to one provider, and who somebody is there.

A provider of OpenID Connect needs nothing but its issuer. A preset knows the rest: a fixed issuer and scopes, the
endpoints of a provider that has no discovery, where its accounts say who they are, and whether its word about an
address can be relied on. A new one is one short file (`docs/social.md`).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who somebody is at a provider.

    Attributes:
        issuer: who says so; an https URL.
        subject: the issuer's own id of the account, which it never gives to another.
        email: the address that the provider names.
        email_is_verified: the provider says that the account's owner reads that mailbox.
        email_is_authoritative: and that it would be the first to know if that changed (it runs the mailbox).
        username: what they are called there, as a proposal.
        full_name: for display.
        locale: the language they like (RFC 5646).
        claims: everything that was said.
    """

    issuer: str
    subject: str
    email: str | None = None
    email_is_verified: bool = False
    email_is_authoritative: bool = False
    username: str | None = None
    full_name: str | None = None
    locale: str | None = None
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where a provider without discovery is asked."""

    authorization: str
    token: str
    userinfo: str


Ask = Callable[[str], Awaitable[Any]]  # a GET with the access token; returns the JSON of the answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One provider, or one kind of them.

    Attributes:
        name: as settings name it.
        label: what the button says.
        issuer: fixed, or None where settings say it.
        scopes: what is asked for unless settings say otherwise.
        endpoints: of a provider that speaks OAuth 2.0 alone; None for OpenID Connect.
        read: from what the provider said (the claims of the ID token, or the answer of `userinfo`), and a way to ask
            more, to the account; it decides what an address is worth.
        options: parameters that the authorization request carries besides.
        response_mode: `form_post` where the provider insists on it.
        issuer_is_expected: whether an ID token's issuer is one of this provider's where it has several (tenants).
        authentication: how the client proves itself, where that is not negotiable.
    """

    name: str
    label: str
    issuer: str | None = None
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    endpoints: Endpoints | None = None
    read: Callable[[str, Mapping[str, Any], Ask], Awaitable[Account]]
    options: Mapping[str, str] = field(default_factory=dict)
    response_mode: str | None = None
    issuer_is_expected: Callable[[str, str, Mapping[str, Any]], bool] | None = None
    authentication: str | None = None
