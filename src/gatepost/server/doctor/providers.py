"""Whom people may sign in with: what settings believe of them, and, where that is asked for, what they publish."""

import stat
from collections.abc import AsyncIterator
from pathlib import Path

from gatepost.core.federation.policy import ProviderPolicy
from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import ConfigurationError
from gatepost.outbound import Outbound
from gatepost.server.doctor import rules
from gatepost.server.doctor.rules import Finding
from gatepost.settings import Settings
from gatepost.trust.issuer import IssuerUnavailable, TrustedIssuer


async def examine(settings: Settings, clock: Clock, *, asks: bool) -> AsyncIterator[Finding]:
    """Yield what is believed too easily, and who does not answer.

    Args:
        settings: of the deployment.
        clock: for ages.
        asks: ask them.
    """
    for name, given in settings.providers.items():
        if given.private_key is not None and _is_read_by_others(given.private_key.get_secret_value()):
            yield Finding(
                rules.ENV_FILE,
                f"the file that private_key of {name} names can be read by others on this machine",
                "chmod 600 it, and have the server own it",
            )
    try:
        known = settings.federation_policy().providers.values()
        policy = settings.outbound_policy()
    except ConfigurationError:  # found already
        return
    for one in known:
        if one.trusts_email:
            yield Finding(
                rules.PROVIDER_TRUST,
                f"every address that {one.name} names counts as verified: whoever can write one there can be anybody",
                f"unset GATEPOST_PROVIDERS__{one.name.upper()}__DANGEROUSLY_TRUSTS_EMAIL, unless you run {one.name}",
            )
    if not asks:
        return
    outbound = Outbound(policy)
    try:
        for one in known:
            if one.preset.endpoints is None and (found := await _asked(one, outbound, clock)):
                yield found
    finally:
        await outbound.close()


def _is_read_by_others(private_key: str) -> bool:
    try:
        return bool(Path(private_key.strip()).stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    except (OSError, ValueError):  # the key itself, or nothing
        return False


async def _asked(one: ProviderPolicy, outbound: Outbound, clock: Clock) -> Finding | None:
    issuer = TrustedIssuer(one.issuer, outbound, clock, named=one.preset.discovered_issuer)
    try:
        await issuer.keys()
    except IssuerUnavailable as error:
        return Finding(
            rules.PROVIDER,
            f"{one.name} does not say who it is: {error.detail}",
            f"see that {one.issuer}/.well-known/openid-configuration can be read from here and names this issuer",
        )
    finally:
        await issuer.close()
    return None
