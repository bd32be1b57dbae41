"""Starting: from settings to a running core with every feature attached, and to what runs beside it."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from gatepost.core.outbox.desk import MailDesk
from gatepost.core.outbox.rendering import Renderer
from gatepost.core.runtime import Core, running_core
from gatepost.core.sessions.claims import ClaimsFunction, HostClaims
from gatepost.core.users.domain import Profile
from gatepost.core.users.flow import Users
from gatepost.feature import Feature, FeatureHost
from gatepost.kernel.clock import Clock
from gatepost.kernel.events import Listeners
from gatepost.settings import Settings
from gatepost.storage.database import Database
from gatepost.storage.migrate import migrate, require_current

_log = logging.getLogger("gatepost")


@asynccontextmanager
async def started_core(
    settings: Settings,
    clock: Clock,
    listeners: Listeners,
    profile: type[Profile],
    features: Iterable[Feature],
    claims_functions: Iterable[ClaimsFunction],
    *,
    renderer: Renderer,
) -> AsyncIterator[Core]:
    """Start database and core, and stop both at the end.

    Raises:
        ConfigurationError: an unsafe or impossible setting; the message says the cure.
    """
    policy, public_url = settings.core_policy(), settings.checked_public_url()
    if policy.outbound.allows_loopback:
        _log.warning("GATEPOST_OUTBOUND_DANGEROUSLY_REACHES_LOOPBACK: issuers on this machine are believed, in clear")
    database = Database(settings.url_of_database, clock, pool_size=settings.database_pool_size)
    users: Users[Any] = Users(database, listeners, profile, settings.admin_role)
    claims = HostClaims(users)
    for function in claims_functions:
        claims.add(function)
    try:
        await database.start()
        await (require_current(database) if settings.is_production else migrate(database))
        async with running_core(
            database,
            policy,
            listeners=listeners,
            users=users,
            claims=claims,
            desk=partial(MailDesk, users, renderer, public_url=public_url, pages_url=settings.pages_base()),
            factors=[factor for feature in features for factor in feature.factors],
        ) as core:
            yield core
    finally:
        await database.stop()


def attach(feature: Feature, host: FeatureHost, core: Core) -> None:
    """Give the core what a feature adds to it."""
    for kind, composer in feature.mails.items():
        core.desk.on(kind, composer(host))
    core.pruning.extend(partial(prune, host) for prune in feature.pruning)


async def greet(features: Iterable[Feature], host: FeatureHost) -> None:
    """Let features say on standard error what whoever started this server should know."""
    for feature in features:
        for greeting in feature.greetings:
            if (line := await greeting(host)) is not None:
                sys.stderr.write(f"{line}\n")


def serve_tasks(features: Iterable[Feature], host: FeatureHost, core: Core) -> None:
    """Start what core and features do beside requests; the core ends it."""
    core.tasks.append(asyncio.create_task(core.trail.sealer.run()))
    if core.webhooks.policy.endpoints:
        core.tasks.append(asyncio.create_task(core.webhooks.run()))
    if core.providers.policies:
        core.tasks.append(asyncio.create_task(core.providers.run()))
    core.tasks.extend(asyncio.create_task(task(host)) for feature in features for task in feature.tasks)
