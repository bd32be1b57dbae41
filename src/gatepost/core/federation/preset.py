"""What is peculiar to one provider.

A provider of OpenID Connect needs nothing but its issuer. A preset knows the rest: a fixed issuer and scopes, the
endpoints of a provider that has no discovery, where its accounts say who they are, and whether its word about an
address can be relied on. A new one is one short file (`docs/providers.md`).
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from gatepost.core.federation.account import Account, AccountRefused
from gatepost.kernel.errors import ConfigurationError

__all__ = [
    "Account",
    "AccountRefused",
    "Ask",
    "Endpoints",
    "Option",
    "Options",
    "Preset",
    "Said",
    "moved",
    "require_options",
]

_log = logging.getLogger("gatepost.social")
Ask = Callable[[str], Awaitable[Any]]  # a GET with the access token; returns the JSON of the answer
Option = Literal["issuer", "base_url", "tenant", "allowed_tenants", "team_id", "key_id", "private_key"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where a provider without discovery is asked.

    Attributes:
        authorization: where browsers are sent.
        token: where codes are exchanged.
        userinfo: what tells who somebody is.
        iss: what the answer's `iss` is where there is one (RFC 9207).
    """

    authorization: str
    token: str
    userinfo: str
    iss: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What settings say that only some kinds of providers understand.

    Attributes:
        client_id: what the provider calls us.
        base_url: where it is, if not at the address that everybody knows; without a trailing slash.
        tenant: Microsoft's directory.
        allowed_tenants: of several directories, those whose people may come; none named: all.
        team_id: Apple's team.
        key_id: the name of its key.
        private_key: the key, as PEM.
    """

    client_id: str
    base_url: str | None = None
    tenant: str | None = None
    allowed_tenants: tuple[str, ...] = ()
    team_id: str | None = None
    key_id: str | None = None
    private_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a provider has said about who came.

    Attributes:
        issuer: who said it. An ID token's own issuer, where a provider has several.
        claims: of the ID token, verified, and of `userinfo`; of a provider without ID tokens, what `userinfo` answered.
        posted: what the browser brought along (`Preset.posted`). Nobody has signed it: never an identity, an address.
        ask: more, if that is not enough.
    """

    issuer: str
    claims: Mapping[str, Any]
    posted: Mapping[str, str] = field(default_factory=dict, repr=False)
    ask: Ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One provider, or one kind of them.

    Attributes:
        name: as settings name it.
        label: what the button says.
        issuer: fixed, or None where settings say it.
        scopes: what is asked for unless settings say otherwise.
        offline_scopes: and besides, where its tokens are kept.
        endpoints: of a provider that speaks OAuth 2.0 alone; None for OpenID Connect.
        read: from what the provider said to the account; it decides what an address is worth.
        reads_userinfo: OpenID Connect: `userinfo` completes what the ID token leaves out.
        parameters: what the authorization request carries besides.
        offline_parameters: likewise, where its tokens are kept.
        response_mode: `form_post` where the provider insists on it.
        posted: names of fields of that form which `read` wants to see.
        authentication: how the client proves itself, where that is not negotiable.
        client_secret: makes the secret of one request, from the time; where it is not one of settings.
        has_client_secret: whether settings have to say one.
        discovered_issuer: what its discovery document calls it, where that is not `issuer`.
        issuer_of: the one issuer that an ID token with these claims has to name, where there are several; None to
            refuse it. It is asked before the signature is checked, and believed after it.
        takes: the settings that it understands, of those in `Option`.
        needs: those that have to be there.
        configured: the preset as such settings make it.
        proves_addresses: False where `dangerously_trusts_email` would let anybody be anybody.
    """

    name: str
    label: str
    issuer: str | None = None
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    offline_scopes: tuple[str, ...] = ()
    endpoints: Endpoints | None = None
    read: Callable[[Said], Awaitable[Account]]
    reads_userinfo: bool = True
    parameters: Mapping[str, str] = field(default_factory=dict)
    offline_parameters: Mapping[str, str] = field(default_factory=dict)
    response_mode: Literal["form_post"] | None = None
    posted: tuple[str, ...] = ()
    authentication: Literal["client_secret_basic", "client_secret_post", "none"] | None = None
    client_secret: Callable[[float], str] | None = field(default=None, repr=False)
    has_client_secret: bool = True
    discovered_issuer: str | None = None
    issuer_of: Callable[[Mapping[str, Any]], str | None] | None = None
    takes: frozenset[Option] = frozenset()
    needs: frozenset[Option] = frozenset()
    configured: "Callable[[Preset, Options], Preset] | None" = None
    proves_addresses: bool = True

    async def account(self, said: Said) -> Account:
        """Return the account that `read` finds; what it stumbles over is an answer that does not say who somebody is.

        Raises:
            AccountRefused: the answer does not.
            OutboundFailed: there was none, where it asked for more.
        """
        try:
            account = await self.read(said)
        except AccountRefused:
            raise
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            _log.warning("the preset %s cannot read what the provider said (%s)", self.name, type(error).__name__)
            raise AccountRefused("the answer has another shape than is known") from None
        if account.issuer != said.issuer:  # nobody speaks for another
            raise AccountRefused("the account is of another issuer")
        return account


def moved(preset: Preset, base_url: str) -> Preset:
    """Return the preset at another place: what began with its issuer begins with `base_url`."""
    if preset.issuer is None:
        return replace(preset, issuer=base_url)
    there = preset.issuer

    def at(url: str) -> str:
        return base_url + url.removeprefix(there) if url.startswith(there) else url

    endpoints = preset.endpoints and Endpoints(
        authorization=at(preset.endpoints.authorization),
        token=at(preset.endpoints.token),
        userinfo=at(preset.endpoints.userinfo),
        iss=preset.endpoints.iss and at(preset.endpoints.iss),
    )
    return replace(preset, issuer=base_url, endpoints=endpoints)


def require_options(preset: Preset, said: frozenset[str]) -> None:
    """Refuse settings that a preset has no use for, and miss those that it needs.

    Raises:
        ConfigurationError: with the cure.
    """
    for name in sorted(said - preset.takes):
        raise ConfigurationError(f"{preset.label} knows no {name}: leave it out")
    for name in sorted(preset.needs - said):
        raise ConfigurationError(f"{preset.label} needs a {name}: set it")
