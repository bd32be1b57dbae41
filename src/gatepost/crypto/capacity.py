"""How many passwords this process may hash at once: as CPUs and memory, cgroups (v2, v1) and affinity allow.

A container sees the whole machine's CPUs and memory; a pool sized by those is throttled by the kernel together with
everything else in the process, or killed.
"""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_ROOT = Path("/")
_SHARE_OF_MEMORY = 4  # hashing may fill a quarter


def hash_threads(memory_kib: int, workers: int = 1) -> int:
    """Return how many threads each of so many worker processes should hash with: at least one, at most the cores."""
    by_cpu = cores() // workers
    by_memory = memory_bytes() // _SHARE_OF_MEMORY // workers // (memory_kib * 1024)
    return max(1, min(by_cpu, by_memory))


def cores(root: Path = _ROOT) -> int:
    """Return the whole cores that this process may use."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([usable, *(int(quota) for quota in _cpu_quotas(root))]))


def memory_bytes(root: Path = _ROOT) -> int:
    """Return the memory that this process may use."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 1 << 30
    limits = (
        int(text)
        for folder in _folders(root, "memory")
        for text in (_read(folder / "memory.max"), _read(folder / "memory.limit_in_bytes"))
        if text.isdecimal()  # "max" where there is none
    )
    return min([physical, *limits])


def _cpu_quotas(root: Path) -> Iterator[float]:
    for folder in _folders(root, "cpu"):
        quota, _, period = _read(folder / "cpu.max").partition(" ")
        if not quota:
            quota, period = _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")
        if quota.isdecimal() and period.isdecimal() and int(period):  # "max" and "-1" where there is none
            yield int(quota) / int(period)


def _folders(root: Path, controller: str) -> Iterator[Path]:
    """Yield the folders whose limits hold: a parent's limit binds its children, so all the way up."""
    mounts = root / "sys/fs/cgroup"
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            names = ("", "unified")  # v2, alone or beside v1
        elif controller in controllers.split(","):
            names = (controller, controllers)
        else:
            continue
        own = PurePosixPath(path.lstrip("/"))
        for name in names:
            for relative in (own, *own.parents):
                if ".." not in relative.parts:  # outside of the cgroup namespace
                    yield mounts / name / relative


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, UnicodeError):
        return ""
