"""The issuers whose access tokens are accepted: how a host names one, and one that runs.

What goes wrong: keys of one issuer verify tokens of another; an issuer that signs with a public key is talked into
taking that key for a shared secret; one that is trusted for itself says that it is the Gatepost server, and names the
users of that.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gatepost.crypto import base64url
from gatepost.crypto.jwk import KeyRefused, TokenKey, load_key
from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import ConfigurationError
from gatepost.kernel.principal import Principal
from gatepost.outbound import Outbound, OutboundFailed, OutboundPolicy, checked_url
from gatepost.trust.access_tokens import RolesFrom
from gatepost.trust.dialect import Dialect
from gatepost.trust.dialects import DIALECTS, GATEPOST, UNNAMED, dialect_of
from gatepost.trust.discovery import Metadata
from gatepost.trust.introspection import Introspection
from gatepost.trust.issuer import IssuerUnavailable, TrustedIssuer
from gatepost.trust.jwks import JwksPolicy

_NOT_FOLLOWED = (
    "%s is a Gatepost server whose revocations are not followed: its tokens are good here until they expire, whoever "
    "signs out; name a client_id and a client_secret of its GATEPOST_INTROSPECTION_CLIENTS"
)
_NOT_NAMED = (
    "%s is a Gatepost server, and its tokens are refused, since of several issuers it has to be said which one names "
    "the users: Issuer(..., dialect='gatepost')"
)
_log = logging.getLogger("gatepost.trust")


@dataclass(frozen=True, slots=True)
class Issuer:
    """One issuer whose access tokens a ResourceServer accepts.

    Attributes:
        url: its `iss`, exactly, with or without a slash at the end.
        audience: what this API is called there, where it is not what the ResourceServer says.
        dialect: the name of one, or one of your own; None to tell it by the address.
        client_id: as what this API is known there; for introspection and the revocation feed.
        client_secret: its secret.
        jwks_uri: where its keys are, for an issuer that publishes no metadata.
        introspection_endpoint: likewise.
        roles: where roles stand, in the place of where the dialect looks: the name of a claim, a path of names, or a
            function from all claims to roles.
        hs256_secret: accept tokens that are signed with this shared secret, and no others, from this issuer.
    """

    url: str
    audience: str | Sequence[str] | None = field(default=None, kw_only=True)
    dialect: str | Dialect | None = field(default=None, kw_only=True)
    client_id: str | None = field(default=None, kw_only=True)
    client_secret: str | None = field(default=None, kw_only=True, repr=False)
    jwks_uri: str | None = field(default=None, kw_only=True)
    introspection_endpoint: str | None = field(default=None, kw_only=True)
    roles: RolesFrom | None = field(default=None, kw_only=True)
    hs256_secret: str | bytes | None = field(default=None, kw_only=True, repr=False)

    @property
    def credentials(self) -> tuple[str, str] | None:
        """What this API shows to the issuer."""
        return None if self.client_id is None or self.client_secret is None else (self.client_id, self.client_secret)

    @property
    def known_dialect(self) -> Dialect | None:
        """The dialect as it is said, or as the address gives it away."""
        if isinstance(self.dialect, Dialect):
            return self.dialect
        return dialect_of(self.url) if self.dialect is None else DIALECTS.get(self.dialect)


class RevocationFeed(Protocol):
    """What a Gatepost server has ended, as it is known here now."""

    def is_fresh(self) -> bool:
        """Whether it may be relied on for a request that arrives now; costs microseconds."""
        ...

    async def freshen(self) -> None:
        """Wait until it may be relied on; IssuerUnavailable where that does not come in time."""
        ...

    def refuses(self, principal: Principal) -> bool:
        """Whether a principal's session is over, or its user's epoch has moved on."""
        ...

    async def run(self) -> None:
        """Follow the server until cancelled."""
        ...


class AcceptedIssuer:
    """One of them, running; what is asked of it besides its keys may be given to it before it runs.

    Args:
        issuer: as the host named it.
        audiences: what this API is called there.
        outbound: to ask it.
        clock: for ages.
        policy: how long keys are held.
        is_only: no other one is accepted, so that its metadata may say that it is a Gatepost server.
    """

    def __init__(
        self,
        issuer: Issuer,
        audiences: frozenset[str],
        outbound: Outbound,
        clock: Clock,
        policy: JwksPolicy,
        *,
        is_only: bool,
    ) -> None:
        self.issuer = issuer
        self.url = issuer.url
        self.audiences = audiences
        self.introspection: Introspection | None = None
        self.feed: RevocationFeed | None = None
        self.trusted = TrustedIssuer(issuer.url, outbound, clock, metadata=_told(issuer), policy=policy)
        self._secret = None if issuer.hs256_secret is None else _shared_key(issuer.hs256_secret)
        self._dialect = issuer.known_dialect
        self._is_only = is_only

    @property
    def version(self) -> int:
        """Grows when keys change: tokens that were verified before are verified anew."""
        return self.trusted.version if self._secret is None else 0

    async def dialect(self) -> Dialect:
        """Return how this issuer writes.

        Raises:
            IssuerUnavailable: its metadata has to say, and was never read.
        """
        if self._dialect is None:
            if self._is_only and self._secret is None and _told(self.issuer) is None:
                metadata = await self.trusted.metadata()
                self._dialect = UNNAMED if metadata.gatepost_revocations is None else GATEPOST
            else:
                self._dialect = UNNAMED
        return self._dialect

    async def keys(self, kid: str | None) -> Mapping[str, TokenKey]:
        """Return the keys that are believed now, among them the one of this name where there is one.

        Raises:
            IssuerUnavailable: there are none, and it does not answer.
        """
        if self._secret is not None:  # whatever name the token gives it
            return {kid or self._secret.kid: self._secret}
        return await self.trusted.keys(kid, signing_for=self.url)

    async def introspection_endpoint(self) -> str | None:
        """Return where it says what an opaque token is.

        Raises:
            IssuerUnavailable: its metadata was never read.
        """
        if self.issuer.introspection_endpoint is not None:
            return self.issuer.introspection_endpoint
        return (await self.trusted.metadata()).introspection_endpoint

    async def ready(self) -> None:
        """Return when its tokens can be judged.

        Raises:
            IssuerUnavailable: they cannot; it says why.
        """
        dialect = await self.dialect()
        await self.keys(None)
        if self.feed is not None and dialect.has_user_ids and not self.feed.is_fresh():
            await self.feed.freshen()

    async def run(self) -> None:
        """Keep its keys young, and follow its feed, until cancelled."""
        await asyncio.gather(self._kept_up(self._run_keys), self._kept_up(self._run_feed))

    async def _kept_up(self, part: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                return await part()
            except Exception:  # noqa: BLE001 - keys that nobody renews would be believed until tokens die
                _log.exception("what follows an issuer failed and is begun again")
                await asyncio.sleep(self.trusted.jwks.policy.retry)

    async def _run_keys(self) -> None:
        if self._secret is None:
            await self.trusted.run()

    async def _run_feed(self) -> None:
        dialect: Dialect | None = None
        while dialect is None:
            try:
                dialect = await self.dialect()
            except IssuerUnavailable:
                await asyncio.sleep(self.trusted.jwks.policy.retry)
        if dialect.has_user_ids and self.feed is not None:
            await self.feed.run()
        elif dialect.has_user_ids:
            _log.warning(_NOT_FOLLOWED, self.url)
        elif dialect is UNNAMED and await self._says_that_it_is_a_gatepost():
            _log.warning(_NOT_NAMED, self.url)

    async def _says_that_it_is_a_gatepost(self) -> bool:
        try:
            return (await self.trusted.metadata()).gatepost_revocations is not None
        except IssuerUnavailable:
            return False

    async def close(self) -> None:
        """Stop asking."""
        await self.trusted.close()
        if self.introspection is not None:
            await self.introspection.close()


def check_issuers(issuers: Sequence[Issuer], audience: Sequence[str], policy: OutboundPolicy) -> None:
    """Refuse what cannot work or would not be safe.

    Raises:
        ConfigurationError: with the cure.
    """
    if not issuers:
        raise ConfigurationError("name at least one issuer: ResourceServer('https://auth.example.com', audience=...)")
    urls = [issuer.url for issuer in issuers]
    if len(set(urls)) < len(urls):
        raise ConfigurationError("an issuer is named twice: name each once, with all its audiences")
    for issuer in issuers:
        _check(issuer, audience, policy)
    if sum(issuer.known_dialect is GATEPOST for issuer in issuers) > 1:
        raise ConfigurationError(
            "of several Gatepost servers only one can name the users: run a ResourceServer for each"
        )
    asked = [one for one in issuers if one.credentials is not None and one.known_dialect is not GATEPOST]
    if len(asked) > 1:
        raise ConfigurationError(
            "an opaque token does not say whose it is: give a client_id and client_secret to one issuer only"
        )


def audiences_of(issuer: Issuer, audience: Sequence[str]) -> frozenset[str]:
    """Return what this API is called at an issuer."""
    own = issuer.audience
    return frozenset(audience if own is None else (own,) if isinstance(own, str) else own)


def _check(issuer: Issuer, audience: Sequence[str], policy: OutboundPolicy) -> None:
    for name, url in (
        ("issuer", issuer.url),
        ("jwks_uri", issuer.jwks_uri),
        ("introspection_endpoint", issuer.introspection_endpoint),
    ):
        try:
            if url is not None:
                checked_url(url, policy)
        except OutboundFailed as failure:
            raise ConfigurationError(
                f"{name} {url!r}: {failure}; give its https address "
                "(for a development server on this machine: dangerously_reaches_loopback=True)"
            ) from None
    audiences = audiences_of(issuer, audience)
    if not audiences or "" in audiences:
        raise ConfigurationError(f"name the audience that {issuer.url} writes into tokens for this API: audience='...'")
    if issuer.dialect is not None and issuer.known_dialect is None:
        raise ConfigurationError(f"there is no dialect {issuer.dialect!r}: use one of {', '.join(DIALECTS)}")
    if (issuer.client_id is None) != (issuer.client_secret is None):
        raise ConfigurationError(f"give both client_id and client_secret for {issuer.url}, or neither")
    if issuer.hs256_secret is not None:
        try:
            _shared_key(issuer.hs256_secret)
        except KeyRefused as error:
            raise ConfigurationError(f"hs256_secret of {issuer.url}: {error}") from None


def _told(issuer: Issuer) -> Metadata | None:
    """Return the metadata of an issuer that publishes none."""
    if issuer.jwks_uri is None and issuer.hs256_secret is None:
        return None
    return Metadata(issuer=issuer.url, jwks_uri=issuer.jwks_uri, introspection_endpoint=issuer.introspection_endpoint)


def _shared_key(secret: str | bytes) -> TokenKey:
    raw = secret.encode() if isinstance(secret, str) else secret
    encoded = base64url.encode(raw)
    return load_key(f'{{"kty":"oct","k":"{encoded}","alg":"HS256","kid":"shared"}}'.encode())
