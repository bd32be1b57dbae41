"""The core, assembled and running: what features and the guard reach for. Started once per process."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from gatepost.core.api_keys.domain import ApiKeyPolicy
from gatepost.core.api_keys.flow import ApiKeys
from gatepost.core.audit.denials import Denials
from gatepost.core.audit.pruning import AuditPolicy
from gatepost.core.audit.trail import AuditTrail
from gatepost.core.authentication import Authenticator
from gatepost.core.budgets import Budgets
from gatepost.core.changes import Change, ChangeFeed, ChangeKind, open_feed, prune_changes
from gatepost.core.devices import DevicePolicy, Devices
from gatepost.core.federation.codes import Codes
from gatepost.core.federation.policy import FederationPolicy
from gatepost.core.federation.providers import Providers
from gatepost.core.federation.requests import Requests, prune_requests
from gatepost.core.identities.assembly import assembled
from gatepost.core.identities.flow import Identities
from gatepost.core.identities.policy import IdentityPolicy
from gatepost.core.keys import KeyPolicy, Keyring
from gatepost.core.login import Login, LoginPolicy
from gatepost.core.login.flow import RemainingFactors
from gatepost.core.outbox import Mailer
from gatepost.core.outbox.desk import MailDesk
from gatepost.core.outbox.worker import OutboxWorker, prune_mails
from gatepost.core.passwords import PasswordPolicy, PasswordRules, Passwords
from gatepost.core.passwords.requirement import PasswordRequirement
from gatepost.core.proofs import ProofPolicy, Proofs
from gatepost.core.roles.domain import RolePolicy
from gatepost.core.roles.flow import Roles
from gatepost.core.roles.table import RoleTable
from gatepost.core.sessions.claims import HostClaims
from gatepost.core.sessions.domain import SessionPolicy
from gatepost.core.sessions.flow import Services, Sessions
from gatepost.core.sessions.refresh import Refresher
from gatepost.core.sessions.tokens import TokenPolicy
from gatepost.core.throttle import Budget, Throttle
from gatepost.core.throttle.attempts import Attempts
from gatepost.core.throttle.opening import opened_throttle
from gatepost.core.users.flow import Users
from gatepost.core.webhooks.domain import WebhookPolicy
from gatepost.core.webhooks.worker import Webhooks
from gatepost.crypto.passwords import HashPolicy, PasswordHasher, Peppers
from gatepost.kernel.clock import Clock
from gatepost.kernel.events import Listeners
from gatepost.kernel.purpose import PurposeKeys
from gatepost.kernel.tasks import end_tasks
from gatepost.outbound import Outbound, OutboundPolicy
from gatepost.storage.database import Database

MAINTENANCE_S = 60.0
_log = logging.getLogger("gatepost")


@dataclass(frozen=True, slots=True, kw_only=True)
class CorePolicy:
    """Everything that the core is told by settings."""

    keys: PurposeKeys
    key_policy: KeyPolicy
    sessions: SessionPolicy
    tokens: TokenPolicy
    roles: RolePolicy
    api_keys: ApiKeyPolicy
    login: LoginPolicy
    hashes: HashPolicy
    proofs: ProofPolicy
    budgets: Mapping[str, Budget]
    passwords: PasswordRules
    audit: AuditPolicy
    webhooks: WebhookPolicy
    federation: FederationPolicy
    outbound: OutboundPolicy
    identities: IdentityPolicy
    peppers: Peppers = field(default_factory=Peppers)
    devices: DevicePolicy = field(default_factory=DevicePolicy)
    hash_threads: int | None = None
    hash_queue: int = 64
    revocation_bound: float = 1.0
    listen_url: str | None = None
    redis_url: str | None = None
    throttle_in_memory: bool = False


@dataclass(slots=True, kw_only=True)
class Core:
    """The running services of one Gatepost."""

    clock: Clock
    database: Database
    listeners: Listeners
    keys: PurposeKeys
    keyring: Keyring
    feed: ChangeFeed
    users: Users[Any]
    roles: Roles
    api_keys: ApiKeys
    denials: Denials
    passwords: Passwords
    password_policy: PasswordPolicy
    password_requirement: PasswordRequirement
    sessions: Sessions
    refresher: Refresher
    services: Services
    throttle: Throttle
    attempts: Attempts
    budgets: Budgets
    login: Login
    login_policy: LoginPolicy
    authenticator: Authenticator[Any]
    proofs: Proofs
    devices: Devices
    desk: MailDesk
    trail: AuditTrail
    webhooks: Webhooks
    federation: FederationPolicy
    outbound: Outbound
    identities: Identities
    providers: Providers
    requests: Requests
    codes: Codes
    pruning: list[Callable[[], Awaitable[int]]]
    redis: Any = None
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


@asynccontextmanager
async def running_core(
    database: Database,
    policy: CorePolicy,
    *,
    listeners: Listeners,
    users: Users[Any],
    claims: HostClaims,
    desk: Callable[[Proofs], MailDesk],
    factors: Sequence[RemainingFactors] = (),
) -> AsyncIterator[Core]:
    """Start the core over a started database whose tables are current, and stop it at the end.

    It sends no mail until `serve_mail` is called; a command never does, the server's own mailer will send it.
    """
    keyring, table = Keyring(database, policy.keys, policy.key_policy), RoleTable(database, policy.roles)
    feed = await open_feed(database, bound=policy.revocation_bound, listen_url=policy.listen_url)
    hasher = PasswordHasher(policy.hashes, peppers=policy.peppers, threads=policy.hash_threads, queue=policy.hash_queue)
    passwords = Passwords(database, hasher)
    password_policy = PasswordPolicy(policy.passwords, passwords, listeners, database.clock)
    outbound = Outbound(policy.outbound)
    providers = Providers(policy.federation, outbound, database.clock)
    redis: Any = None
    api_keys: ApiKeys | None = None
    tasks: list[asyncio.Task[None]] = []
    try:
        feed.index.subscribe(keyring.heard)  # before the first read: what changes meanwhile is read again
        feed.index.subscribe(table.heard)
        await keyring.ensure()
        await table.freshen()
        await password_policy.start()
        await passwords.warn_of_unknown_peppers()
        services = Services(database, policy.keys, keyring, feed, claims, policy.sessions, policy.tokens, table)
        sessions = Sessions(services)
        requirement = PasswordRequirement(services, listeners, password_policy)
        devices, proofs = (
            Devices(database, policy.keys, policy.devices),
            Proofs(database, policy.keys, policy.proofs),
        )
        throttle, redis = opened_throttle(database, redis_url=policy.redis_url, in_memory=policy.throttle_in_memory)
        attempts = Attempts(database, throttle, policy.keys, policy.budgets)
        login = Login(
            database=database,
            listeners=listeners,
            passwords=passwords,
            requirement=requirement,
            sessions=sessions,
            throttle=throttle,
            keys=policy.keys,
            policy=policy.login,
            devices=devices,
            factors=factors,
        )
        identities = assembled(
            services=services,
            listeners=listeners,
            users=users,
            login=login,
            proofs=proofs,
            devices=devices,
            federation=policy.federation,
            policy=policy.identities,
            refresh=providers.refresh,
        )
        webhooks = Webhooks(database, policy.keys, policy.webhooks)
        trail = AuditTrail(database, policy.keys, policy.audit, [webhooks.follow])
        users.feed = feed
        api_keys = ApiKeys(database, listeners, feed, policy.keys, policy.api_keys)
        authenticator = Authenticator(services, users, api_keys)
        core = Core(
            clock=database.clock,
            database=database,
            listeners=listeners,
            keys=policy.keys,
            keyring=keyring,
            feed=feed,
            users=users,
            roles=Roles(database, listeners, feed, table, users.admin_role),
            api_keys=api_keys,
            denials=Denials(database),
            passwords=passwords,
            password_policy=password_policy,
            password_requirement=requirement,
            sessions=sessions,
            refresher=Refresher(services, sessions),
            services=services,
            throttle=throttle,
            attempts=attempts,
            budgets=Budgets(database, users, throttle, login.guesses.units, attempts),
            login_policy=policy.login,
            login=login,
            authenticator=authenticator,
            proofs=proofs,
            devices=devices,
            desk=desk(proofs),
            trail=trail,
            webhooks=webhooks,
            federation=policy.federation,
            outbound=outbound,
            identities=identities,
            providers=providers,
            requests=Requests(database, policy.keys, providers),
            codes=Codes(database, policy.keys, identities, sessions),
            pruning=[
                lambda: prune_changes(database),
                throttle.prune,
                sessions.prune,
                proofs.prune,
                devices.prune,
                api_keys.prune,
                keyring.prune,
                attempts.prune,
                identities.prune,
                lambda: prune_requests(database),
                lambda: prune_mails(database),
                webhooks.prune,
                trail.prune,
            ],
            redis=redis,
        )
        feed.index.subscribe(lambda change: _forget_tokens(authenticator, change))
        table.subscribe(authenticator.forget)
        tasks.append(asyncio.create_task(_maintain(core)))
        core.tasks = tasks
        yield core
    finally:
        await end_tasks(tasks)
        if api_keys is not None:
            await api_keys.stop()
        users.feed = None
        await password_policy.stop()
        hasher.close()
        await feed.stop()
        await providers.close()
        await outbound.close()
        if redis is not None:
            await redis.close()


def serve_mail(core: Core, mailer: Mailer) -> None:
    """Send what is due until the core stops; every composer must be at the desk by now."""
    outbox = OutboxWorker(core.database, core.keys, core.desk, mailer)
    core.tasks.append(asyncio.create_task(outbox.run()))


def _forget_tokens(authenticator: Authenticator[Any], change: Change) -> None:
    if change.kind in {ChangeKind.KEYS, ChangeKind.GAP}:
        authenticator.forget_tokens()


async def maintain(core: Core) -> None:
    """Keep tables bounded and keys young, once; a part that fails keeps no other from being done."""
    parts: list[Callable[[], Awaitable[object]]] = [partial(core.keyring.ensure, is_start=False), *core.pruning]
    for part in parts:
        try:
            await part()
        except Exception:  # noqa: BLE001 - the next round tries again
            _log.exception("maintenance failed in a part and will be tried again")


async def _maintain(core: Core) -> None:
    while True:
        await asyncio.sleep(MAINTENANCE_S)
        await maintain(core)
