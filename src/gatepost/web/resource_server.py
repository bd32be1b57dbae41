"""A FastAPI service without users: it checks tokens that others issue, and its routes read as with a Gatepost.

    server = ResourceServer("https://auth.example.com", audience="https://api.example.com")
    server.install(app)

Nothing of it asks anybody during a request, but for a token that is seen for the first time and needs a key that is
new, or that only its issuer can read. Cookies are not read at all.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Unpack

from fastapi import FastAPI

from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import AuthError, ConfigurationError, Unavailable
from gatepost.kernel.health import Health
from gatepost.kernel.origin import Origin
from gatepost.kernel.principal import Principal
from gatepost.kernel.tasks import end_tasks
from gatepost.outbound import Outbound, OutboundPolicy
from gatepost.trust.accepted import AcceptedIssuer, Issuer, audiences_of, check_issuers
from gatepost.trust.dialect import Dialect
from gatepost.trust.introspection import Introspection, IntrospectionPolicy
from gatepost.trust.issuer import IssuerUnavailable
from gatepost.trust.jwks import JwksPolicy
from gatepost.trust.revocations import Revocations
from gatepost.trust.verifier import TokenVerifier
from gatepost.web.guard import SCHEME_NAME, PrincipalGuard, Requirement, require
from gatepost.web.host import STATE, run_around
from gatepost.web.openapi import BEARER, replace_lock
from gatepost.web.policy import GuardPolicy, Unguarded
from gatepost.web.protected_resource import check_resource, metadata_routes, metadata_url
from gatepost.web.requirements import Asked
from gatepost.web.route_table import check_unguarded
from gatepost.web.routing import refuse_open_websockets, refuse_user_guards

MAX_LEEWAY_S = 60  # a revocation is remembered for little longer than a token lives
_log = logging.getLogger("gatepost")


class LoggedDenials:
    """Tells the log who was refused what: there is no trail here."""

    async def record(self, principal: Principal, route: str, refusal: AuthError, origin: Origin) -> None:
        """Write a line."""
        who = f"{principal.subject} of {principal.issuer}"
        _log.info("access denied: %s to %s: %s %s (%s)", route, who, refusal.code, refusal.detail, origin.ip)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceCore:
    """What runs behind a ResourceServer."""

    clock: Clock
    authenticator: TokenVerifier
    denials: LoggedDenials


class ResourceServer:
    """Checks access tokens of one or more issuers for one FastAPI application.

    Args:
        issuer: an address, an `Issuer`, or several of them.
        audience: what this API is called in tokens; one of several is enough.
        client_id: as what this API is known at the issuer; for introspection and the revocation feed.
        client_secret: its secret.
        dialect: how the issuer writes tokens, where its address does not tell.
        revocation_bound: seconds after which what the feed of a Gatepost server said is too old to rely on.
        introspection_age: seconds for which the issuer's answer about an opaque token is believed at most.
        keys_refresh: seconds after which keys are read again.
        keys_outage: seconds for which keys are believed while their issuer does not answer.
        leeway: seconds by which clocks may differ.
        fresh: seconds for which a sign-in counts as recent.
        resource: the address of this API; with it, it is published who issues tokens for it (RFC 9728).
        scopes: what is published there of scopes.
        trusted_proxies: how many proxies of ours stand before this process; for the log.
        unguarded_routes: what a start does about a route that nothing guards.
        open_paths: paths that are meant to be open, with everything below them.
        ssl_context: for issuers with certificates of an authority of your own.
        reaches_private_network: the issuer has a private address.
        dangerously_reaches_loopback: it runs on this machine, perhaps over http; for development.
        clock: injected by tests.
    """

    def __init__(  # noqa: PLR0913 - each with its default, by name only
        self,
        issuer: str | Issuer | Sequence[str | Issuer],
        *,
        audience: str | Sequence[str] = (),
        client_id: str | None = None,
        client_secret: str | None = None,
        dialect: str | Dialect | None = None,
        revocation_bound: float = 5.0,
        introspection_age: float = 30.0,
        keys_refresh: float = 300.0,
        keys_outage: float = 86_400.0,
        leeway: float = 10.0,
        fresh: int = 600,
        resource: str | None = None,
        scopes: Sequence[str] = (),
        trusted_proxies: int = 0,
        unguarded_routes: Unguarded = "allow",
        open_paths: Sequence[str] = (),
        ssl_context: ssl.SSLContext | None = None,
        reaches_private_network: bool = False,
        dangerously_reaches_loopback: bool = False,
        clock: Clock | None = None,
    ) -> None:
        if isinstance(issuer, str):
            issuer = Issuer(issuer, client_id=client_id, client_secret=client_secret, dialect=dialect)
            client_id = client_secret = dialect = None
        given = [issuer] if isinstance(issuer, Issuer) else issuer
        self.issuers = tuple(one if isinstance(one, Issuer) else Issuer(one) for one in given)
        self._is_ambiguous = (client_id, client_secret, dialect) != (None, None, None)
        self.audience = (audience,) if isinstance(audience, str) else tuple(audience)
        self.clock = clock or Clock()
        self.revocation_bound = revocation_bound
        self.leeway = leeway
        self.resource, self.scopes = resource, tuple(scopes)
        self._outbound_policy = OutboundPolicy(
            allows_loopback=dangerously_reaches_loopback, allows_private=reaches_private_network
        )
        self._ssl = ssl_context
        self._keys = JwksPolicy(refresh=keys_refresh, outage=keys_outage)
        ages = {"age": introspection_age, "key_age": min(introspection_age, revocation_bound)}
        self._introspection = IntrospectionPolicy(**ages)
        self.web = GuardPolicy(
            prefix="",
            public_origin="",
            trusted_origins=frozenset(),
            trusted_proxies=trusted_proxies,
            session_cookie=None,
            fresh=fresh,
            unguarded_routes=unguarded_routes,
            open_paths=tuple(open_paths),
            resource_metadata=None if resource is None else metadata_url(resource),
        )
        self._core: ResourceCore | None = None
        self._installed: list[FastAPI] = []

    # --- at the application

    def install(self, app: FastAPI, *, routes: bool = True) -> None:
        """Put this ResourceServer into an application: its state, its lifespan around the application's own.

        Args:
            app: the application.
            routes: False for a mounted sub-application, which shares what its parent runs.
        """
        if not hasattr(app.state, STATE):  # of several, the first is the application's own
            setattr(app.state, STATE, self)
            replace_lock(app, SCHEME_NAME, BEARER)
        if not routes:
            return
        if self.resource is not None:
            app.include_router(metadata_routes(self.resource, [issuer.url for issuer in self.issuers], self.scopes))
        self._installed.append(app)
        run_around(app, self, self.lifespan)

    @asynccontextmanager
    async def lifespan(self, app: FastAPI | None = None) -> AsyncIterator[None]:
        """Start, and stop at the end; `install` calls it.

        An issuer that does not answer keeps nothing from starting: until it does, requests get 503, and `health` says
        why.

        Raises:
            ConfigurationError: an unsafe or impossible option; the message says the cure.
        """
        del app
        self._check()
        outbound = Outbound(self._outbound_policy, verify=self._ssl or True)
        accepted = [self._accept(issuer, outbound) for issuer in self.issuers]
        tasks = [asyncio.create_task(issuer.run()) for issuer in accepted]
        try:
            await _first_look(accepted)
            verifier = TokenVerifier(accepted, self.clock, leeway=self.leeway)
            self._core = ResourceCore(clock=self.clock, authenticator=verifier, denials=LoggedDenials())
            yield
        finally:
            self._core = None
            await end_tasks(tasks)
            for issuer in accepted:
                await issuer.close()
            await outbound.close()

    # --- for routes

    @cached_property
    def principal(self) -> PrincipalGuard:
        """A dependency for `Depends(server.principal)`: the caller as the token says it, of this ResourceServer."""
        return PrincipalGuard(self)

    def require(self, **asked: Unpack[Asked]) -> Requirement:
        """Return `gatepost.require(...)`, bound to this ResourceServer."""
        return require(**asked, host=self)

    # --- for code

    @property
    def core(self) -> ResourceCore:
        """What runs.

        Raises:
            Unavailable: the lifespan has not begun.
        """
        if self._core is None:
            msg = "ResourceServer is not started: install it before the application starts, or enter its `lifespan()`"
            raise Unavailable(msg)
        return self._core

    async def authenticate(self, token: str) -> Principal:
        """Return the principal of an access token.

        Raises:
            NotAuthenticated: it is not good, or no longer.
            IssuerUnavailable: nothing can be decided now.
        """
        return await self.core.authenticator.bearer(token)

    async def health(self) -> Health:
        """Return whether requests can be decided now."""
        reasons = []
        try:
            for issuer in self.core.authenticator.issuers.values():
                try:
                    await issuer.ready()
                except IssuerUnavailable as error:
                    reasons.append(f"{issuer.url}: {error.detail}")
        except Unavailable as error:
            reasons.append(error.detail)
        return Health(is_ready=not reasons, reasons=tuple(reasons))

    # --- inside

    def _check(self) -> None:
        if not 0 <= self.leeway <= MAX_LEEWAY_S:
            raise ConfigurationError(f"leeway must be from 0 to {MAX_LEEWAY_S} seconds: set the clocks by NTP instead")
        if self._is_ambiguous:
            raise ConfigurationError(
                "say client_id, client_secret and dialect in Issuer(...) where issuers are objects"
            )
        check_issuers(self.issuers, self.audience, self._outbound_policy)
        if self.resource is not None:
            check_resource(self.resource, self._outbound_policy)
        for app in self._installed:
            if getattr(app.state, STATE) is self:
                refuse_user_guards(app)
            refuse_open_websockets(app.router)
            check_unguarded(app, self.web)
        if self._outbound_policy.allows_loopback:
            _log.warning(
                "issuers on this machine are asked, also over http: dangerously_reaches_loopback is for development"
            )

    def _accept(self, issuer: Issuer, outbound: Outbound) -> AcceptedIssuer:
        audiences, is_only = audiences_of(issuer, self.audience), len(self.issuers) == 1
        accepted = AcceptedIssuer(issuer, audiences, outbound, self.clock, self._keys, is_only=is_only)
        if issuer.credentials is not None:
            accepted.introspection = Introspection(
                outbound, self.clock, accepted.introspection_endpoint, issuer.credentials, self._introspection
            )
            bound, pair = self.revocation_bound, issuer.credentials
            accepted.feed = Revocations(accepted.trusted, outbound, self.clock, pair, bound=bound)
        return accepted


async def _first_look(issuers: Sequence[AcceptedIssuer]) -> None:
    """Read keys before the first request; a service starts without them, too."""
    outcomes = await asyncio.gather(*(issuer.ready() for issuer in issuers), return_exceptions=True)
    for issuer, outcome in zip(issuers, outcomes, strict=True):
        if isinstance(outcome, IssuerUnavailable):
            _log.warning("%s cannot be asked yet, its tokens get 503 until it can: %s", issuer.url, outcome.detail)
        elif isinstance(outcome, BaseException):
            raise outcome
