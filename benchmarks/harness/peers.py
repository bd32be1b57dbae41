"""The peers' own environment, made on first use from the lock with its hashes."""

import hashlib
import subprocess
import sys
from functools import cache

from benchmarks.harness.report import say
from benchmarks.harness.worker import ROOT

FOLDER = ROOT / "benchmarks" / "peers"
INSTALL_TIMEOUT = 600


@cache
def peers_python() -> str:
    """Return the interpreter; creates the environment anew where the lock has changed.

    Raises:
        RuntimeError: the lock could not be installed.
    """
    lock, environment = FOLDER / "requirements.txt", FOLDER / ".venv"
    python, mark = environment / "bin" / "python", environment / ".lock-digest"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    if not mark.exists() or mark.read_text() != digest:
        say("making the peers' environment")
        run = [sys.executable, "-m", "venv", "--clear", str(environment)]
        subprocess.run(run, check=True, timeout=INSTALL_TIMEOUT)
        options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
        install = [str(python), "-m", "pip", "install", *options, "-r", str(lock)]
        done = subprocess.run(install, check=False, capture_output=True, text=True, timeout=INSTALL_TIMEOUT)
        if done.returncode:
            raise RuntimeError(f"the peers' environment could not be made:\n{done.stderr[-2000:]}")
        mark.write_text(digest)
    return str(python)
