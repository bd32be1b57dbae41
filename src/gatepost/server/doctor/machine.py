"""What hashing a password costs on this machine."""

import time
from collections.abc import Iterator

from gatepost.crypto.capacity import cores, hash_threads, memory_bytes
from gatepost.crypto.passwords import HashPolicy
from gatepost.crypto.schemes import make
from gatepost.server.doctor import rules
from gatepost.server.doctor.rules import Finding
from gatepost.settings import Settings

_SLOW_S = 1.0
_TRIES = 2
_SHARE_OF_MEMORY = 2


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield what this machine finds too dear."""
    seconds = min(hash_seconds(settings.hash_policy()) for _ in range(_TRIES))
    if seconds > _SLOW_S:
        yield Finding(
            rules.HASH_TIME,
            f"one password hash takes {seconds:.1f} s here",
            "lower GATEPOST_HASH_MEMORY_KIB or GATEPOST_HASH_TIME_COST, not below 19456 KiB and 2 passes",
        )
    threads = min(settings.hash_threads or hash_threads(settings.hash_memory_kib), cores())
    if threads * settings.hash_memory_kib * 1024 > memory_bytes() // _SHARE_OF_MEMORY:
        yield Finding(
            rules.HASH_TIME,
            f"{threads} hashes at once take more than half of this machine's memory",
            "lower GATEPOST_HASH_THREADS",
        )


def hash_seconds(policy: HashPolicy) -> float:
    """Return how long one hash takes, in seconds."""
    began = time.perf_counter()
    make(b"a password of the usual length", policy)
    return time.perf_counter() - began
