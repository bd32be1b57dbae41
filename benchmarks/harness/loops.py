"""Closed and open loops of requests.

Closed: each connection sends its next request when it has its answer. Open: one request at each tick, whether or not
the earlier ones were answered, so that a server that stalls cannot hide it.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any

from benchmarks.harness.client import Answer, Connection
from benchmarks.harness.figures import cpu_seconds

WARM_UP = 0.15
DRAIN = 60.0
REOPEN = 0.05
Follow = Callable[[int, Answer], bytes]


class ClosedLoop:
    """Keeps every connection busy and counts the answers by status; 0 is a connection that the server closed."""

    def __init__(self, requests: Sequence[bytes], follow: Follow | None = None) -> None:
        self.statuses: Counter[int] = Counter()
        self._next = list(requests)
        self._follow = follow
        self._port = 0
        self._last = 0.0
        self._is_ending = False
        self._error: Exception | None = None
        self._busy = 0
        self._idle = asyncio.Event()
        self._connections: dict[int, Connection] = {}
        self._reopening: set[asyncio.Future[None]] = set()

    async def start(self, port: int) -> None:
        """Open one connection for each request, then send."""
        self._port, self._busy = port, len(self._next)
        for index in range(len(self._next)):
            self._connections[index] = await Connection.open(port)
        for index, connection in self._connections.items():
            self._begin(index, connection)

    async def finish(self, patience: float = DRAIN) -> None:
        """Send nothing more, wait for what is under way, and hang up.

        Raises:
            TimeoutError: something was still under way after so many seconds.
            ConnectionError: the server could not be reached again, or an answer could not be followed.
        """
        self._is_ending = True
        try:
            await asyncio.wait_for(self._idle.wait(), patience)
        finally:
            for connection in self._connections.values():
                connection.close()
        if self._error is not None:
            raise ConnectionError(f"the loop broke: {self._error}") from self._error

    async def measure(self, port: int, seconds: float, pid: int) -> dict[str, Any]:
        """Return rate, the server's CPU time per answer (µs), its share of a CPU, and statuses of one slice."""
        await self.start(port)
        await asyncio.sleep(WARM_UP)
        self.statuses.clear()
        cpu, begin = cpu_seconds(pid), perf_counter()
        await asyncio.sleep(seconds)
        cpu, elapsed, counted = cpu_seconds(pid) - cpu, perf_counter() - begin, Counter(self.statuses)
        await self.finish()
        spent = cpu / counted.total() * 1e6 if counted else math.nan
        return {"rate": counted[200] / elapsed, "cpu_us": spent, "cpu_share": cpu / elapsed, "statuses": counted}

    async def measure_whole(self, port: int, seconds: float) -> dict[str, Any]:
        """Return rate and statuses from the first request to the last answer, for answers too slow to cut a slice out.

        The server is busy to the end with what it has, so that nothing is counted that it did not have the time for.
        """
        begin = perf_counter()
        await self.start(port)
        await asyncio.sleep(seconds)
        await self.finish()
        return {"rate": self.statuses[200] / (self._last - begin), "statuses": self.statuses}

    def _begin(self, index: int, connection: Connection) -> None:
        statuses, requests, follow, write = self.statuses, self._next, self._follow, connection.write

        def hear(answer: Answer | None) -> None:
            statuses[0 if answer is None else answer.status] += 1
            if answer is not None and follow is not None:
                try:
                    requests[index] = follow(index, answer)
                except Exception as error:  # noqa: BLE001 - kept for finish()
                    self._stop_one(error)
                    return
            if self._is_ending:
                connection.listener = None
                self._stop_one(None)
            elif answer is None:
                self._reopening.add(asyncio.ensure_future(self._reopen(index)))
            else:
                write(requests[index])

        self._connections[index] = connection
        connection.listener = hear
        write(requests[index])

    async def _reopen(self, index: int) -> None:
        await asyncio.sleep(REOPEN)
        try:
            self._begin(index, await Connection.open(self._port))
        except OSError as error:
            self._stop_one(error)

    def _stop_one(self, error: Exception | None) -> None:
        self._error = self._error or error
        self._last = perf_counter()
        self._busy -= 1
        if self._busy <= 0:
            self._idle.set()


async def open_loop(port: int, request: bytes, *, count: int, interval: float, patience: float) -> list[float]:
    """Send one request at each tick; return each latency in ms from its tick, infinite where no 200 came in time."""
    latencies = [math.inf] * count
    free: list[Connection] = [await Connection.open(port) for _ in range(4)]
    every = list(free)
    begin = perf_counter() + interval
    done = asyncio.Event()
    open_probes = count

    async def probe(index: int) -> None:
        nonlocal open_probes
        due = begin + index * interval
        try:
            connection = free.pop() if free else await Connection.open(port)
            if connection not in every:
                every.append(connection)
            answer = await connection.ask(request)
            if answer.status == 200:
                latencies[index] = (perf_counter() - due) * 1000
            free.append(connection)
        finally:
            open_probes -= 1
            if not open_probes:
                done.set()

    running = set()
    for index in range(count):
        await asyncio.sleep(max(0.0, begin + index * interval - perf_counter()))
        running.add(asyncio.ensure_future(probe(index)))
    with suppress(TimeoutError):  # what is unanswered stays infinite
        await asyncio.wait_for(done.wait(), patience)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    for connection in every:
        connection.close()
    return latencies
