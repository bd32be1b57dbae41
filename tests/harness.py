"""A running Gatepost for tests: in this process over ASGI, or in processes of their own behind uvicorn.

Hashes are cheap and budgets wide, so that a test meets a limit only where it asks for one. The application has
routes of its own, `/principal`, `/user` and `/writers`, guarded the way a host guards its routes.
"""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import httpx2
import psycopg
from fastapi import FastAPI
from sqlalchemy import make_url

from gatepost import CurrentPrincipal, CurrentUser, Gatepost, Settings, require
from gatepost.core.outbox import Mail
from gatepost.core.runtime import Core
from gatepost.core.throttle.actions import DEFAULTS
from gatepost.kernel.clock import Clock
from tests.backends import NO_CERTIFICATES, free_port, is_answered, wait_for

SECRET = "a-fixed-secret-of-the-tests-0123456789-abcdefghij"
PASSWORD = "correct horse battery"
EMAIL = "ada@example.com"
WIDE = "1000000/1"
CHEAP: dict[str, Any] = {
    "env": "development",
    "secret": SECRET,
    "hash_memory_kib": 7168,
    "hash_time_cost": 1,
    "login_budget_address": WIDE,
    "login_budget_pair": "500000/1",  # half of the account's, as production wants it
    "login_budget_account": WIDE,
    "budgets": dict.fromkeys(DEFAULTS, WIDE),
}
_ROOT = Path(__file__).parent.parent
_P = ParamSpec("_P")
_T = TypeVar("_T")


class Mails:
    """A mailer that keeps what it was given."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []

    async def send(self, mail: Mail) -> None:
        self.sent.append(mail)


def settings(database_url: str, **changes: object) -> Settings:
    """Return cheap settings over one database."""
    values: dict[str, Any] = {**CHEAP, "database_url": database_url, **changes}
    return Settings(_env_file=None, **values)


def guarded_app(gate: Gatepost[Any]) -> FastAPI:
    """Return an application with a Gatepost and two routes of its own."""
    app = FastAPI()

    @app.get("/principal")
    async def principal(caller: CurrentPrincipal) -> dict[str, Any]:
        return {"sub": str(caller.user_id), "sid": str(caller.session_id), "roles": sorted(caller.roles)}

    @app.get("/user")
    async def user(caller: CurrentUser) -> dict[str, Any]:
        return {"id": str(caller.id), "full_name": caller.full_name, "roles": sorted(caller.roles)}

    @app.get("/writers", dependencies=[require(permission="todo:write")])
    async def writers() -> str:
        return "written"

    gate.install(app)
    return app


class Caller:
    """The wire contract as verbs; every one returns the response as it came."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client

    async def register(self, email: str = EMAIL, password: str = PASSWORD) -> httpx2.Response:
        return await self.client.post("/auth/register", json={"email": email, "password": password})

    async def login(self, email: str = EMAIL, password: str = PASSWORD) -> httpx2.Response:
        return await self.client.post("/auth/login", json={"identifier": email, "password": password})

    async def token(self, email: str = EMAIL, password: str = PASSWORD, **more: str) -> httpx2.Response:
        form = {"grant_type": "password", "username": email, "password": password, **more}
        return await self.client.post("/auth/token", data=form)

    async def refresh(self, refresh_token: str, **more: str) -> httpx2.Response:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, **more}
        return await self.client.post("/auth/token", data=form)

    async def logout(self, access_token: str) -> httpx2.Response:
        return await self.client.post("/auth/logout", headers=bearer(access_token))

    async def principal(self, access_token: str) -> httpx2.Response:
        return await self.client.get("/principal", headers=bearer(access_token))

    async def user(self, access_token: str) -> httpx2.Response:
        return await self.client.get("/user", headers=bearer(access_token))

    async def signed_in(self, email: str = EMAIL, password: str = PASSWORD) -> dict[str, Any]:
        """Return the tokens of a sign-in that must succeed."""
        response = await self.token(email, password)
        assert response.status_code == 200, response.text
        tokens: dict[str, Any] = response.json()
        return tokens

    async def enrolled(self, email: str = EMAIL, password: str = PASSWORD) -> dict[str, Any]:
        """Make a user and return the tokens of the first sign-in."""
        response = await self.register(email, password)
        assert response.status_code == 201, response.text
        return await self.signed_in(email, password)


