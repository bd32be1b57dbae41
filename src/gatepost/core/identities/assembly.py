"""The parts of accounts elsewhere, put together once for a running core."""

from typing import Any

from gatepost.core.devices import Devices
from gatepost.core.federation.policy import FederationPolicy
from gatepost.core.federation.tokens import KeptTokens, Refresh
from gatepost.core.identities.entering import Entering
from gatepost.core.identities.flow import Identities
from gatepost.core.identities.policy import IdentityPolicy
from gatepost.core.identities.records import Records
from gatepost.core.login import Login
from gatepost.core.proofs import Proofs
from gatepost.core.sessions.flow import Services
from gatepost.core.users.flow import Users
from gatepost.kernel.events import Listeners


def assembled(  # noqa: PLR0913 - by keyword, from one place
    *,
    services: Services,
    listeners: Listeners,
    users: Users[Any],
    login: Login,
    proofs: Proofs,
    devices: Devices,
    federation: FederationPolicy,
    policy: IdentityPolicy,
    refresh: Refresh,
) -> Identities:
    """Return the accounts elsewhere of one Gatepost."""
    tokens = KeptTokens(services.database, services.keys, refresh)
    records = Records(services.database, services.keys, tokens)
    entering = Entering(
        services=services,
        listeners=listeners,
        users=users,
        login=login,
        proofs=proofs,
        devices=devices,
        records=records,
        policy=policy,
    )
    return Identities(
        services=services,
        listeners=listeners,
        entering=entering,
        records=records,
        tokens=tokens,
        providers=federation.providers,
        policy=policy,
    )
