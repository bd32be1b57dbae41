"""The pool is sized by what the container may use, not by what the machine has."""

import os
from pathlib import Path

import pytest

from gatepost.crypto import capacity


@pytest.fixture(autouse=True)
def _large_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)
    monkeypatch.setattr(os, "sysconf", lambda name: {"SC_PHYS_PAGES": 16 << 20, "SC_PAGE_SIZE": 4096}[name])


def _tree(root: Path, membership: str, **files: str) -> Path:
    for name, text in {"proc/self/cgroup": membership, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return root


def test_without_cgroups_affinity_and_physical_memory_count(tmp_path: Path) -> None:
    assert capacity.cores(tmp_path) == 16
    assert capacity.memory_bytes(tmp_path) == 64 << 30


@pytest.mark.parametrize(
    ("text", "expected"), [("max 100000", 16), ("250000 100000", 2), ("50000 100000", 1), ("junk", 16)]
)
def test_v2_cpu_quota(tmp_path: Path, text: str, expected: int) -> None:
    root = _tree(tmp_path, "0::/app", **{"sys/fs/cgroup/app/cpu.max": text})
    assert capacity.cores(root) == expected


def test_v2_limits_of_parents_hold(tmp_path: Path) -> None:
    root = _tree(
        tmp_path,
        "0::/pod/app",
        **{
            "sys/fs/cgroup/pod/app/cpu.max": "800000 100000",
            "sys/fs/cgroup/pod/cpu.max": "300000 100000",
            "sys/fs/cgroup/pod/app/memory.max": "max",
            "sys/fs/cgroup/pod/memory.max": str(512 << 20),
        },
    )
    assert capacity.cores(root) == 3
    assert capacity.memory_bytes(root) == 512 << 20


def test_v1_limits(tmp_path: Path) -> None:
    root = _tree(
        tmp_path,
        "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc",
        **{
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "200000",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": str(1 << 30),
        },
    )
    assert capacity.cores(root) == 2
    assert capacity.memory_bytes(root) == 1 << 30


def test_v1_without_limits(tmp_path: Path) -> None:
    root = _tree(
        tmp_path,
        "4:memory:/\n3:cpu:/",
        **{
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
        },
    )
    assert capacity.cores(root) == 16
    assert capacity.memory_bytes(root) == 64 << 30


def test_a_path_outside_of_the_namespace_is_not_followed(tmp_path: Path) -> None:
    root = _tree(tmp_path, "0::/../../secret", **{"secret/cpu.max": "100000 100000"})
    assert capacity.cores(root) == 16


def test_threads_are_shared_by_workers_and_bounded_by_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "cores", lambda: 8)
    monkeypatch.setattr(capacity, "memory_bytes", lambda: 1 << 30)
    assert capacity.hash_threads(19_456) == 8
    assert capacity.hash_threads(19_456, workers=4) == 2
    assert capacity.hash_threads(19_456, workers=100) == 1
    assert capacity.hash_threads(64 * 1024) == 4  # a quarter of 1 GiB holds four of 64 MiB
    assert capacity.hash_threads(256 * 1024, workers=2) == 1
