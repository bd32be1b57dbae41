"""What a person does at Example ID, and what an attacker does with the answer."""

import uuid
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.person import Person
from tests.issuers.provider import OidcProvider

BUTTON = "Continue with Example ID"


def enroll(provider: OidcProvider, email: str = "", *, is_verified: bool = True) -> str:
    sub = f"sub-{uuid.uuid4().hex[:8]}"
    email = email or f"{sub}@example.com"
    provider.change(accounts=[{"sub": sub, "email": email, "email_verified": is_verified, "name": "Ada at Example"}])
    return sub


def continue_as(page: Page, account: str) -> None:
    """Press the button, and say there who one is."""
    page.goto("/sign-in")
    page.get_by_role("link", name=BUTTON).click()
    say(page, account)


def say(page: Page, account: str) -> None:
    page.get_by_role("textbox", name="Account").fill(account)
    page.get_by_role("button", name="Continue").click()


def callback_of(person: Person, account: str, begin: Callable[[], None]) -> str:
    """Begin, sign in there, and return the callback's address instead of going to it."""
    begin()
    expect(person.page.get_by_role("textbox", name="Account")).to_be_visible()
    there = person.context.request
    answer = there.post(person.page.url, form={"account": account}, max_redirects=0)
    answer = there.get(answer.headers["location"], max_redirects=0)
    return answer.headers["location"]


def begin(person: Person) -> None:
    person.page.goto("/sign-in")
    person.page.get_by_role("link", name=BUTTON).click()


def link(person: Person) -> None:
    person.page.goto("/account")
    person.page.get_by_role("button", name="Link Example ID").click()


def is_signed_in(person: Person) -> bool:
    return person.context.request.get("/auth/me").status == 200
