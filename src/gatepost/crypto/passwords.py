"""Hashing and verifying passwords: Argon2id in a bounded pool of threads, other schemes for imported users.

Every verification costs at least one hash of the policy, right or wrong, known user or not; otherwise the answer's time
says who has an account. The exception cannot be helped here: a stored hash dearer than the policy takes its own time.
"""

import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from gatepost.crypto import schemes
from gatepost.crypto.capacity import cores, hash_threads
from gatepost.crypto.hash_pool import HashPool, PasswordQueueFull, Slot
from gatepost.crypto.pepper import Peppers, split_mark
from gatepost.crypto.schemes import HashPolicy, HashRefused

__all__ = [
    "HashPolicy",
    "HashRefused",
    "PasswordHasher",
    "PasswordQueueFull",
    "Peppers",
    "Slot",
    "Verdict",
    "check_importable",
    "hash_threads",
]

_T = TypeVar("_T")
_OWASP = HashPolicy()
_UNPEPPERED = Peppers()
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found.

    Attributes:
        is_right: the password matches.
        rehash: a new hash to store in place of the one that was verified, where that one is foreign or outdated.
    """

    is_right: bool
    rehash: str | None = field(repr=False)


class PasswordHasher:
    """Hashes in threads of its own; none is started before the first use, and a fork starts with none.

    Args:
        policy: parameters of new hashes.
        peppers: the pepper of new hashes, and those of older ones.
        threads: at most so many (and never more than cores), or None for what CPUs and memory allow one process.
        queue: how many may wait.
    """

    def __init__(
        self,
        policy: HashPolicy = _OWASP,
        *,
        peppers: Peppers = _UNPEPPERED,
        threads: int | None = None,
        queue: int = 64,
    ) -> None:
        self._policy = policy
        self.peppers = peppers
        wanted = hash_threads(policy.memory_kib) if threads is None else threads
        self._pool = HashPool(max(1, min(wanted, cores())), queue)

    @property
    def threads(self) -> int:
        """Return how many hashes run at once, at most."""
        return self._pool.threads

    @property
    def taken(self) -> int:
        """Return how many hashes run or wait."""
        return self._pool.taken

    def reserve(self) -> Slot:
        """Take a place in the queue before anything else is done for a request.

        Raises:
            PasswordQueueFull: there is none, now.
        """
        return self._pool.reserve()

    async def hash(self, password: str, slot: Slot | None = None) -> str:
        """Return a new hash of the password.

        Raises:
            PasswordQueueFull: no slot was given and there is none.
        """
        return await self.compute(partial(_make, _encoded(password), self._policy, self.peppers), slot)

    async def verify(self, password: str, stored: str | None, slot: Slot | None = None) -> Verdict:
        """Compare the password with a stored hash, or with none at the same cost.

        Raises:
            PasswordQueueFull: no slot was given and there is none.
        """
        return await self.compute(partial(_verify, _encoded(password), stored, self._policy, self.peppers), slot)

    async def compute(self, work: Callable[[], _T], slot: Slot | None = None) -> _T:
        """Do some work in a thread of the pool.

        Raises:
            PasswordQueueFull: no slot was given and there is none.
        """
        with self.reserve() if slot is None else contextlib.nullcontext(slot) as held:
            return await self._pool.run(work, held)

    def close(self) -> None:
        """Let the threads end."""
        self._pool.close()


def check_importable(stored: str, peppers: Peppers = _UNPEPPERED) -> None:
    """Accept a hash of another system, or refuse it at import rather than at its user's first sign-in.

    Args:
        stored: as the other system kept it.
        peppers: of this system; a peppered hash is one of ours, and needs its pepper.

    Raises:
        HashRefused: unknown scheme, malformed, a cost that nobody should be able to order, or an unknown pepper.
    """
    _read(b"", stored, peppers)


def _make(password: bytes, policy: HashPolicy, peppers: Peppers) -> str:
    return peppers.marked(schemes.make(peppers.applied(password, peppers.current_id), policy))


def _read(password: bytes, stored: str, peppers: Peppers) -> tuple[bytes, schemes.Scheme, str | None]:
    """Return what the hash was made of, how, and the id of its pepper."""
    pepper_id, unmarked = split_mark(stored)
    return peppers.applied(password, pepper_id), schemes.parse(unmarked), pepper_id


def _verify(password: bytes, stored: str | None, policy: HashPolicy, peppers: Peppers) -> Verdict:
    spent = 0
    if stored is not None:
        try:
            secret, scheme, pepper_id = _read(password, stored, peppers)
            if scheme.is_right(secret):
                is_current = pepper_id == peppers.current_id and schemes.is_current(scheme, policy)
                return Verdict(is_right=True, rehash=None if is_current else _make(password, policy, peppers))
            spent = scheme.kib_passes if isinstance(scheme, schemes.Argon2) else 0
        except HashRefused as refused:
            _log.warning("a stored password hash cannot be verified: %s", refused)
    if spent < policy.memory_kib * policy.time_cost:
        schemes.decoy(policy, spent).is_right(password)
    return Verdict(is_right=False, rehash=None)


def _encoded(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")  # JSON can spell lone surrogates: a wrong password, not a crash
