"""Nobody learns a secret from a log: neither from ours, nor from what drivers and libraries say at their loudest."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from gatepost.kernel.logs import log_event
from gatepost.server.logs import formatter
from tests.harness import EMAIL, Running, bearer, eventually, running

pytestmark = pytest.mark.anyio
CANARY = "canary phrase of a person 7391"
ANOTHER = "another canary phrase 8426"
JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ"
LOUD = ("", "sqlalchemy", "sqlalchemy.engine", "sqlalchemy.pool", "psycopg", "psycopg.pool", "aiosqlite", "httpx2",
        "httpcore2", "aiosmtplib", "asyncio", "gatepost")  # fmt: skip


class Kept(logging.Handler):
    """Keeps every record as plain logging writes it, and as the server does."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.plain: list[str] = []
        self.lines: list[str] = []
        self._plain, self._server = logging.Formatter(), formatter(is_development=False)

    def emit(self, record: logging.LogRecord) -> None:
        self.plain.append(self._plain.format(record))
        self.lines.append(self._server.format(record))


@pytest.fixture
def kept() -> Iterator[Kept]:
    handler, before = Kept(), {}
    for name in LOUD:
        logger = logging.getLogger(name)
        before[name] = logger.level
        if name != "aiosqlite":  # kept at INFO by the program itself, for what it writes at DEBUG
            logger.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def one(level: int = logging.INFO, message: str = "", **extra: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a record as the server's line."""
    record = logging.makeLogRecord({"name": "x", "levelno": level, "levelname": "INFO", "msg": message, **extra})
    found: dict[str, Any] = json.loads(formatter(is_development=False).format(record))
    return found


async def live(house: Running, kept: Kept) -> list[str]:
    """Do what people do, and return the secrets of it."""
    assert (await house.register(password=CANARY)).status_code in {201, 202}
    tokens = await house.signed_in(password=CANARY)
    await house.token(password=ANOTHER)
    await house.refresh("gpr_" + "A" * 75)
    renewed = (await house.refresh(tokens["refresh_token"])).json()
    async with house.browser() as browser:
        signed = await browser.post("/auth/login", json={"identifier": EMAIL, "password": CANARY})
        cookie = signed.cookies[house.gate.web.session_cookie]
        await browser.get("/principal")
    await house.client.post("/auth/password/forgot", json={"email": EMAIL})
    change = {"current_password": CANARY, "new_password": ANOTHER}
    headers = {**bearer(renewed["access_token"]), "User-Agent": "curl"}
    await house.client.post("/auth/password/change", json=change, headers=headers)
    await house.client.get(f"/auth/me?token={CANARY}", headers=bearer(JWT))

    async def is_quiet() -> bool:
        is_sealed = house.value("SELECT count(*) FROM gatepost_audit_queue") == 0
        told = sum('"audit_id"' in line for line in kept.lines)
        return is_sealed and told == house.value("SELECT count(*) FROM gatepost_audit") and bool(house.mails.sent)

    await eventually(is_quiet, within=15)
    links = [part for mail in house.mails.sent for part in mail.body.split() if "#token=" in part]
    return [CANARY, ANOTHER, JWT, cookie, *(link.partition("#token=")[2] for link in links)] + [
        each[name] for each in (tokens, renewed) for name in ("access_token", "refresh_token")
    ]


async def test_a_day_at_the_loudest_level_writes_no_secret_anywhere(database_url: str, kept: Kept) -> None:
    async with running(database_url) as house:
        secrets = await live(house, kept)
        hashes = [row[0] for row in house.rows("SELECT hash FROM gatepost_password")]
    assert any("login.succeeded" in line for line in kept.lines), "the test must see what is logged"
    said = "\n".join((*kept.plain, *kept.lines))
    assert len(secrets) > 8
    assert [secret for secret in (*secrets, *hashes) if secret in said] == []
    assert EMAIL not in said


async def test_every_sealed_event_is_a_line_with_its_fields(database_url: str, kept: Kept) -> None:
    async with running(database_url) as house:
        await live(house, kept)
        written = {row[0] for row in house.rows("SELECT event FROM gatepost_audit")}
        count = house.value("SELECT count(*) FROM gatepost_audit_link")
    lines = [found for found in map(json.loads, kept.lines) if "audit_id" in found]
    assert {line["event"] for line in lines} == written
    assert len({line["audit_id"] for line in lines}) == len(lines) == count
    assert all(line["logger"] == "gatepost.audit" and line["level"] == "info" for line in lines)


NAMES = "password new_password token refresh_token client_secret code Authorization cookie set-cookie secret_previous"


@pytest.mark.parametrize("name", [*NAMES.split(), "api_key", "password_hash"])
def test_a_field_that_is_named_like_a_secret_is_hidden_however_deep(name: str) -> None:
    log = one(
        message="x", gatepost_event="a.b", gatepost_fields={name: "canary-1", "in": [{"deep": {name: "canary-2"}}]}
    )
    assert "canary" not in json.dumps(log)
    assert log["event"] == "a.b"


def test_what_is_no_secret_is_shown() -> None:
    fields = {
        "user_id": "u",
        "status_code": 200,
        "code": "login.failed",
        "detail": {"tokens": 3, "passwordless": "yes"},
    }
    log = one(message="x", gatepost_event="a.b", gatepost_fields=fields)
    assert {name: log[name] for name in fields} == fields


@pytest.mark.parametrize(
    "secret",
    ["gpr_" + "A" * 75, "gpc_" + "b" * 64, "gpp_" + "C" * 64, "gpk_" + "d" * 40, JWT, JWT[: JWT.rindex(".")],
     "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
)  # fmt: skip
@pytest.mark.parametrize("place", ["{}", "Bearer {}", "https://x.example/#token={}", "('{}',)", "a={}&b=c"])
def test_a_value_that_looks_like_a_token_is_hidden_wherever_it_stands(secret: str, place: str) -> None:
    text = place.format(secret)
    assert secret not in json.dumps(one(message=text))
    assert secret not in json.dumps(one(message="x", gatepost_event="a.b", gatepost_fields={"words": [text]}))


@pytest.mark.parametrize(
    "text",
    ["postgresql://gatepost:canary-1@db/x", "GET /verify?token=canary-1&x=1", "POST /cb?code=canary-1",
     "[SQL: INSERT]\n[parameters: {'hash': 'canary-1'}]", "Authorization: Basic canary-1"],
)  # fmt: skip
def test_a_secret_inside_a_message_or_a_trace_is_hidden(text: str) -> None:
    assert "canary" not in json.dumps(one(message=text))
    log = one(logging.ERROR, "failed", exc_info=(ValueError, ValueError(text), None))
    assert "ValueError" in log["exception"]
    assert "canary" not in json.dumps(log)


def test_a_value_with_a_line_break_makes_no_line_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    log_event(logging.getLogger("gatepost.x"), logging.INFO, "a.b", agent="x\nroot: forged", plain="y")
    assert caplog.records[0].getMessage() == "a.b agent='x\\nroot: forged' plain=y"
    assert "\n" not in formatter(is_development=False).format(caplog.records[0])


@pytest.mark.parametrize(
    ("path", "shown"), [("/auth/me", "/auth/me"), ("/a?token=hunter2&x=1", "/a"), ("/a?b?c", "/a")]
)
def test_access_lines_carry_no_query(path: str, shown: str) -> None:
    args = ("127.0.0.1:1", "GET", path, "1.1", 200)
    log = one(message='%s - "%s %s HTTP/%s" %d', name="uvicorn.access", args=args)
    assert (log["event"], log["path"], log["status"], log["method"]) == ("http.request", shown, 200, "GET")
    assert "hunter2" not in json.dumps(log)


async def test_the_library_configures_no_logging_of_its_host(sqlite_url: str) -> None:
    def state() -> list[tuple[str, int, list[Any], bool]]:
        names = ["", *sorted(name for name in logging.root.manager.loggerDict if name.startswith("gatepost"))]
        loggers = [logging.getLogger(name) for name in names]
        return [(one.name, one.level, list(one.handlers), one.propagate) for one in loggers]

    before = state()
    async with running(sqlite_url) as house:
        await house.enrolled()
    assert [line for line in state() if line[0] in {name for name, *_ in before}] == before
    assert [line for line in state() if line[0] != "root" and (line[2] or not line[3])] == []
