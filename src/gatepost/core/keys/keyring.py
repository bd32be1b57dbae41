"""The keys of this process: loaded at start and whenever the change feed says that they changed.

An unknown `kid` never causes a read: whatever may verify is here already, or the token is refused. A seal that cannot
be opened stops the start; nothing is generated over it.
"""

import asyncio

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.audit.domain import NOWHERE
from gatepost.core.changes.domain import Change, ChangeKind
from gatepost.core.changes.store import GRACE_MS, change_steps
from gatepost.core.keys.domain import (
    KeyPolicy,
    KeyRow,
    KeyState,
    is_of_another_algorithm,
    needs_successor,
    signer_of,
    state_of,
)
from gatepost.core.keys.store import claim_step, prune_keys, read_keys, remove_others_step, reseal
from gatepost.crypto.jwt import TokenKey, generate_key, load_key
from gatepost.crypto.sealed import SealBroken, is_current, seal, unseal
from gatepost.kernel.errors import ConfigurationError, Unavailable
from gatepost.kernel.purpose import PurposeKeys
from gatepost.storage.database import Database

_MAX_CLAIMS = 5
_KEPT_MS = 7 * 86_400_000


def _context(kid: str) -> str:
    return f"signing-key:{kid}"


class Keyring:
    """What signs and what verifies, now."""

    def __init__(self, database: Database, keys: PurposeKeys, policy: KeyPolicy) -> None:
        self._database = database
        self._keys = keys
        self.policy = policy
        self._rows: list[KeyRow] = []
        self._loaded: dict[str, TokenKey] = {}
        self._heard, self._read = 1, 0
        self._reading = asyncio.Lock()
        self._good: dict[str, TokenKey] = {}
        self._good_until = 0

    def heard(self, change: Change) -> None:
        """Take a change of the feed: keys are read again before they are next used."""
        if change.kind in {ChangeKind.KEYS, ChangeKind.GAP}:
            self._heard += 1

    @property
    def is_stale(self) -> bool:
        """Whether a change was heard that no good read has followed: the keys may not be used until `freshen`."""
        return self._read < self._heard

    async def freshen(self) -> None:
        """Read the keys unless somebody just did; those who wait share one read."""
        async with self._reading:
            if self.is_stale:
                await self._load()

    async def load(self) -> None:
        """Read and unseal every key that may still be used.

        Raises:
            ConfigurationError: a seal does not open under GATEPOST_SECRET or GATEPOST_SECRET_PREVIOUS.
        """
        async with self._reading:
            await self._load()

    async def _load(self) -> None:
        heard = self._heard
        found = await read_keys(self._database)
        rows = [row for row, _ in found]
        now = self._now()
        for row, sealed in found:
            if row.kid in self._loaded or state_of(row, rows, self.policy, now) is KeyState.REMOVED:
                continue
            try:
                self._loaded[row.kid] = load_key(unseal(self._keys, sealed, context=_context(row.kid)))
            except SealBroken as error:
                msg = (
                    f"the signing key {row.kid} cannot be opened with GATEPOST_SECRET: "
                    "restore the secret that it was sealed with, or give that one as GATEPOST_SECRET_PREVIOUS"
                )
                raise ConfigurationError(msg) from error
        self._loaded = {row.kid: self._loaded[row.kid] for row in rows if row.kid in self._loaded}
        self._rows, self._good_until, self._read = rows, 0, heard

    async def ensure(self, *, is_start: bool = True) -> bool:
        """Make the first key, or the successor that is due; return whether this process made one."""
        await self.load()
        made = False
        for _ in range(_MAX_CLAIMS):
            # Only a start follows the setting: while a new version is rolled out, two would outbid each other for ever.
            follows = is_start and is_of_another_algorithm(self._rows, self.policy)
            if not follows and not needs_successor(self._rows, self.policy, self._now()):
                return made
            made = await self._make(is_immediate=not self._verifying())
            await self.load()
        return made

    async def rotate(self, *, immediately: bool = False, origin: Origin = NOWHERE) -> str:
        """Make a successor and return its kid.

        Args:
            immediately: it signs at once and every other key is removed now, so that tokens signed before are
                refused: for a key that leaked.
            origin: for the audit trail.
        """
        for _ in range(_MAX_CLAIMS):
            await self.load()
            if await self._make(is_immediate=immediately, removes_others=immediately, origin=origin):
                await self.load()
                return self._rows[-1].kid
        msg = "other processes kept rotating at the same time"
        raise Unavailable(msg)

    async def _make(self, *, is_immediate: bool, removes_others: bool = False, origin: Origin = NOWHERE) -> bool:
        private = generate_key(self.policy.algorithm)
        kid = load_key(private).kid
        sealed = seal(self._keys, private, context=_context(kid))
        sequence = max((row.sequence for row in self._rows), default=0) + 1
        ahead = 0 if is_immediate else self.policy.publish_ahead_ms
        clock = self._database.clock
        keep_until = clock.now_ms() + self.policy.keep_after_ms + GRACE_MS
        results = await self._database.hot.run(
            claim_step(sequence, kid, self.policy.algorithm, sealed, ahead),
            *([remove_others_step(kid)] if removes_others else []),
            audit_step(clock, AuditEvent.KEY_ROTATED, origin=origin, detail={"kid": kid, "immediate": removes_others}),
            *change_steps(self._database, Change(ChangeKind.KEYS, None, None, keep_until)),
        )
        return bool(results[0])

    async def reseal(self) -> int:
        """Seal every key that may still be used under the current secret; return how many were changed."""
        changed = 0
        found = await read_keys(self._database)
        rows, now = [row for row, _ in found], self._now()
        for row, sealed in found:
            is_used = state_of(row, rows, self.policy, now) is not KeyState.REMOVED
            if is_used and not is_current(self._keys, sealed):
                private = unseal(self._keys, sealed, context=_context(row.kid))
                fresh = seal(self._keys, private, context=_context(row.kid))
                changed += await reseal(self._database, row.kid, sealed, fresh)
        return changed

    async def prune(self) -> int:
        """Delete keys that were removed a week ago; return how many."""
        return await prune_keys(self._database, self.policy.keep_after_ms + _KEPT_MS)

    def signer(self) -> TokenKey:
        """Return the key that signs now."""
        row = signer_of(self._rows, self.policy, self._now())
        if row is None:
            msg = "there is no signing key"
            raise Unavailable(msg)
        return self._loaded[row.kid]

    def verifying(self) -> dict[str, TokenKey]:
        """Return the keys that verify now, by kid."""
        now = self._now()
        if now >= self._good_until:  # states change by time alone: look again every second
            self._good, self._good_until = self._verifying(), now + 1000
        return self._good

    def _verifying(self) -> dict[str, TokenKey]:
        now = self._now()
        return {
            row.kid: self._loaded[row.kid]
            for row in self._rows
            if row.kid in self._loaded and state_of(row, self._rows, self.policy, now) is not KeyState.REMOVED
        }

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the public halves (RFC 7517, section 5); symmetric keys are not in it."""
        public = [key.public_jwk() for key in self._verifying().values()]
        return {"keys": [jwk for jwk in public if jwk is not None]}

    def listing(self) -> list[tuple[KeyRow, KeyState]]:
        """Return every key with its state, oldest first."""
        now = self._now()
        return [(row, state_of(row, self._rows, self.policy, now)) for row in self._rows]

    def _now(self) -> int:
        return self._database.clock.now_ms()
