"""A server in processes of its own, and somebody who follows its revocations."""

import asyncio
import base64
import json
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from gatepost.kernel.clock import Clock
from gatepost.kernel.principal import Principal
from gatepost.kernel.tasks import end_tasks
from gatepost.outbound import Outbound, OutboundPolicy
from gatepost.trust.discovery import Metadata
from gatepost.trust.issuer import TrustedIssuer
from gatepost.trust.revocations import Revocations
from tests.harness import CHEAP, ServedProcess, served

ISSUER = "http://localhost:8000"
CLIENT, SECRET = "reports", "the secret of a resource server, for tests: 100% long + random"
BOUND = 2.0


@contextmanager
def serving(database_url: str, processes: int = 1, **changes: object) -> Iterator[list[ServedProcess]]:
    """Serve one database to the client that the tests know."""
    clients = {"introspection_clients": {CLIENT: SECRET}}
    with served(database_url, processes, **{**clients, **changes}) as found:
        yield found


@asynccontextmanager
async def following(
    url: str, *, bound: float = BOUND, secret: str = SECRET, clock: Clock | None = None, issuer: str = ISSUER
) -> AsyncIterator[Revocations]:
    """Follow the server behind a URL."""
    clock = clock or Clock()
    outbound = Outbound(OutboundPolicy(allows_loopback=True))
    metadata = Metadata(issuer=issuer, gatepost_revocations=f"{url}/auth/revocations")
    trusted = TrustedIssuer(issuer, outbound, clock, metadata=metadata)
    feed = Revocations(trusted, outbound, clock, (CLIENT, secret), bound=bound)
    task = asyncio.create_task(feed.run())
    try:
        yield feed
    finally:
        await end_tasks([task])
        await trusted.close()
        await outbound.close()


def principal_of(token: str) -> Principal:
    """Return who a token of the server is, without verifying it."""
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    user, session = uuid.UUID(claims["sub"]), uuid.UUID(claims["sid"])
    return Principal(user, session, epoch=claims["epoch"], claims={"gep": claims["gep"]})


@contextmanager
def serving_by_its_own_name(database_url: str, folder: Path, **changes: object) -> Iterator[ServedProcess]:
    """Serve a database under the address that others know the server by, so that they find its metadata."""
    values = {**CHEAP, "database_url": database_url, "introspection_clients": {CLIENT: SECRET}, **changes}
    texts = {name: json.dumps(value) if isinstance(value, dict) else str(value) for name, value in values.items()}
    environment = {**os.environ, **{f"GATEPOST_{name.upper()}": value for name, value in texts.items()}}
    process = ServedProcess(environment, folder / "server")
    environment["GATEPOST_PUBLIC_URL"] = process.url
    process.start()
    try:
        yield process
    finally:
        process.stop()
