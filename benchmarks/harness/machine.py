"""What the numbers were measured on, without a name or path of the machine."""

import os
import platform
import sqlite3
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.harness.peers import peers_python
from benchmarks.harness.report import table

OURS = (
    "fastapi",
    "starlette",
    "uvicorn",
    "pydantic",
    "sqlalchemy",
    "joserfc",
    "cryptography",
    "argon2-cffi",
    "psycopg",
)
PEERS = (
    "fastapi",
    "sqlalchemy",
    "fastapi-users",
    "python-jose",
    "passlib",
    "bcrypt",
    "pyjwt",
    "auth0-fastapi-api",
    "fastapi-azure-auth",
    "axioms-fastapi",
)


def describe(data: Path) -> str:
    """Return the machine and versions as a table."""
    rows = [
        ("date", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")),
        ("CPU", f"{cpu_model()}, {os.cpu_count()} cores"),
        ("memory", memory()),
        ("file system of the databases", file_system(data)),
        ("system", f"{platform.system()} {platform.release()}"),
        ("load before the run", load()),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}, SQLite {sqlite3.sqlite_version}"),
        ("Gatepost runs on", ", ".join(f"{name} {installed(name)}" for name in OURS)),
        ("the peers run on", peer_versions()),
    ]
    return table(("", ""), rows)


def cpu_model() -> str:
    """Return the model that the kernel names."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def memory() -> str:
    """Return the size of the memory."""
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"


def load() -> str:
    """Return the load averages: what else ran."""
    return ", ".join(f"{each:.2f}" for each in os.getloadavg()) + " (1, 5, 15 minutes)"


def file_system(folder: Path) -> str:
    """Return the type of the file system of a folder, from the kernel's table of mounts."""
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return "unknown"
    pairs = [line.split()[1:3] for line in mounts.read_text().splitlines()]
    holding = [(len(point), kind) for point, kind in pairs if folder.resolve().is_relative_to(point)]
    return max(holding)[1] if holding else "unknown"


def installed(name: str) -> str:
    """Return the version of a package here."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def peer_versions() -> str:
    """Return the versions in the peers' environment."""
    program = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    run = [peers_python(), "-c", program, *PEERS]
    found = subprocess.run(run, check=True, capture_output=True, text=True, timeout=30).stdout.split()
    return ", ".join(f"{name} {number}" for name, number in zip(PEERS, found, strict=True))
