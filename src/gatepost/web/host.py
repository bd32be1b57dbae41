"""What the guard needs of a Gatepost, and how it finds one from a request."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from fastapi import FastAPI
from starlette.requests import HTTPConnection

from gatepost.core.runtime import Core
from gatepost.web.policy import WebPolicy

STATE = "gatepost"


class Host(Protocol):
    """A Gatepost as the web layer sees it."""

    web: WebPolicy

    @property
    def core(self) -> Core:
        """The running core; Unavailable before the start."""
        ...


def find_host(connection: HTTPConnection) -> Host:
    """Return the Gatepost of the application, or of the one that it is mounted in (by the lifespan's state).

    Raises:
        RuntimeError: none is installed.
    """
    scope = connection.scope
    app = scope.get("app")
    found: Any = getattr(app.state, STATE, None) if app is not None else None
    if found is None:
        found = (scope.get("state") or {}).get(STATE)
    if found is None:
        msg = "no Gatepost here: call gate.install(app) on this application or on the one that it is mounted in"
        raise RuntimeError(msg)
    host: Host = found
    return host


def run_around(app: FastAPI, host: Host, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]]) -> None:
    """Put a lifespan around the application's own; of several Gateposts, the innermost is the application's."""
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def merged(application: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with lifespan(application), inner(application) as state:
            yield {STATE: host, **(state or {})}

    app.router.lifespan_context = merged
