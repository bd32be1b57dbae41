"""One start of a process up to a stage, then its memory in one line: `python -m benchmarks.harness.footprint STAGE`.

The loop and the ASGI caller are loaded at every stage, so that the differences are Gatepost's alone.
"""

import importlib
import os
import sys
from pathlib import Path

import uvloop

from benchmarks.harness.inprocess import Caller
from benchmarks.harness.worker import pin

FRAMEWORKS = ("fastapi", "sqlalchemy.ext.asyncio")


async def reach(stage: str) -> None:
    """Do what the stage asks and say the memory in MB.

    Raises:
        SystemExit: the resource-server SDK loaded SQLAlchemy, or there is none.
    """
    if stage == "resource-server":
        sdk = getattr(importlib.import_module("gatepost"), "ResourceServer", None)
        sys.exit("absent" if sdk is None else "loaded" if "sqlalchemy" in sys.modules else None)
    for name in FRAMEWORKS:
        importlib.import_module(name)
    if stage == "imported":
        importlib.import_module("gatepost").Gatepost  # noqa: B018 - the name may be loaded at its first use
    caller = Caller("benchmarks.apps.gate:app") if stage == "started" else None
    if caller is not None:
        await caller.start()
    print(resident_mb(), flush=True)
    if caller is not None:
        await caller.stop()


def resident_mb() -> float:
    """Return the resident memory of this process (Linux: proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    pin()
    uvloop.run(reach(sys.argv[1]))
