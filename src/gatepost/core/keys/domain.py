"""The life of a signing key: next → active → retired → removed, as a pure function of times.

No state is stored, so that no process has to be told of a transition. A key signs only after every cached JWKS must
have seen it, and is kept until the last token that it can have signed has died.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gatepost.crypto.jwt import Algorithm

SKEW_S = 60


class KeyState(StrEnum):
    """Where a key is in its life."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRED = "retired"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class KeyPolicy:
    """How keys live; all times in seconds.

    Attributes:
        algorithm: of new keys.
        rotation: the age at which a successor is made.
        jwks_max_age: how long others may cache our JWKS.
        token_lifetime: the longest life of a token, leeway included.
    """

    algorithm: Algorithm = "ES256"
    rotation: int = 90 * 86_400
    jwks_max_age: int = 300
    token_lifetime: int = 960

    @property
    def publish_ahead_ms(self) -> int:
        """How long a key is published before it signs."""
        return (self.jwks_max_age + SKEW_S) * 1000

    @property
    def keep_after_ms(self) -> int:
        """How long a key verifies after its successor began to sign."""
        return (self.token_lifetime + SKEW_S) * 1000


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key without its private half; times in milliseconds since the Unix epoch."""

    sequence: int
    kid: str
    algorithm: Algorithm
    created_at: int
    active_from: int
    removed_at: int | None


def is_removed(row: KeyRow, rows: Sequence[KeyRow], policy: KeyPolicy, now_ms: int) -> bool:
    """Whether the key no longer verifies: it was removed by hand, or succeeded long enough ago."""
    if row.removed_at is not None:  # at once, whatever the clocks of two machines make of the time
        return True
    successors = [other.active_from for other in rows if other.sequence > row.sequence]
    return bool(successors) and now_ms >= min(successors) + policy.keep_after_ms


def state_of(row: KeyRow, rows: Sequence[KeyRow], policy: KeyPolicy, now_ms: int) -> KeyState:
    """Return the key's state at a time."""
    if is_removed(row, rows, policy, now_ms):
        return KeyState.REMOVED
    signer = signer_of(rows, policy, now_ms)
    if signer is not None and signer.kid == row.kid:
        return KeyState.ACTIVE
    return KeyState.NEXT if now_ms < row.active_from else KeyState.RETIRED


def signer_of(rows: Sequence[KeyRow], policy: KeyPolicy, now_ms: int) -> KeyRow | None:
    """Return the key that signs: the newest that is old enough, whatever its algorithm.

    Any other would be removed before the tokens that it signs have died. Where none is old enough, because this
    machine's clock is behind the database's, it is the one that will be next.
    """
    living = [row for row in rows if not is_removed(row, rows, policy, now_ms)]
    ready = [row for row in living if row.active_from <= now_ms]
    if ready:
        return max(ready, key=lambda row: row.sequence)
    return min(living, key=lambda row: row.active_from, default=None)


def needs_successor(rows: Sequence[KeyRow], policy: KeyPolicy, now_ms: int) -> bool:
    """Whether a new key is due: there is none, or the newest is old."""
    newest = max(rows, key=lambda row: row.sequence, default=None)
    if newest is None or newest.removed_at is not None:
        return True
    return now_ms - newest.created_at >= policy.rotation * 1000


def is_of_another_algorithm(rows: Sequence[KeyRow], policy: KeyPolicy) -> bool:
    """Whether the settings ask for another algorithm than that of the newest key."""
    return bool(rows) and max(rows, key=lambda row: row.sequence).algorithm != policy.algorithm
