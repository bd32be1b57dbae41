"""A measuring process and the line of JSON by which it is asked: one object in, one object out.

Each measurement that needs a clean process (load, in-process timing, the hash ceiling) is such a worker, so that rounds
of several of them can be interleaved. What could go wrong: a worker that hangs would hang the run; each call has a
time limit, after which the worker is killed by its own pid.
"""

import asyncio
import json
import os
import select
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
Handler = Callable[..., Awaitable[Any]]


class Worker:
    """The parent's side; `with` stops the process."""

    def __init__(
        self,
        module: str,
        *arguments: str,
        cpu: int | None = None,
        python: str = sys.executable,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._module = module
        self._process = subprocess.Popen(
            [python, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=child_environment(env or {}, cpu),
        )
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, what: str, /, *, limit: float = 60, **arguments: Any) -> Any:
        """Ask for one thing and return the answer.

        Raises:
            RuntimeError: the worker failed, ended or took longer than the limit (seconds).
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps([what, arguments]).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise RuntimeError(f"{self._module} ended before {what}") from None
        if not select.select([self._process.stdout], [], [], limit)[0]:
            self._process.kill()
            raise RuntimeError(f"{self._module}: {what} took more than {limit} s")
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._module} ended during {what}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{self._module}: {what}: {answer['error']}")
        return answer["result"]

    def close(self) -> None:
        """End the process: its standard input closes, then it is killed."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def child_environment(settings: Mapping[str, str], cpu: int | None) -> dict[str, str]:
    """Return the environment of a process: ours without any Gatepost settings but these, and the CPU to stay on."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GATEPOST_")}
    return {**ours, **settings, "BENCH_CPU": "" if cpu is None else str(cpu)}


def pin() -> None:
    """Stay on the CPU that the parent chose; called before anything counts the CPUs or starts a thread."""
    cpu = os.environ.get("BENCH_CPU", "")
    if cpu and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(cpu)})


async def serve(handlers: Mapping[str, Handler]) -> None:
    """Answer until standard input closes; the child's side."""
    output = os.dup(1)
    os.dup2(2, 1)  # what libraries print must not get between the answers
    while line := await asyncio.to_thread(sys.stdin.buffer.readline):
        what, arguments = json.loads(line)
        try:
            answer = {"result": await handlers[what](**arguments)}
        except Exception as error:  # noqa: BLE001 - the parent must hear of it, whatever it is
            answer = {"error": f"{type(error).__name__}: {error}"}
        os.write(output, json.dumps(answer).encode() + b"\n")
