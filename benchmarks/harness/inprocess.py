"""An ASGI app called directly, without HTTP; runs in any environment.

A worker: `python -m benchmarks.harness.inprocess module:app`.
"""

import asyncio
import importlib
import sys
from collections.abc import Mapping, MutableMapping
from time import perf_counter, process_time
from typing import Any

import uvloop

from benchmarks.harness import identity
from benchmarks.harness.client import Answer
from benchmarks.harness.worker import pin, serve

Scope = MutableMapping[str, Any]
BATCH = 100


class Caller:
    """Starts an app's lifespan and calls it with prepared scopes."""

    def __init__(self, target: str) -> None:
        module, _, name = target.partition(":")
        self.app = getattr(importlib.import_module(module), name)
        self._state: dict[str, Any] = {}
        self._queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._started: asyncio.Future[str] | None = None
        self._task: asyncio.Future[None] | None = None

    async def start(self) -> None:
        """Run the lifespan's first half.

        Raises:
            RuntimeError: the app refused to start.
        """
        started = self._started = asyncio.get_running_loop().create_future()

        async def hear(message: MutableMapping[str, Any]) -> None:
            if not started.done():
                started.set_result(message["type"] + " " + message.get("message", ""))

        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self._state}
        self._task = asyncio.ensure_future(self.app(scope, self._queue.get, hear))
        await self._queue.put({"type": "lifespan.startup"})
        said = await asyncio.wait_for(started, 60)
        if not said.startswith("lifespan.startup.complete"):
            raise RuntimeError(said)

    async def stop(self) -> None:
        """Run the lifespan's second half."""
        await self._queue.put({"type": "lifespan.shutdown"})
        if self._task is not None:
            await asyncio.wait_for(self._task, 30)

    def scope(self, method: str, path: str, headers: Mapping[str, str]) -> Scope:
        """Return what uvicorn would hand over for one request."""
        fields = {"host": "127.0.0.1", **headers}
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 50000),
            "scheme": "http",
            "method": method,
            "root_path": "",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
            "state": self._state.copy(),
        }

    async def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send one request and return the whole answer, its head in the shape of HTTP."""
        messages: list[MutableMapping[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def hear(message: MutableMapping[str, Any]) -> None:
            messages.append(message)

        await self.app(self.scope(method, path, {**headers, "content-length": str(len(body))}), receive, hear)
        start = messages[0]
        head = b"".join(b"%s: %s\r\n" % pair for pair in start["headers"])
        return Answer(start["status"], head, b"".join(each.get("body", b"") for each in messages[1:]))

    async def measure(self, path: str, headers: Mapping[str, str], seconds: float) -> float:
        """Return the µs of CPU that one GET takes, over as many as fit into the time.

        CPU, of all threads: the app is never out of work here, and what other programs take is not its own.

        Raises:
            ValueError: an answer was not 200.
        """
        prepared, statuses, app = self.scope("GET", path, headers), set(), self.app

        async def hear(message: MutableMapping[str, Any]) -> None:
            if "status" in message:
                statuses.add(message["status"])

        count, begin, spent = 0, perf_counter(), process_time()
        while perf_counter() - begin < seconds:
            for _ in range(BATCH):
                await app({**prepared, "state": self._state.copy()}, nothing_more, hear)
            count += BATCH
        spent = process_time() - spent
        if statuses != {200}:
            raise ValueError(f"answers {statuses}")
        return spent / count * 1e6


async def nothing_more() -> dict[str, Any]:
    """Receive the end of an empty body."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def main() -> None:
    """Answer to `prepare` (users, then the headers that prove who calls) and `slice` (µs per request)."""
    caller = Caller(sys.argv[1])
    await caller.start()
    proof: identity.Headers = {}

    async def prepare(dialect: str | None, kind: str) -> None:
        if dialect is not None:
            await identity.register(caller.send, dialect, 0)
        proof.update(await identity.credentials(caller.send, dialect or "", kind, 0))
        await identity.check(caller.send, kind, proof)

    async def slice_(seconds: float) -> float:
        return await caller.measure(identity.ITEM, proof, seconds)

    await serve({"prepare": prepare, "slice": slice_})
    await caller.stop()


if __name__ == "__main__":
    pin()
    uvloop.run(main())
