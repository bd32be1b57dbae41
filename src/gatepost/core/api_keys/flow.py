"""Making, using and revoking API keys.

A key is revoked as a session is ended: the row and a change of the feed in one transaction, with the key's id where a
session's would be. What a key is worth is asked of its user as it is now.
"""

import asyncio
import logging
import uuid
from collections.abc import Iterable

from gatepost.core.api_keys import store
from gatepost.core.api_keys.domain import (
    MAX_NAME,
    ApiKey,
    ApiKeyPolicy,
    KeyStanding,
    LivingKey,
    Minted,
    Minting,
    TooManyKeys,
    checked_lifetime,
    narrowed,
)
from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.audit.domain import NOWHERE
from gatepost.core.changes import Change, ChangeFeed, ChangeKind, record_change
from gatepost.core.changes.store import GRACE_MS
from gatepost.core.outbox import Job, MailKind, enqueue_step
from gatepost.kernel.api_keys import SHOWN, hashes_of, mint_api_key, parse_api_key
from gatepost.kernel.errors import AuthError, InvalidInput, NotAuthenticated
from gatepost.kernel.events import Listeners
from gatepost.kernel.ids import uuid7
from gatepost.kernel.principal import Principal
from gatepost.kernel.purpose import PurposeKeys
from gatepost.kernel.tasks import end_tasks
from gatepost.kernel.text import clean_text
from gatepost.storage.database import Database
from gatepost.storage.statement import Step
from gatepost.storage.unit_of_work import unit_of_work

LAST_ID = uuid.UUID(int=(1 << 128) - 1)
_KEPT_MS = 7 * 86_400_000
_log = logging.getLogger("gatepost.api_keys")


