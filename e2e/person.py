"""Someone in front of a browser: what they do, in their own words."""

import itertools
import re
import time
import uuid

from playwright.sync_api import BrowserContext, Locator, Page, expect

MAILBOX_KEY = "the key of the mailbox"
PASSWORD = "correct horse battery staple"
_numbers = itertools.count(1)


class Person:
    """One browser profile and the account that is used in it."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.page: Page = context.new_page()
        self.email = f"person{next(_numbers)}.{uuid.uuid4().hex[:8]}@example.com"
        self.password = PASSWORD
        context.set_default_timeout(15_000)

    def sign_up(self) -> None:
        page = self.page
        page.goto("/sign-up")
        page.get_by_label("E-mail").fill(self.email)
        page.get_by_label("Password", exact=True).fill(self.password)
        page.get_by_role("button", name="Create account").click()
        expect(self.new_todo).to_be_visible()

    def sign_in(self, password: str | None = None) -> None:
        page = self.page
        page.goto("/sign-in")
        page.get_by_label("E-mail").fill(self.email)
        page.get_by_label("Password", exact=True).fill(password or self.password)
        page.get_by_role("button", name="Sign in").click()

    @property
    def new_todo(self) -> Locator:
        return self.page.get_by_label("What needs doing?")

    @property
    def alert(self) -> Locator:
        """What the page says is wrong; the toast at its foot is an alert of its own."""
        return self.page.get_by_role("main").get_by_role("alert")

    @property
    def rows(self) -> Locator:
        return self.page.get_by_role("list", name="Todos").get_by_role("listitem")

    def add(self, title: str) -> None:
        self.new_todo.fill(title)
        self.new_todo.press("Enter")
        # Enabled: the server has answered, this is no longer a guess.
        expect(self.page.get_by_role("button", name=f"Edit “{title}”")).to_be_enabled()

    def expect_list(self, *titles: str) -> None:
        expect(self.rows).to_have_text(list(titles))

    def expect_sign_in(self, words: str) -> None:
        expect(self.page.get_by_text(words)).to_be_visible()
        expect(self.page.get_by_role("heading", name="Sign in")).to_be_visible()

    def mail(self, subject: str, number: int = 1) -> str:
        """Return the text of the newest mail of a subject, once so many of them have come."""
        headers = {"X-Mailbox-Key": MAILBOX_KEY, "Accept": "application/json"}
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            mails = self.context.request.get("/auth/dev/mailbox", headers=headers).json()["items"]
            found = [mail for mail in mails if mail["recipient"] == self.email and subject in mail["subject"]]
            if len(found) >= number:
                return str(found[0]["body"])
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{self.email} got no mail {subject!r}")

    def link(self, subject: str, number: int = 1) -> str:
        """Return the link of the newest mail of a subject."""
        found = re.search(r"http://\S+#token=\S+", self.mail(subject, number))
        assert found is not None
        return found[0]
