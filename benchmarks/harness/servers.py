"""The apps under measurement as uvicorn processes: one worker each, pinned, on a free loopback port, stopped by pid."""

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from benchmarks.harness.peers import peers_python
from benchmarks.harness.report import say
from benchmarks.harness.worker import ROOT, child_environment
from gatepost.core.throttle.actions import DEFAULTS

START_TIMEOUT = 60.0
# Budgets are counted as ever, but never spent: what they cost is part of a sign-in.
BUDGETS = ("LOGIN_BUDGET_ADDRESS", "LOGIN_BUDGET_PAIR", "LOGIN_BUDGET_ACCOUNT", "SIGNUP_BUDGET_ADDRESS")
UNLIMITED = "9999999/1"
SECRET = "a secret of forty bytes, only to measure"


@dataclass(frozen=True)
class App:
    """What to run and how to sign in to it; `dialect` is None where nobody signs in."""

    name: str
    label: str
    target: str
    dialect: str | None = None
    credential: str = "dummy"
    env: Mapping[str, str] = field(default_factory=dict)
    is_peer: bool = False

    @property
    def python(self) -> str:
        """The interpreter of the app's own environment."""
        return peers_python() if self.is_peer else sys.executable

    def environment(self, data: Path) -> dict[str, str]:
        """Return the settings of one process with its database in a folder; what is in `env` wins."""
        file = data / f"{self.name}.db"
        if self.is_peer or self.dialect is None:
            return {"BENCH_DATABASE": str(file), **self.env}
        return {
            "GATEPOST_ENV": "development",
            "GATEPOST_SECRET": SECRET,
            "GATEPOST_DATABASE_URL": f"sqlite:///{file}",
            "GATEPOST_SIGNING_ALGORITHM": "ES256",
            "GATEPOST_MAILBOX_KEY": SECRET,  # given, so that no start prints one
            **{f"GATEPOST_{name}": UNLIMITED for name in BUDGETS},
            "GATEPOST_BUDGETS": json.dumps(dict.fromkeys(DEFAULTS, UNLIMITED)),
            **self.env,
        }


class Server:
    """One running app; `with` stops it."""

    def __init__(self, app: App, data: Path, cpu: int | None, extra: Mapping[str, str] | None = None) -> None:
        self.app = app
        self._log = (data / f"{app.name}.log").open("ab")
        self._process = subprocess.Popen(
            [app.python, "-m", "benchmarks.harness.serve", app.target],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=ROOT,
            env=child_environment({**app.environment(data), **(extra or {})}, cpu),
        )
        self.pid = self._process.pid
        try:
            self.port = self._read_port()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close()
        if kind is not None and (said := self._said()):
            say(f"{self.app.label} said at last:\n{said}")

    def _read_port(self) -> int:
        # The port is bound, and connections wait in its queue, before the app has started.
        assert self._process.stdout is not None
        ready = select.select([self._process.stdout], [], [], START_TIMEOUT)[0]
        line = self._process.stdout.readline() if ready else b""
        if not line.strip().isdigit():
            raise RuntimeError(f"{self.app.label} did not start:\n{self._said()}")
        return int(line)

    def _said(self) -> str:
        return Path(self._log.name).read_text(errors="replace")[-2000:].strip()

    def close(self) -> None:
        """End the process, kindly at first."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


@dataclass(frozen=True)
class Place:
    """Where a run happens: a folder for databases, the servers' CPU, the clients' CPU (None where there is but one)."""

    data: Path
    server_cpu: int | None
    client_cpu: int | None


def open_place(stack: ExitStack, data: str | None) -> Place:
    """Make the folder, which goes with the run, and share out the CPUs."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatepost-bench-", dir=data)))
    cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    server, client = (cpus[0], cpus[1]) if len(cpus) > 1 else (None, None)
    return Place(folder, server, client)