class ApiKeys:
    """The API keys of one Gatepost."""

    def __init__(
        self, database: Database, listeners: Listeners, feed: ChangeFeed, keys: PurposeKeys, policy: ApiKeyPolicy
    ) -> None:
        self._database = database
        self._listeners = listeners
        self._feed = feed
        self._keys = keys
        self.policy = policy
        self._writing: set[asyncio.Task[None]] = set()

    def minting(
        self,
        caller: Principal,
        *,
        name: str,
        scopes: Iterable[str] | None = None,
        lifetime: int | None = None,
        origin: Origin = NOWHERE,
    ) -> Minting:
        """Return what a caller may be given.

        Args:
            caller: who asks; a key can never have a scope that this credential does not have.
            name: for the list.
            scopes: None for all that the caller has.
            lifetime: in seconds; None for as long as a key may live.
            origin: for the audit trail.

        Raises:
            InvalidInput: a name that cannot be shown, a scope too many, a life too long.
        """
        shown = clean_text(name, field="name", max_length=MAX_NAME)
        if not shown:
            raise InvalidInput("name", "must not be empty")
        return Minting(
            user_id=caller.user_id,
            epoch=caller.epoch,
            name=shown,
            scopes=narrowed(scopes, caller.scopes, self.policy.scopes),
            lifetime=checked_lifetime(lifetime, self.policy.lifetime),
            origin=origin,
        )

    async def mint(self, wanted: Minting) -> Minted:
        """Make a key, unless its owner was signed out or disabled meanwhile.

        Raises:
            NotAuthenticated: the caller's epoch has moved.
            TooManyKeys: the owner has as many as one may have.
        """
        key_id, secret = uuid7(self._database.clock.now_ms()), mint_api_key()
        prefix, scope = secret[:SHOWN], " ".join(sorted(wanted.scopes))
        owner = {"user_id": wanted.user_id, "epoch": wanted.epoch}
        async with unit_of_work(self._database, self._listeners) as work:
            if not await work.run(store.lock_owner, **owner):
                reason = "signed out meanwhile"
                raise NotAuthenticated(reason)
            rows = await work.run(
                store.insert_key,
                **owner,
                key_id=key_id,
                name=wanted.name,
                hash=hashes_of(self._keys, secret)[0],
                prefix=prefix,
                scope=scope,
                lifetime_ms=(wanted.lifetime or 0) * 1000,
                max_keys=self.policy.limit,
            )
            if not rows:
                raise TooManyKeys
            details = {"name": wanted.name, "prefix": prefix}
            words = {**wanted.origin.words, **details}
            job = Job(kind=MailKind.API_KEY_MADE, user_id=wanted.user_id, details=words)
            await work.steps(
                self._record(AuditEvent.API_KEY_MADE, key_id, wanted.user_id, wanted.origin, **details, scope=scope),
                enqueue_step(self._database.clock, self._keys, job),
            )
        created_at, expires_at = rows[0]
        return Minted(ApiKey(key_id, wanted.name, prefix, scope, created_at, expires_at, None), secret)

    async def listing(self, user_id: uuid.UUID, before: uuid.UUID = LAST_ID, size: int = 100) -> list[ApiKey]:
        """Read a user's living keys, newest first."""
        values = {"user_id": user_id, "before": before, "page_size": size}
        return [ApiKey(*row) for row in await self._database.hot.read(store.listing, values)]

    async def revoke(self, key_id: uuid.UUID, user_id: uuid.UUID, *, origin: Origin = NOWHERE) -> bool:
        """Revoke a key of a user, in every process; return whether this call did."""
        async with unit_of_work(self._database, self._listeners) as work:
            if not await work.run(store.revoke, key_id=key_id, user_id=user_id):
                return False
            keep_until = self._database.clock.now_ms() + GRACE_MS
            change = Change(ChangeKind.SESSION_ENDED, key_id, None, keep_until)
            await record_change(work, self._database, self._feed.apply_own, change)
            await work.steps(self._record(AuditEvent.API_KEY_REVOKED, key_id, user_id, origin))
        return True

    async def read(self, text: str) -> LivingKey | None:
        """Return the key of a text if it is good now; what has not a key's form costs no look."""
        secret = parse_api_key(text)
        if secret is None:
            return None
        current, *previous = hashes_of(self._keys, secret)
        for found in (current, *previous):
            rows = await self._database.hot.read(store.by_hash, {"hash": found})
            if rows:
                key = LivingKey(*rows[0])
                if found != current:  # made under the secret before this one, which will be dropped some day
                    self._later((store.rehash, {"key_id": key.id, "old_hash": found, "hash": current}))
                return key
        return None

    async def standing(self, text: str) -> KeyStanding | None:
        """Return how the key of a text stands, which is no use of it; None where there is none."""
        secret = parse_api_key(text)
        for found in hashes_of(self._keys, secret) if secret is not None else ():
            rows = await self._database.hot.read(store.standing, {"hash": found})
            if rows:
                return KeyStanding(*rows[0])
        return None

    def note_use(self, key_id: uuid.UUID) -> None:
        """Write that a key is used, by the hour and beside the request; if that fails, the next hour tries again."""
        self._later((store.touch, {"key_id": key_id}))

    async def prune(self) -> int:
        """Delete keys that are dead for a week, or with their epoch; return how many."""
        before = self._database.clock.now_ms() - _KEPT_MS
        return len((await self._database.hot.run((store.prune, {"ended_before": before})))[0])

    async def stop(self) -> None:
        """End what is being written."""
        await end_tasks(list(self._writing))

    def _later(self, step: Step) -> None:
        task = asyncio.create_task(self._write(step))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, step: Step) -> None:
        try:
            await self._database.hot.run(step)
        except AuthError as error:
            _log.warning("the use of an API key could not be noted: %s", type(error).__name__)

    def _record(self, event: AuditEvent, key_id: uuid.UUID, user_id: uuid.UUID, origin: Origin, **detail: str) -> Step:
        detail = {"key": str(key_id), **detail}
        clock = self._database.clock
        return audit_step(clock, event, subject_id=user_id, actor_id=user_id, origin=origin, detail=detail)
