"""One issuer that is trusted: what it says of itself and its keys, held together and kept young."""

import asyncio
import logging
from collections.abc import Mapping

from gatepost.crypto.jwk import TokenKey
from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import AuthError
from gatepost.outbound import Outbound, OutboundFailed
from gatepost.trust.discovery import Metadata, discover
from gatepost.trust.flight import Flight
from gatepost.trust.jwks import JsonWebKeys, JwksPolicy

_METADATA_AGE_S = 3600.0
_log = logging.getLogger("gatepost.trust")


class IssuerUnavailable(AuthError):
    """Whoever signs cannot be asked, and nothing of it is held that could still be believed."""

    code = "issuer.unavailable"
    status = 503
    public = "The service that vouches for you does not answer at the moment."
    wait = 5


class TrustedIssuer:
    """Metadata and keys of one issuer.

    Args:
        url: its `issuer`, exactly.
        outbound: to ask it.
        clock: for ages.
        metadata: where the issuer publishes none; it is then not asked for.
        named: what its metadata calls it, where that is not `url`.
        policy: how long keys are held.
    """

    def __init__(
        self,
        url: str,
        outbound: Outbound,
        clock: Clock,
        *,
        metadata: Metadata | None = None,
        named: str | None = None,
        policy: JwksPolicy | None = None,
    ) -> None:
        self.url = url
        self.jwks = JsonWebKeys(outbound, clock, policy)
        self._outbound = outbound
        self._named = named
        self._clock = clock
        self._is_told = metadata is not None
        self._metadata = metadata
        self._read_at: float | None = None
        self._failed_at: float | None = None
        self._failure: OutboundFailed | None = None
        self._flight = Flight(self._ask)

    @property
    def version(self) -> int:
        """Grows when the keys change: who remembers tokens of this issuer forgets them then."""
        return self.jwks.version

    async def metadata(self) -> Metadata:
        """Return what the issuer says of itself; once an hour it is read again, behind the answer.

        Raises:
            IssuerUnavailable: it was never read.
        """
        if not self._is_told and not self._has_just_failed():
            if self._metadata is None:
                await self._flight.join()
            elif self._is_old():
                self._flight.start()
        if self._metadata is None:
            raise IssuerUnavailable(f"metadata: {self._failure}")
        return self._metadata

    async def keys(
        self, kid: str | None = None, *, signing_for: str | None = None, is_from_issuer: bool = False
    ) -> Mapping[str, TokenKey]:
        """Return the keys that are believed now.

        Args:
            kid: one that should be among them: where it is not, the issuer is asked again, once in a while.
            signing_for: an issuer of several that share this set: without the keys that say they are another one's.
            is_from_issuer: the issuer itself has just named this key, over TLS.

        Raises:
            IssuerUnavailable: there are none, and it does not answer.
        """
        metadata = await self.metadata()
        if metadata.jwks_uri is None:
            raise IssuerUnavailable("it publishes no keys")
        try:
            if kid is not None:
                await self.jwks.having(metadata.jwks_uri, kid, is_from_issuer=is_from_issuer)
            else:
                await self.jwks.current(metadata.jwks_uri)
        except OutboundFailed as failure:
            raise IssuerUnavailable(f"keys: {failure}") from None
        return self.jwks.keys if signing_for is None else self.jwks.keys_of(signing_for)

    async def run(self) -> None:
        """Keep both young, until cancelled."""
        while True:
            try:
                metadata = await self.metadata()
                if metadata.jwks_uri is not None:
                    await self.jwks.freshen(metadata.jwks_uri)
            except (IssuerUnavailable, OutboundFailed):
                await asyncio.sleep(self.jwks.policy.retry)
            else:
                await asyncio.sleep(self.jwks.policy.refresh * 0.8)

    async def close(self) -> None:
        """Stop asking."""
        await self._flight.end()
        await self.jwks.close()

    def _is_old(self) -> bool:
        if self._read_at is None:
            return True
        longest = self.jwks.policy.pause if self.jwks.may_have_moved else _METADATA_AGE_S
        return self._clock.boottime() - self._read_at > longest

    def _has_just_failed(self) -> bool:
        return self._failed_at is not None and self._clock.boottime() - self._failed_at < self.jwks.policy.retry

    async def _ask(self) -> None:
        asked_at = self._clock.boottime()
        try:
            self._metadata = await discover(self._outbound, self.url, named=self._named)
        except OutboundFailed as failure:
            if self._failed_at is None:  # of an outage, its beginning is told
                _log.warning("metadata of an issuer cannot be read: %s", failure)
            self._failure, self._failed_at = failure, self._clock.boottime()
        else:
            self._read_at, self._failure, self._failed_at = asked_at, None, None
