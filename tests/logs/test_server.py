"""The log of `gatepost serve`: lines of JSON in production, and one id from the request to the trail."""

import json
import re
from pathlib import Path

import httpx2
import pytest
from starlette.types import Message, Receive, Scope, Send

from gatepost.kernel.logs import request_id
from gatepost.server.request_ids import RequestIds
from tests.backends import free_port, is_answered, wait_for
from tests.harness import query
from tests.server.terminal import PRODUCTION, Terminal

pytestmark = pytest.mark.anyio


async def answered(*given: tuple[bytes, bytes], trusts: bool) -> tuple[str, str | None, str]:
    """Return the id of the answer, in the log's context, and in the scope."""
    seen: dict[str, str | None] = {}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen["context"], seen["scope"] = request_id.get(), scope["gatepost.request_id"]
        await send({"type": "http.response.start", "status": 200, "headers": [(b"X-Request-Id", b"from-within")]})
        await send({"type": "http.response.body"})

    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    await RequestIds(app, trusts_header=trusts)({"type": "http", "headers": list(given)}, receive, send)
    found = [value.decode() for name, value in sent[0]["headers"] if name.lower() == b"x-request-id"]
    assert len(found) == 1
    assert request_id.get() is None
    return found[0], seen["context"], str(seen["scope"])


async def test_a_request_has_one_id_everywhere() -> None:
    first, second = await answered(trusts=False), await answered(trusts=False)
    assert len(set(first)) == 1
    assert re.fullmatch(r"[0-9a-f]{32}", first[0])
    assert first != second


async def test_a_proxy_s_id_is_taken_over_and_a_stranger_s_is_not() -> None:
    header = (b"x-request-id", b"proxy-id-0001")
    assert (await answered(header, trusts=True))[0] == "proxy-id-0001"
    assert (await answered(header, trusts=False))[0] != "proxy-id-0001"


@pytest.mark.parametrize("value", [b"", b"short", b"x" * 65, b"with space in it", b"line\nbreak-1234", b"\xff" * 10])
async def test_an_id_that_is_no_plain_word_is_not_taken_over(value: bytes) -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", (await answered((b"x-request-id", value), trusts=True))[0])


async def test_two_ids_are_none() -> None:
    header = (b"x-request-id", b"proxy-id-0001")
    assert re.fullmatch(r"[0-9a-f]{32}", (await answered(header, header, trusts=True))[0])


def test_production_logs_lines_of_json_with_the_request_s_id(sqlite_url: str, tmp_path: Path) -> None:
    port = free_port()
    terminal = Terminal(sqlite_url).with_settings(**PRODUCTION)
    terminal.says("db", "upgrade")
    url = f"http://127.0.0.1:{port}"
    with (tmp_path / "out").open("w") as out, (tmp_path / "err").open("w") as err:
        process = terminal.begin("serve", "--port", str(port), stdout=out, stderr=err, cwd=tmp_path)
        try:
            wait_for(lambda: is_answered(f"{url}/readyz"), lambda: process.poll() is None, (tmp_path / "err").read_text)
            form = {"grant_type": "password", "username": "a@example.com", "password": "hunter2hunter2"}
            answer = httpx2.post(f"{url}/auth/token?token=hunter2", data=form)
            identifier = answer.headers["x-request-id"]
            trail = "SELECT count(*) FROM gatepost_audit_queue"
            wait_for(lambda: query(sqlite_url, trail)[0][0] == 0, lambda: process.poll() is None, str)
            wait_for(lambda: "login.failed" in (tmp_path / "err").read_text(), lambda: process.poll() is None, str)
        finally:
            process.terminate()
            process.communicate(timeout=20)
    said = (tmp_path / "out").read_text(), (tmp_path / "err").read_text()
    lines = [json.loads(line) for text in said for line in text.splitlines()]
    assert "hunter2" not in "".join(said)
    access = next(line for line in lines if line["event"] == "http.request" and line["path"] == "/auth/token")
    failed = next(line for line in lines if line["event"] == "login.failed")
    assert access["request_id"] == failed["request_id"] == identifier
    assert query(sqlite_url, f"SELECT event FROM gatepost_audit WHERE request_id = '{identifier}'") == [
        ("login.failed",)
    ]
