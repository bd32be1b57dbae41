"""`/metrics`: who may read it, what it counts, and what no label may hold."""

import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gatepost import Gatepost
from gatepost.server.app import create_app
from tests.backends import free_port, is_answered, wait_for
from tests.harness import EMAIL, PASSWORD, bearer, settings
from tests.server.terminal import Terminal

TOKEN = "a token for the collector of metrics 0123456789"


def samples(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return every value by name and labels."""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def near(app: Any, host: str = "127.0.0.1", **headers: str) -> httpx2.AsyncClient:  # noqa: ANN401 - an application
    """Return a client whose address is `host`."""
    transport = httpx2.ASGITransport(app=app, client=(host, 1234))
    return httpx2.AsyncClient(transport=transport, base_url="http://localhost", headers=headers)


@pytest.fixture
def gate(sqlite_url: str) -> Gatepost[Any]:
    return Gatepost(settings(sqlite_url, mailbox_key="mailbox"))


@pytest.mark.anyio
async def test_without_a_token_only_this_machine_reads_it_and_nothing_that_was_forwarded(gate: Gatepost[Any]) -> None:
    app = create_app(gate)
    async with app.router.lifespan_context(app):
        assert (await near(app).get("/metrics")).status_code == 200
        assert (await near(app, "::1").get("/metrics")).status_code == 200
        assert (await near(app, "198.51.100.7").get("/metrics")).status_code == 404
        for name in ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Via", "X-Real-IP", "CF-Connecting-IP"):
            assert (await near(app, **{name: "127.0.0.1"}).get("/metrics")).status_code == 404


@pytest.mark.anyio
async def test_with_a_token_it_is_asked_for_from_everywhere(sqlite_url: str) -> None:
    app = create_app(Gatepost(settings(sqlite_url, mailbox_key="mailbox", metrics_token=TOKEN)))
    async with app.router.lifespan_context(app):
        assert (await near(app).get("/metrics")).status_code == 404
        assert (await near(app, **bearer("wrong")).get("/metrics")).status_code == 404
        assert (await near(app, "198.51.100.7", **bearer(TOKEN)).get("/metrics")).status_code == 200


@pytest.mark.anyio
async def test_it_counts_what_was_committed_and_measures_by_route(gate: Gatepost[Any]) -> None:
    app = create_app(gate)
    async with app.router.lifespan_context(app), near(app) as client:
        await gate.create_user(email=EMAIL, password=PASSWORD)
        form = {"grant_type": "password", "username": EMAIL}
        for password in (PASSWORD, "wrong", "wrong again"):
            await client.post("/auth/token", data={**form, "password": password})
        await client.get("/auth/sessions/not-there/at-all/zyx")
        await client.request("ZYXWV", "/auth/token")
        text = (await client.get("/metrics")).text
        found = samples(text)
        assert found["gatepost_events_total", ("user.registered",)] == 1
        assert found["gatepost_events_total", ("login.succeeded",)] == 1
        assert found["gatepost_events_total", ("login.failed",)] == 2
        assert found["gatepost_http_request_seconds_count", ("POST", "/auth/token", "2xx")] == 1
        assert found["gatepost_http_request_seconds_count", ("POST", "/auth/token", "4xx")] == 2
        assert found["gatepost_http_request_seconds_count", ("GET", "unmatched", "4xx")] == 1
        assert found["gatepost_ready", ()] == found["gatepost_feed_fresh", ()] == 1
        assert found["gatepost_hash_queue", ()] == 0
        assert not re.search("(?i)zyx|ada@|127.0.0.1", text)


@pytest.mark.anyio
async def test_it_answers_before_the_start_and_says_that_it_is_not_ready(gate: Gatepost[Any]) -> None:
    found = samples((await near(create_app(gate)).get("/metrics")).text)
    assert found["gatepost_ready", ()] == 0


def test_workers_count_together(sqlite_url: str, folder: Path) -> None:
    port = free_port()
    terminal = Terminal(sqlite_url, public_url=f"http://localhost:{port}", mailbox_key="mailbox")
    terminal.says("users", "create", "--email", EMAIL, "--password-stdin", stdin=PASSWORD)
    server = terminal.begin("serve", "--port", str(port), "--workers", "2", stdout=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: is_answered(f"{base}/readyz"), lambda: server.poll() is None, lambda: "no answer from /readyz")
        form = {"grant_type": "password", "username": EMAIL, "password": "wrong"}
        for _ in range(12):  # each on a connection of its own, so that both workers get some
            httpx2.post(f"{base}/auth/token", data=form)
        name = ("gatepost_events_total", ("login.failed",))
        assert [samples(httpx2.get(f"{base}/metrics").text)[name] for _ in range(6)] == [12] * 6
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=30)
