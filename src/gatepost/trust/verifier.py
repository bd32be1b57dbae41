"""From a bearer token of others to its principal, without I/O once it has been seen.

Which issuer is asked is said by the token (`iss`), among those that are configured and by its exact spelling; all the
rest is then verified with the keys of that one. What was verified stays in a bounded cache, by the raw token, until
the token dies, the issuer's keys change, or its answer is too old; whether it has been revoked is asked of the feed at
every request. It never fails open: who cannot be asked is no reason to let anybody in.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

from gatepost.crypto.foreign import MAX_FOREIGN_TOKEN_BYTES, date_in, require_name
from gatepost.crypto.reading import MAX_DATE, TokenRefused, read, require_time, split
from gatepost.kernel.api_keys import API_KEY_PREFIX
from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import AuthError, NotAuthenticated
from gatepost.kernel.principal import Principal
from gatepost.trust.accepted import AcceptedIssuer, RevocationFeed
from gatepost.trust.access_tokens import principal_of, require_access, verify_access_token
from gatepost.trust.dialect import INTROSPECTED, Dialect, text
from gatepost.trust.introspection import Introspection

MAX_CACHED = 20_000
_JWT_DOTS = 2
_WATCH_S = 0.5
_NEVER_STALE = float("inf")


@dataclass(frozen=True, slots=True)
class Known:
    """A token that was good when it was looked at.

    Attributes:
        issuer: who vouches for it.
        feed: what knows of its revocation; None where nothing does.
        version: of the issuer's keys.
        until: when it must be looked at anew, in seconds since the Unix epoch.
        stale_at: likewise, by the clock of ages.
    """

    principal: Principal
    issuer: AcceptedIssuer
    feed: RevocationFeed | None
    version: int
    until: float
    stale_at: float = _NEVER_STALE


class TokenVerifier:
    """The one place of a ResourceServer that says whether a token is good now.

    Args:
        issuers: whose tokens are accepted.
        clock: what is now.
        leeway: seconds that clocks may differ by.
    """

    def __init__(self, issuers: Sequence[AcceptedIssuer], clock: Clock, *, leeway: float) -> None:
        self.issuers = {issuer.url: issuer for issuer in issuers}
        self._clock = clock
        self._leeway = leeway
        self._known: dict[str, Known] = {}

    async def bearer(self, token: str) -> Principal:
        """Return the principal of an access token.

        Raises:
            NotAuthenticated: the token is not good, or no longer; `detail` says why, for the log.
            IssuerUnavailable: nothing can be decided now.
        """
        known = self._known.get(token)
        if known is None or not self._is_current(known):
            known = await self._look(token)
        feed, principal = known.feed, known.principal
        if feed is not None:
            if not feed.is_fresh():
                await feed.freshen()
            if feed.refuses(principal):
                self._known.pop(token, None)
                raise NotAuthenticated("revoked")
        return principal

    async def cookie(self, _: str) -> Principal:
        """Refuse: a cookie of another server is nothing here, and the guard reads none.

        Raises:
            NotAuthenticated: always.
        """
        raise NotAuthenticated("cookie")

    async def is_verified(self, principal: Principal) -> bool:
        """Whether the issuer says that the e-mail address is verified; one that says nothing has not said so."""
        return principal.claims.get("email_verified") is True

    async def user(self, _: Principal) -> NoReturn:
        """Refuse: `CurrentUser` is a row, and there is none.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("a ResourceServer has no users: write `principal: CurrentPrincipal`")

    def _is_current(self, known: Known) -> bool:
        return (
            self._clock.now() < known.until
            and known.version == known.issuer.version
            and (known.stale_at == _NEVER_STALE or self._clock.boottime() < known.stale_at)
        )

    async def _look(self, token: str) -> Known:
        """Verify a token, or ask about it, and remember what came of it."""
        self._known.pop(token, None)
        try:
            known = await (self._verified(token) if token.count(".") == _JWT_DOTS else self._introspected(token))
        except TokenRefused as error:
            raise NotAuthenticated(error.reason) from None
        except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
            raise NotAuthenticated("claims") from None
        if len(self._known) >= MAX_CACHED:
            del self._known[next(iter(self._known))]
        self._known[token] = known
        return known

    async def _verified(self, token: str) -> Known:
        head, body, _ = split(token, MAX_FOREIGN_TOKEN_BYTES)
        header, said = read(head), read(body).get("iss")
        issuer = self.issuers.get(said) if isinstance(said, str) else None
        if issuer is None:
            raise TokenRefused("issuer")
        kid = header.get("kid")
        dialect = await issuer.dialect()
        keys = await issuer.keys(kid if isinstance(kid, str) and kid else None)
        version = issuer.version  # of these keys: nothing was awaited since
        claims = verify_access_token(
            token,
            keys,
            dialect=dialect,
            expected_issuer=issuer.url,
            expected_audiences=issuer.audiences,
            now=self._clock.now(),
            leeway=self._leeway,
        )
        expires_at = date_in(claims, "exp")
        principal = self._principal(token, claims, issuer, dialect, int(expires_at))
        return Known(principal, issuer, _feed_of(issuer, dialect), version, expires_at + self._leeway)

    async def _introspected(self, token: str) -> Known:
        issuer, introspection, dialect = await self._issuer_of_opaque(token)
        version = issuer.version
        claims, asked_at = await introspection.claims(token)
        if claims.get("iss", issuer.url) != issuer.url:
            raise TokenRefused("issuer")
        if text(claims.get("token_type")).lower() not in {"", "bearer", "access_token"}:
            raise TokenRefused("kind")
        require_name(claims, "sub")
        require_access(claims, INTROSPECTED, dialect, issuer.audiences)
        now = self._clock.now()
        expires_at = date_in(claims, "exp") if claims.get("exp") is not None else float(MAX_DATE)
        not_before = date_in(claims, "nbf") if claims.get("nbf") is not None else 0.0
        require_time(expires_at=expires_at, issued_at=0.0, not_before=not_before, now=now, leeway=self._leeway)
        principal = self._principal(token, claims, issuer, dialect, int(expires_at))
        policy = introspection.policy
        stale_at = asked_at + (policy.key_age if dialect.has_user_ids else policy.age)
        return Known(principal, issuer, None, version, expires_at + self._leeway, stale_at)

    async def _issuer_of_opaque(self, token: str) -> tuple[AcceptedIssuer, Introspection, Dialect]:
        """Return whom to ask: an API key goes to the Gatepost server that made it, all else to the one other issuer."""
        is_api_key = token.startswith(API_KEY_PREFIX)
        for issuer in self.issuers.values():
            if issuer.introspection is not None:
                dialect = await issuer.dialect()
                if dialect.has_user_ids == is_api_key:
                    return issuer, issuer.introspection, dialect
        raise NotAuthenticated("opaque")

    def _principal(
        self, token: str, claims: Mapping[str, Any], issuer: AcceptedIssuer, dialect: Dialect, expires_at: int
    ) -> Principal:
        principal = principal_of(
            claims,
            issuer=issuer.url,
            dialect=dialect,
            audiences=issuer.audiences,
            roles=issuer.issuer.roles,
            expires_at=expires_at,
            watch=partial(self._watch, token),
        )
        if principal.auth_time > self._clock.now() + self._leeway:  # it would be recent for as long as it is to come
            raise TokenRefused("not_yet_valid")
        return principal

    async def _watch(self, token: str, _: Principal) -> None:
        """Wait until a token is no longer good; nobody to ask counts as its end."""
        while True:
            try:
                await self.bearer(token)
            except AuthError:
                return
            await asyncio.sleep(_WATCH_S)


def _feed_of(issuer: AcceptedIssuer, dialect: Dialect) -> RevocationFeed | None:
    return issuer.feed if dialect.has_user_ids else None