@dataclass
class Running(Caller):
    """A Gatepost that runs in this process."""

    gate: Gatepost[Any]
    app: FastAPI
    client: httpx2.AsyncClient
    database_url: str
    mails: Mails = field(default_factory=Mails)

    @property
    def core(self) -> Core:
        return self.gate.core

    @property
    def clock(self) -> Clock:
        return self.gate.clock

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return query(self.database_url, statement)

    def value(self, statement: str) -> Any:  # noqa: ANN401 - whatever the column holds
        return self.rows(statement)[0][0]

    def browser(self) -> httpx2.AsyncClient:
        """Return one more client with a cookie jar of its own."""
        return asgi_client(self.app)


def asgi_client(app: FastAPI, *, raises: bool = True) -> httpx2.AsyncClient:
    """Return a client over ASGI; it raises what the application raises, or (`raises=False`) sees it as a 500."""
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=raises)
    return httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000")


@asynccontextmanager
async def running(
    database_url: str, *, clock: Clock | None = None, raises: bool = True, **changes: object
) -> AsyncIterator[Running]:
    """Run a Gatepost in this process over a database; `changes` are settings."""
    mails = Mails()
    gate: Gatepost[Any] = Gatepost(settings(database_url, **changes), mailer=mails, clock=clock or Clock())
    app = guarded_app(gate)
    async with app.router.lifespan_context(app), asgi_client(app, raises=raises) as client:
        yield Running(gate, app, client, database_url, mails)


def bearer(access_token: str) -> dict[str, str]:
    """Return the header that carries an access token."""
    return {"Authorization": f"Bearer {access_token}"}


async def eventually(is_so: Callable[[], Awaitable[bool]], within: float = 1.0) -> None:
    """Ask until it is so; TimeoutError where it is not in time."""
    async with asyncio.timeout(within):
        while not await is_so():  # noqa: ASYNC110 - what other processes do is polled
            await asyncio.sleep(0.005)


def around(
    call: Callable[_P, Awaitable[_T]],
    *,
    before: Callable[[], Awaitable[object]] | None = None,
    after: Callable[[_T], Awaitable[object]] | None = None,
) -> Callable[_P, Coroutine[Any, Any, _T]]:
    """Return a call with something to wait for before it, or after it with its result."""

    async def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        if before is not None:
            await before()
        result = await call(*args, **kwargs)
        if after is not None:
            await after(result)
        return result

    return wrapped


def query(database_url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run one statement on a connection of its own, commit, and return its rows (none for a write)."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        connection = sqlite3.connect(str(url.database), isolation_level=None, timeout=10)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()
    with psycopg.connect(conninfo(database_url), autocommit=True) as direct:
        cursor = direct.execute(statement.encode())
        return cursor.fetchall() if cursor.description is not None else []


def conninfo(database_url: str) -> str:
    """Return the address of a PostgreSQL database as libpq knows it."""
    return make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)


def served_app() -> FastAPI:
    """Return the application of a served process; its settings come from its environment."""
    return guarded_app(Gatepost())


class ServedProcess:
    """One uvicorn worker on a port of its own, which it keeps over restarts."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = environment
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Start without waiting, so that several start at once."""
        command = [sys.executable, "-m", "uvicorn", "tests.harness:served_app", "--factory"]
        command += ["--port", str(self.port), "--log-level", "warning", "--timeout-graceful-shutdown", "5"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=_ROOT, env=self._environment, stdout=log, stderr=log)

    def wait(self) -> None:
        """Wait until it answers."""
        wait_for(self._answers, lambda: self._process is not None and self._process.poll() is None, self.log)

    def start(self) -> None:
        self.begin()
        self.wait()

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=self.url, timeout=30, verify=NO_CERTIFICATES)

    def log(self) -> str:
        return self._log.read_text(errors="replace")[-4000:]

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(20)

    def _answers(self) -> bool:
        return is_answered(f"{self.url}/auth/.well-known/jwks.json")


@contextmanager
def served(database_url: str, processes: int = 1, **changes: object) -> Iterator[list[ServedProcess]]:
    """Serve one database from uvicorn processes, each on a free port of its own; `changes` are settings as text."""
    values = {**CHEAP, "database_url": database_url, **changes}
    texts = {name: json.dumps(value) if isinstance(value, dict) else str(value) for name, value in values.items()}
    environment = {**os.environ, **{f"GATEPOST_{name.upper()}": value for name, value in texts.items()}}
    with tempfile.TemporaryDirectory(prefix="gatepost-") as logs:
        found = [ServedProcess(environment, Path(logs) / str(number)) for number in range(processes)]
        try:
            for process in found:
                process.begin()
            for process in found:
                process.wait()
            yield found
        finally:
            for process in found:
                process.stop()
