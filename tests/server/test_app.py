"""The stand-alone server: what it answers, what it logs, how it starts and ends."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gatepost import Gatepost, Health
from gatepost.server.app import create_app
from tests.backends import free_port, is_answered, wait_for
from tests.harness import EMAIL, PASSWORD, asgi_client, bearer, settings
from tests.server.terminal import PRODUCTION, Terminal


@pytest.fixture
def gate(sqlite_url: str) -> Gatepost[Any]:
    return Gatepost(settings(sqlite_url, mailbox_key="mailbox"))


@pytest.mark.anyio
async def test_the_keys_are_published_at_the_root_and_under_the_prefix(gate: Gatepost[Any]) -> None:
    app = create_app(gate)
    async with app.router.lifespan_context(app), asgi_client(app) as client:
        root = await client.get("/.well-known/jwks.json")
        assert [key["kid"] for key in root.json()["keys"]] == [gate.core.keyring.signer().kid]
        assert root.headers["cache-control"] == "public, max-age=300"
        assert (await client.get("/auth/.well-known/jwks.json")).json() == root.json()


@pytest.mark.anyio
async def test_it_is_alive_before_it_is_ready(gate: Gatepost[Any]) -> None:
    app = create_app(gate)
    async with asgi_client(app) as client:
        assert (await client.get("/healthz")).status_code == 200
        waiting = await client.get("/readyz")
        assert (waiting.status_code, waiting.json()["status"]) == (503, "not ready")
        assert (await client.get("/.well-known/jwks.json")).status_code == 503
        async with app.router.lifespan_context(app):
            ready = await client.get("/readyz")
            assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


@pytest.mark.anyio
async def test_readiness_gives_its_reasons_and_no_secret(
    gate: Gatepost[Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(gate)

    async def waits() -> Health:
        return Health(is_ready=False, reasons=("the change feed is stale",))

    async def fails() -> Health:
        raise RuntimeError("hunter2")

    async with asgi_client(app) as client:
        monkeypatch.setattr(gate, "health", waits)
        assert (await client.get("/readyz")).json()["reasons"] == ["the change feed is stale"]
        monkeypatch.setattr(gate, "health", fails)
        answer = await client.get("/readyz")
    assert (answer.status_code, "hunter2" in answer.text) == (503, False)
    assert "the readiness check failed" in caplog.text


def test_docs_are_shown_in_development_only(sqlite_url: str) -> None:
    assert create_app(Gatepost(settings(sqlite_url))).docs_url == "/docs"
    assert create_app(Gatepost(settings(sqlite_url, **PRODUCTION))).docs_url is None


def test_the_factory_takes_the_gatepost_that_the_environment_names(
    folder: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "served_house.py").write_text(
        "from gatepost import Gatepost, Settings\n"
        f"gate = Gatepost(Settings(prefix='/id', database_url={sqlite_url!r}))\n"
    )
    monkeypatch.setenv("GATEPOST_APP", "served_house:gate")
    assert "/id/token" in create_app().openapi()["paths"]


@contextmanager
def serving(terminal: Terminal, folder: Path, *words: str) -> Iterator[str]:
    """Serve on a free port until the block ends; the log is `log` in the folder."""
    port = free_port()
    url, log = f"http://127.0.0.1:{port}", folder / "log"

    with log.open("w") as file:
        process = terminal.begin(
            "serve", "--port", str(port), *words, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
        )
        try:
            wait_for(lambda: is_answered(f"{url}/readyz"), lambda: process.poll() is None, log.read_text)
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(40)
    assert code in {0, -signal.SIGTERM}, log.read_text()  # uvicorn ends in order, then by the signal that it was sent


def test_a_development_server_knows_its_own_port_and_tells_no_secret(terminal: Terminal, folder: Path) -> None:
    with serving(terminal, folder) as url:
        here = url.replace("127.0.0.1", "localhost")
        person = {"email": EMAIL, "password": PASSWORD}
        with httpx2.Client(base_url=url, headers={"Origin": here}) as browser:
            assert browser.post("/auth/register", json=person).status_code == 201
            answer = browser.post("/auth/login", json={"identifier": EMAIL, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
            assert "server" not in answer.headers
            assert browser.get("/auth/me?token=hunter2").status_code == 200
        spoofed = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
        form = {"grant_type": "password", "username": EMAIL, "password": PASSWORD}
        token = httpx2.post(f"{url}/auth/token", data=form, headers=spoofed).json()["access_token"]
        sessions = httpx2.get(f"{url}/auth/sessions", headers=bearer(token)).text
        assert "203.0.113.7" not in sessions
    log = (folder / "log").read_text()
    access = next(line for line in log.splitlines() if "path=/auth/me" in line)
    assert "method=GET" in access
    assert "status=200" in access
    assert f"{here}/auth/dev/mailbox?key=" in log
    assert "hunter2" not in log
    assert PASSWORD not in log


def test_workers_share_one_port_in_production(terminal: Terminal, folder: Path) -> None:
    house = terminal.with_settings(**PRODUCTION)
    house.says("db", "upgrade")
    house.says("users", "create", "--email", EMAIL, "--password-stdin", stdin=PASSWORD)
    with serving(house, folder, "--workers", "2") as url:
        form = {"grant_type": "password", "username": EMAIL, "password": PASSWORD}
        token = httpx2.post(f"{url}/auth/token", data=form).json()["access_token"]
        for _ in range(8):
            assert httpx2.get(f"{url}/auth/me", headers=bearer(token)).status_code == 200
        assert httpx2.get(f"{url}/docs").status_code == 404
    log = (folder / "log").read_text()
    assert log.count("Application startup complete") == 2
    assert "Traceback" not in log


def test_a_port_that_is_taken_ends_with_a_code(terminal: Terminal, folder: Path) -> None:
    with serving(terminal, folder) as url:
        second = terminal.begin("serve", "--port", url.rsplit(":", 1)[1])
        _, error = second.communicate(timeout=60)
    assert second.returncode == 1
    assert "address already in use" in error
    assert "Traceback" not in error
