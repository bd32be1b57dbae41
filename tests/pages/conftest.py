"""A served Gatepost, a real browser, and the mail that a person gets."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.backends import wait_for
from tests.harness import PASSWORD, query, served

_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]


class House:
    """A running server and what it mails."""

    def __init__(self, url: str, database_url: str, console: Callable[[], str]) -> None:
        self.url = url
        self._console = console
        self._database_url = database_url

    def sign_up(self, email: str) -> None:
        body = {"email": email, "password": PASSWORD}
        assert httpx2.post(f"{self.url}/auth/register", json=body).status_code == 201

    def post(self, path: str, **body: str) -> int:
        return httpx2.post(f"{self.url}/auth/{path}", json=body).status_code

    def is_verified(self, email: str) -> bool:
        rows = query(self._database_url, f"SELECT email_verified FROM gatepost_user WHERE email = '{email}'")
        return bool(rows[0][0])

    def setup_link(self) -> str:
        """Return the link that the console shows, as it leads to this server."""
        found = re.search(r"https?://[^/\s]+(\S+/pages/setup#token=\S+)", self._console())
        assert found is not None
        return self.url + found[1]

    def link(self, email: str, page: str) -> str:
        """Wait for the mail with a link to a page, and return it as it leads to this server."""
        found: list[str] = []

        def is_there() -> bool:
            rows = query(self._database_url, f"SELECT body FROM gatepost_dev_mail WHERE recipient = '{email}'")
            found.extend(link for (body,) in rows for link in re.findall(rf"\S+/pages/{page}#token=\S+", body))
            return bool(found)

        wait_for(is_there, lambda: True, lambda: f"no mail with {page} for {email}")
        return re.sub(r"^https?://[^/]+", self.url, found[-1])


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    database_url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('pages') / 'pages.db'}"
    with served(database_url) as (process,):
        yield House(process.url, database_url, process.log)


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=_ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Make browser profiles, gone after the test."""
    made: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        made.append(browser.new_context(**options))  # type: ignore[arg-type]  # whatever playwright takes
        made[-1].set_default_timeout(10_000)
        return made[-1]

    yield make
    for one in made:
        one.close()
