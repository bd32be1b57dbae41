"""The example: a second service on the Todo app's tokens, each in a process of its own, as their README starts them."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.backends import free_port, wait_for
from tests.harness import EMAIL, PASSWORD, bearer, eventually

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
REPORTS, TODO_APP = ROOT / "examples" / "reports", ROOT / "examples" / "todo"
BOUND = 5.0
TWO = [{"title": "write", "done": True}, {"title": "read"}]


@contextmanager
def process(*arguments: str, url: str, cwd: Path, log: Path, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a Python program until it refuses nobody at a URL (401), and end it afterwards."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("GATEPOST_")}
    paths = os.pathsep.join(filter(None, [str(ROOT / "src"), str(TODO_APP), own.get("PYTHONPATH")]))
    with log.open("wb") as out:
        started = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=cwd,
            env={**own, "PYTHONPATH": paths, **environment},
            stdout=out,
            stderr=out,
        )

    def answers() -> bool:
        try:
            return httpx2.get(url, timeout=5).status_code == 401
        except httpx2.TransportError:
            return False

    try:
        wait_for(answers, lambda: started.poll() is None, log.read_text)
        yield started
    finally:
        started.terminate()
        started.wait(20)


class Places:
    """The two services, and what somebody does there."""

    def __init__(
        self, todo: httpx2.AsyncClient, reports: httpx2.AsyncClient, todo_app: "subprocess.Popen[bytes]"
    ) -> None:
        self.todo, self.reports, self.todo_app = todo, reports, todo_app

    async def sign_in(self) -> str:
        form = {"grant_type": "password", "username": EMAIL, "password": PASSWORD}
        token: str = (await self.todo.post("/auth/token", data=form)).json()["access_token"]
        return token

    async def read(self, token: str) -> int:
        return (await self.reports.get("/reports/mine", headers=bearer(token))).status_code


@asynccontextmanager
async def places(folder: Path) -> AsyncIterator[Places]:
    port, other = free_port(), free_port()
    todo, reports = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{other}"
    serve = ("uvicorn", "service:app", "--port", str(other), "--log-level", "warning")
    with (
        process("backend", "--port", str(port), url=f"{todo}/todos", cwd=folder, log=folder / "todo") as todo_app,
        process(*serve, url=f"{reports}/reports/mine", cwd=REPORTS, log=folder / "reports", TODO_APP=todo),
    ):
        async with (
            httpx2.AsyncClient(base_url=todo, timeout=30) as here,
            httpx2.AsyncClient(base_url=reports, timeout=30) as there,
        ):
            account = {"email": EMAIL, "password": PASSWORD}
            assert (await here.post("/auth/register", json=account)).status_code == 201
            yield Places(here, there, todo_app)


async def test_who_signs_out_at_the_todo_app_is_refused_by_the_reports_within_the_bound(tmp_path: Path) -> None:
    async with places(tmp_path) as at:
        token = await at.sign_in()
        written = await at.reports.put("/reports/mine", json=TWO, headers=bearer(token))
        assert written.json() == {"total": 2, "done": 1}
        mine = await at.reports.get("/reports/mine", headers=bearer(token))
        assert mine.json() == {"total": 2, "done": 1}
        assert (await at.reports.get("/reports/all", headers=bearer(token))).status_code == 403
        told: list[str] = []

        async def listen() -> None:
            async with at.reports.stream("GET", "/reports/live", headers=bearer(token)) as answer:
                told.extend([line async for line in answer.aiter_lines() if line])

        listening = asyncio.create_task(listen())

        async def has_begun() -> bool:
            return (await at.read(token)) == 200

        await eventually(has_begun, within=5)
        assert (await at.todo.post("/auth/logout", headers=bearer(token))).status_code == 204
        ended_at = time.monotonic()

        async def is_refused() -> bool:
            return (await at.read(token)) == 401

        await eventually(is_refused, within=BOUND)
        assert time.monotonic() - ended_at < BOUND
        async with asyncio.timeout(BOUND):
            await listening
        assert told[0] == 'data: {"total":2,"done":1}'
        assert told[-2:] == ["event: ended", "data:"]
        again = await at.sign_in()
        assert await at.read(again) == 200, "another session of the same person"
        assert "Traceback" not in (tmp_path / "reports").read_text()


async def test_while_the_todo_app_is_away_the_reports_let_nobody_in_once_the_bound_has_passed(tmp_path: Path) -> None:
    async with places(tmp_path) as at:
        token = await at.sign_in()
        assert await at.read(token) == 200
        await asyncio.to_thread(at.todo_app.kill)
        await asyncio.to_thread(at.todo_app.wait)
        gone_at = time.monotonic()

        async def is_unavailable() -> bool:
            asked_at = time.monotonic()
            status = await at.read(token)
            assert status == 503 or (status == 200 and asked_at - gone_at < BOUND)
            return status == 503

        await eventually(is_unavailable, within=BOUND + 3)
        answer = await at.reports.get("/reports/mine", headers=bearer(token))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_the_reports_load_no_sqlalchemy() -> None:
    code = "import sys, service; assert service.server; sys.exit('sqlalchemy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=REPORTS, check=True, env={"PYTHONPATH": str(ROOT / "src")})
