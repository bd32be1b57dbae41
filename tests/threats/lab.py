"""The house under attack: a Gatepost in an application with routes of its own, and people who live there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, WebSocket
from pydantic import Field

from gatepost import CurrentPrincipal, CurrentUser, Gatepost, OptionalPrincipal, Principal, Profile, Settings, require
from gatepost.core.throttle.actions import DEFAULTS
from tests.tables import migrated_sqlite
from tests.threats.wire import FORM, JSON, Answer, Headers, form, send

SECRET = "threats-0123456789-abcdefghijklmnopqrstuvwxyz"
ORIGIN = "https://localhost"
COOKIE = "__Host-gatepost"
REFRESH_COOKIE = "__Host-gatepost-refresh"
CLIENT_SECRET = "the secret of a resource server, for tests"
PASSWORD = "correct horse battery"
WIDE = "1000000/60"
_numbers = count(1)


class Card(Profile):
    """A profile as hosts have them: text, a number, and something that may be anything."""

    bio: str = ""
    score: float = 0
    extra: dict[str, Any] = Field(default_factory=dict)


def settings(folder: Path, **changes: Any) -> Settings:  # noqa: ANN401 - any setting
    """Return settings with cheap hashing and budgets that only tests of budgets can spend."""
    generous = dict.fromkeys(("login_budget_address", "login_budget_account"), WIDE)
    values: dict[str, Any] = {
        **generous,
        "login_budget_pair": "500000/60",
        "budgets": dict.fromkeys(DEFAULTS, WIDE),
        "env": "development",
        "secret": SECRET,
        "database_url": f"sqlite:///{folder / 'gatepost.db'}",
        "public_url": ORIGIN,
        "mailbox_key": "mailbox-key",
        "scopes": ("todo:read", "todo:write"),
        "introspection_clients": {"api": CLIENT_SECRET},
        "hash_memory_kib": 7_168,
        "hash_time_cost": 1,
        **changes,
    }
    return Settings(**values)


def application(gate: Gatepost[Any]) -> FastAPI:
    """Return a host application: what it protects, and how."""
    app = FastAPI()
    gate.install(app)

    @app.get("/host/principal")
    @app.post("/host/principal")
    async def principal(caller: CurrentPrincipal) -> dict[str, str]:
        return {"sub": str(caller.user_id), "sid": str(caller.session_id)}

    @app.get("/host/user")
    async def user(caller: CurrentUser) -> dict[str, str]:
        return {"sub": str(caller.id)}

    @app.get("/host/optional")
    @app.post("/host/optional")
    async def optional(caller: OptionalPrincipal) -> dict[str, bool]:
        return {"known": caller is not None}

    @app.get("/host/admin")
    async def admin(caller: Annotated[Principal, require(role="admin")]) -> dict[str, str]:
        return {"sub": str(caller.user_id)}

    @app.websocket("/host/ws")
    async def socket(websocket: WebSocket, caller: Annotated[Principal, Depends(gate.principal)]) -> None:
        await websocket.accept()
        await websocket.send_text(str(caller.user_id))
        await websocket.close()

    return app


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account."""

    id: str
    email: str
    password: str = field(default=PASSWORD, repr=False)


class Lab:
    """A running application and the shortest words for what its people do."""

    def __init__(self, gate: Gatepost[Any], app: FastAPI) -> None:
        self.gate = gate
        self.app = app

    async def send(self, method: str, path: str | bytes, **more: Any) -> Answer:  # noqa: ANN401 - as `send`
        """Send one request as it is."""
        return await send(self.app, method, path, **more)

    async def post_json(self, path: str, body: bytes, *headers: tuple[str | bytes, str | bytes], **more: Any) -> Answer:  # noqa: ANN401
        """Post JSON."""
        return await self.send("POST", path, headers=[JSON, *headers], body=body, **more)

    async def post_form(self, path: str, *headers: tuple[str | bytes, str | bytes], **fields: str) -> Answer:
        """Post a form."""
        return await self.send("POST", path, headers=[FORM, *headers], body=form(**fields))

    async def person(self, **more: Any) -> Person:  # noqa: ANN401 - as `create_user`
        """Make a user."""
        email = f"person{next(_numbers)}@example.com"
        user = await self.gate.create_user(email=email, password=PASSWORD, **more)
        assert user is not None
        return Person(str(user.id), email)

    async def login(self, person: Person, *headers: tuple[str, str]) -> str:
        """Sign in with a cookie and return its value."""
        body = f'{{"identifier": "{person.email}", "password": "{person.password}"}}'.encode()
        answer = await self.post_json("/auth/login", body, *headers)
        assert answer.status == 200, answer
        value = answer.cookie(self.gate.web.session_cookie)
        assert value
        return value

    async def token(self, person: Person, **more: str) -> dict[str, Any]:
        """Sign in with the password grant."""
        answer = await self.post_form(
            "/auth/token", grant_type="password", username=person.email, password=person.password, **more
        )
        assert answer.status == 200, answer
        content: dict[str, Any] = answer.json()
        return content

    async def refresh(self, token: str, **more: str) -> Answer:
        """Present a refresh token."""
        return await self.post_form("/auth/token", grant_type="refresh_token", refresh_token=token, **more)

    async def introspect(self, token: str) -> dict[str, Any]:
        """Ask as the resource server that is known."""
        answer = await self.post_form("/auth/introspect", basic("api", CLIENT_SECRET), token=token)
        assert answer.status == 200, answer
        content: dict[str, Any] = answer.json()
        return content

    async def status(self, *headers: tuple[str | bytes, str | bytes], path: str = "/auth/me") -> int:
        """Return the status of a protected route."""
        return (await self.send("GET", path, headers=headers)).status

    def routes(self) -> list[tuple[str, str]]:
        """Return method and path of each route of ours, as OpenAPI names them, and of the host's own."""
        paths: dict[str, dict[str, Any]] = self.app.openapi()["paths"]
        return sorted((method.upper(), path) for path, methods in paths.items() for method in methods)


def bearer(token: str) -> tuple[str, str]:
    """Return the header of a bearer token."""
    return "authorization", f"Bearer {token}"


def cookie(value: str, name: str = COOKIE) -> tuple[str, str]:
    """Return the header of a cookie."""
    return "cookie", f"{name}={value}"


def basic(name: str, secret: str) -> tuple[str, str]:
    """Return the header of a client that proves itself (RFC 7617)."""
    from base64 import b64encode

    return "authorization", "Basic " + b64encode(f"{name}:{secret}".encode()).decode()


@asynccontextmanager
async def running(folder: Path, **changes: Any) -> AsyncIterator[Lab]:  # noqa: ANN401 - any setting
    """Run an application with these settings."""
    file = folder / "gatepost.db"
    if not file.exists():
        file.write_bytes(migrated_sqlite())
    gate = Gatepost(settings(folder, **changes), profile=Card)
    app = application(gate)
    async with app.router.lifespan_context(app):
        yield Lab(gate, app)


__all__ = [
    "COOKIE",
    "ORIGIN",
    "PASSWORD",
    "Headers",
    "Lab",
    "Person",
    "basic",
    "bearer",
    "cookie",
    "running",
    "settings",
]
