"""What the guard needs of a Gatepost or a ResourceServer, and how it finds one from a request."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol

from fastapi import FastAPI
from starlette.requests import HTTPConnection

from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import AuthError
from gatepost.kernel.origin import Origin
from gatepost.kernel.principal import Principal
from gatepost.web.policy import GuardPolicy, WebPolicy

if TYPE_CHECKING:  # it brings the database along, which a ResourceServer does without
    from gatepost.core.runtime import Core

STATE = "gatepost"


class GuardAuthenticator(Protocol):
    """Says whether a credential is good now."""

    async def bearer(self, token: str) -> Principal:
        """Return the principal of a bearer token; NotAuthenticated or Unavailable."""
        ...

    async def cookie(self, value: str) -> Principal:
        """Return the principal of a session cookie; NotAuthenticated or Unavailable."""
        ...

    async def is_verified(self, principal: Principal) -> bool:
        """Whether the caller's e-mail address is verified."""
        ...


class GuardDenials(Protocol):
    """Remembers who was refused what."""

    async def record(self, principal: Principal, route: str, refusal: AuthError, origin: Origin) -> None:
        """Note a refusal; Unavailable where that is not possible."""
        ...


class GuardCore(Protocol):
    """What runs behind a guard."""

    @property
    def clock(self) -> Clock:
        """Its time."""
        ...

    @property
    def authenticator(self) -> GuardAuthenticator:
        """Who says whether a credential is good."""
        ...

    @property
    def denials(self) -> GuardDenials:
        """Where refusals are noted."""
        ...


class GuardHost(Protocol):
    """Whoever a guard asks: a Gatepost, or a ResourceServer, which has neither users nor a database."""

    @property
    def web(self) -> GuardPolicy:
        """What the guard is told by settings."""
        ...

    @property
    def core(self) -> GuardCore:
        """What runs; Unavailable before the start."""
        ...


class Host(Protocol):
    """A Gatepost as the web layer sees it."""

    web: WebPolicy

    @property
    def core(self) -> "Core":
        """The running core; Unavailable before the start."""
        ...


def find_host(connection: HTTPConnection) -> GuardHost:
    """Return the host of the application, or of the one that it is mounted in (by the lifespan's state).

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
    host: GuardHost = found
    return host


def run_around(app: FastAPI, host: GuardHost, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]]) -> None:
    """Put a lifespan around the application's own; of several Gateposts, the innermost is the application's."""
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def merged(application: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with lifespan(application), inner(application) as state:
            yield {STATE: host, **(state or {})}

    app.router.lifespan_context = merged
