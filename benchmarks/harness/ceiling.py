"""What the cores can hash at best: Argon2id alone, with Gatepost's parameters, in threads.

A worker: `python -m benchmarks.harness.ceiling`.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

from argon2 import PasswordHasher
from argon2.low_level import Type

from benchmarks.harness.identity import PASSWORD
from benchmarks.harness.worker import pin, serve
from gatepost.crypto.passwords import hash_threads

MEMORY_KIB, PASSES, LANES = 19456, 2, 1


async def threads() -> int:
    """Return how many threads Gatepost would hash with in a process that is pinned as this one is."""
    return hash_threads(MEMORY_KIB)


async def slice_(threads: int, seconds: float) -> float:
    """Return the verifications per second of so many threads."""
    hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID)
    stored = hasher.hash(PASSWORD)

    def verify_until(end: float) -> int:
        count = 0
        while perf_counter() < end:
            hasher.verify(stored, PASSWORD)
            count += 1
        return count

    with ThreadPoolExecutor(threads) as pool:
        begin = perf_counter()
        counts = [pool.submit(verify_until, begin + seconds) for _ in range(threads)]
        total = sum(each.result() for each in counts)
        return total / (perf_counter() - begin)


if __name__ == "__main__":
    pin()
    asyncio.run(serve({"threads": threads, "slice": slice_}))
