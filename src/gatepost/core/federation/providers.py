"""The running providers: a start does not wait for them, and one that is down disturbs nobody else."""

import asyncio
import logging
from collections.abc import Mapping

from gatepost.core.federation.policy import FederationPolicy, ProviderPolicy
from gatepost.core.federation.provider import Provider
from gatepost.core.federation.redeemed import ProviderTokens
from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import NotFound
from gatepost.outbound import Outbound
from gatepost.trust.issuer import TrustedIssuer

_PAUSE_S = 60.0
_log = logging.getLogger("gatepost.social")


class Providers:
    """The providers of one Gatepost, by name."""

    def __init__(self, policy: FederationPolicy, outbound: Outbound, clock: Clock) -> None:
        self.policy = policy
        self._providers = {
            name: Provider(one, f"{policy.callback_base}{name}", outbound, clock)
            for name, one in policy.providers.items()
        }

    @property
    def policies(self) -> Mapping[str, ProviderPolicy]:
        """What settings say of each."""
        return self.policy.providers

    def get(self, name: str) -> Provider:
        """Return a provider.

        Raises:
            NotFound: there is none of the name.
        """
        provider = self._providers.get(name)
        if provider is None:
            raise NotFound
        return provider

    async def refresh(self, name: str, refresh_token: str) -> ProviderTokens:
        """Return new tokens of a provider for a refresh token of it.

        Raises:
            NotFound: there is none of the name.
            RefreshRefused, ProviderRefused, ProviderUnavailable: as in `Provider.refresh`.
        """
        return await self.get(name).refresh(refresh_token)

    async def run(self) -> None:
        """Keep metadata and keys of all of them young, until cancelled."""
        issuers = [provider.issuer for provider in self._providers.values() if provider.issuer is not None]
        await asyncio.gather(*map(_keep_young, issuers))

    async def close(self) -> None:
        """Stop asking."""
        for provider in self._providers.values():
            if provider.issuer is not None:
                await provider.issuer.close()


async def _keep_young(issuer: TrustedIssuer) -> None:
    while True:
        try:
            await issuer.run()
        except Exception:  # noqa: BLE001 - whatever it is, the others go on
            _log.exception("a provider's keys cannot be kept young, and will be tried again")
        await asyncio.sleep(_PAUSE_S)
