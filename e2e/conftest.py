"""The Todo app as `python -m backend` serves it, on a free port over a database of its own, and a browser."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, sync_playwright

from e2e.person import MAILBOX_KEY, Person
from gatepost.core.throttle.actions import DEFAULTS
from tests.backends import free_port

TODO_APP = Path(__file__).resolve().parent.parent / "examples" / "todo"
# One address does everything here, and more of it than any person would.
WIDE = dict.fromkeys(DEFAULTS, "1000000/1")
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the Todo app runs: its database, and `log`, what the terminal would show."""
    return tmp_path_factory.mktemp("todo")


@pytest.fixture(scope="session")
def server(folder: Path) -> Iterator[str]:
    """The address of a running Todo app."""
    with todo_app(folder, free_port()) as url:
        yield url


@contextlib.contextmanager
def todo_app(folder: Path, port: int, **more: str) -> Iterator[str]:
    """Serve a Todo app of its own, with more in its environment."""
    assert (TODO_APP / "frontend" / "dist" / "index.html").is_file(), "build the front end first: npm run build"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GATEPOST_")}
    paths = os.pathsep.join(filter(None, [str(TODO_APP), inherited.get("PYTHONPATH")]))
    # One address signs up everybody here.
    env = inherited | {
        "PYTHONPATH": paths,
        "GATEPOST_SIGNUP_BUDGET_ADDRESS": "1000/60",
        "GATEPOST_BUDGETS": json.dumps(WIDE),
        "GATEPOST_MAILBOX_KEY": MAILBOX_KEY,
        **more,
    }
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "backend", "--port", str(port)], cwd=folder, env=env, stdout=log, stderr=log
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for_401(f"{url}/todos", process, folder / "log")
            yield url
        finally:
            process.terminate()
            process.wait(timeout=20)


def wait_for_401(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Poll until the guard answers, which says that routes, database and keys are there."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx2.TransportError):
            if httpx2.get(url).status_code == 401:
                return
        time.sleep(0.1)
    pytest.fail(f"the Todo app did not start:\n{log.read_text()}")


# By module: the loop that playwright keeps running would stand in the way of another file's asynchronous tests.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, or playwright's own."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=CHROMIUM_ARGS)
        yield chromium
        chromium.close()


@pytest.fixture
def someone(browser: Browser, server: str) -> Iterator[Callable[[], Person]]:
    """A new person with a browser profile of their own, each time it is called."""
    people: list[Person] = []

    def arrive() -> Person:
        people.append(Person(browser.new_context(base_url=server)))
        return people[-1]

    yield arrive
    for person in people:
        person.context.close()


@pytest.fixture
def ada(someone: Callable[[], Person]) -> Person:
    """One who has signed up and looks at an empty list."""
    person = someone()
    person.sign_up()
    return person


@pytest.fixture
def grace(someone: Callable[[], Person]) -> Person:
    """Another one, in another browser."""
    person = someone()
    person.sign_up()
    return person
