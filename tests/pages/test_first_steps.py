"""How a server gets its people: a link on the console, an invitation; with keys alone, on a phone, in the dark."""

import re
from collections.abc import Callable

import httpx2
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.harness import PASSWORD, bearer
from tests.pages.conftest import House

Context = Callable[..., BrowserContext]
ROOT, INVITED = "root@example.com", "invited@example.com"


@pytest.fixture
def page(context: Context) -> Page:
    return context(viewport={"width": 360, "height": 640}, color_scheme="dark").new_page()


def is_narrow(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth") <= 360)


def test_the_first_administrator_and_who_is_invited_come_in_with_the_keyboard_alone(house: House, page: Page) -> None:
    page.goto(house.setup_link())
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.keyboard.type("root")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("E-mail address: ")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    assert is_narrow(page)
    page.keyboard.press("End")
    page.keyboard.type("@example.com")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("The administrator is made. You can sign in now.")
    assert is_narrow(page)

    form = {"grant_type": "password", "username": ROOT, "password": PASSWORD}
    token = httpx2.post(f"{house.url}/auth/token", data=form).json()["access_token"]
    made = httpx2.post(f"{house.url}/auth/admin/users", json={"email": INVITED}, headers=bearer(token))
    assert made.status_code == 201
    page.goto(house.link(INVITED, "invitation"))
    expect(page.get_by_label("New password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Your account is open. You can sign in now.")
    assert is_narrow(page)
    assert house.post("login", identifier=INVITED, password=PASSWORD) == 200

    page.goto(house.setup_link())
    page.keyboard.type("other@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_attribute("data-kind", "failed")


def test_every_page_that_is_linked_to_is_there(house: House) -> None:
    pages = {"verify-email", "confirm-email", "reset-password", "sign-in", "not-me", "invitation", "setup"}
    for name in pages:
        answer = httpx2.get(f"{house.url}/auth/pages/{name}")
        assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "text/html"), name
        assert re.search("<form method=", answer.text), name
