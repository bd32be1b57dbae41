"""The load generator, a worker on a CPU of its own: `python -m benchmarks.harness.load`."""

import asyncio
import math
from collections.abc import Mapping
from contextlib import suppress
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

import uvloop

from benchmarks.harness import identity
from benchmarks.harness.client import Answer, Connection, build, parse_json
from benchmarks.harness.loops import ClosedLoop, open_loop
from benchmarks.harness.worker import pin, serve

GIVE_UP = 5.0
_refresh_tokens: dict[int, list[str]] = {}


def sender(connection: Connection) -> identity.Send:
    """Return the way to send single requests over one connection."""

    async def send(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        return await connection.ask(build(method, path, headers, body))

    return send


async def prepare(port: int, dialect: str, users: int) -> None:
    """Register users 0 to n-1."""
    connection = await Connection.open(port)
    for user in range(users):
        await identity.register(sender(connection), dialect, user)
    connection.close()


async def credentials(port: int, dialect: str, kind: str, user: int = 0) -> identity.Headers:
    """Sign in and return the headers that prove it, after the route was seen to take them and nothing less."""
    connection = await Connection.open(port)
    headers = await identity.credentials(sender(connection), dialect, kind, user)
    await identity.check(sender(connection), kind, headers)
    connection.close()
    return headers


async def throughput(port: int, pid: int, headers: dict[str, str], connections: int, seconds: float) -> dict[str, Any]:
    """Drive the route that every app has."""
    return await ClosedLoop([build("GET", identity.ITEM, headers)] * connections).measure(port, seconds, pid)


def sign_in_requests(dialect: str, clients: int) -> list[bytes]:
    """Return one password grant for each client, each of its own user."""
    path = identity.DIALECTS[dialect].token
    return [build("POST", path, identity.FORM, identity.sign_in_form(user)) for user in range(clients)]


async def sign_ins(port: int, dialect: str, clients: int, seconds: float) -> dict[str, Any]:
    """Let clients sign in without pause."""
    return await ClosedLoop(sign_in_requests(dialect, clients)).measure_whole(port, seconds)


async def latencies(
    port: int, headers: dict[str, str], seconds: float, interval: float, flood: tuple[str, int] | None
) -> dict[str, Any]:
    """Probe the route at each interval, quiet or while clients sign in; unanswered probes are null."""
    loop = ClosedLoop(sign_in_requests(*flood)) if flood else None
    if loop is not None:
        await loop.start(port)
        await asyncio.sleep(0.5)
        loop.statuses.clear()
    begin = perf_counter()
    count = max(1, round(seconds / interval))
    request = build("GET", identity.ITEM, headers)
    # A queue of sign-ins in front of a probe may take as long as the flood itself; longer is no answer.
    found = await open_loop(port, request, count=count, interval=interval, patience=seconds)
    elapsed = perf_counter() - begin
    rate = loop.statuses[200] / elapsed if loop is not None else 0.0
    if loop is not None:
        with suppress(TimeoutError):  # it may have locked itself up; the next slice has connections of its own
            await loop.finish(GIVE_UP)
    return {"ms": [None if math.isinf(each) else each for each in found], "sign_ins": rate}


def refresh_request(token: str) -> bytes:
    """Return the refresh grant of one token."""
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return build("POST", identity.DIALECTS["gatepost"].token, identity.FORM, urlencode(form).encode())


async def rotate(port: int, pid: int, clients: int, seconds: float) -> dict[str, Any]:
    """Let each client rotate its own session's refresh token without pause; the sessions live on between slices."""
    if port not in _refresh_tokens:
        connection = await Connection.open(port)
        signed_in = [await identity.tokens(sender(connection), "gatepost", user) for user in range(clients)]
        _refresh_tokens[port] = [fields["refresh_token"] for fields in signed_in]
        connection.close()
    current = _refresh_tokens[port]

    def follow(index: int, answer: Answer) -> bytes:
        if answer.status == 200:
            current[index] = parse_json(answer)["refresh_token"]
        return refresh_request(current[index])

    return await ClosedLoop([refresh_request(token) for token in current], follow).measure(port, seconds, pid)


async def revoke(port: int, other: int, trials: int, bound: float) -> list[float]:
    """Sign in at one process, warm the other, sign out at the first; return ms from its answer to the other's 401.

    Raises:
        TimeoutError: the other process still answered after the bound (seconds).
    """
    here, there = await Connection.open(port), await Connection.open(other)
    found = []
    for _ in range(trials):
        headers = await identity.credentials(sender(here), "gatepost", "bearer", 0)
        request = build("GET", identity.ITEM, headers)
        for _ in range(2):
            identity.expect(await there.ask(request), 200)
        identity.expect(await here.ask(build("POST", "/auth/logout", headers)), 204)
        begin = perf_counter()
        while (await there.ask(request)).status != 401:
            if perf_counter() - begin > bound:
                raise TimeoutError(f"a revoked token was still taken after {bound} s")
        found.append((perf_counter() - begin) * 1000)
    here.close()
    there.close()
    return found


HANDLERS = {each.__name__: each for each in (prepare, credentials, throughput, sign_ins, latencies, rotate, revoke)}

if __name__ == "__main__":
    pin()
    uvloop.run(serve(HANDLERS))
