"""The built-in pages in a real browser: nothing happens by itself, the token leaves no trace, the outcome is said."""

import itertools
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

from gatepost.features.pages.content import PAGES
from tests.pages.conftest import House

Context = Callable[..., BrowserContext]
NEW = "another long password"
FORGED = "gpp_" + "A" * 64
_numbers = itertools.count(1)


@pytest.fixture
def email(house: House) -> str:
    address = f"person{next(_numbers)}@example.com"
    house.sign_up(address)
    return address


def posts(page: Page) -> list[Request]:
    seen: list[Request] = []
    page.on("request", lambda request: seen.append(request) if request.method == "POST" else None)
    return seen


def test_an_address_is_verified_by_the_button_and_not_by_opening_the_link(
    house: House, email: str, context: Context
) -> None:
    page = context().new_page()
    sent = posts(page)
    page.goto(house.link(email, "verify-email"))
    expect(page.get_by_role("heading", name="Confirm your e-mail address")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert sent == []
    assert not house.is_verified(email)
    page.get_by_role("button", name="Confirm this address").click()
    expect(page.get_by_role("status")).to_have_text("Your e-mail address is confirmed.")
    expect(page.get_by_role("link", name="Continue")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    assert house.is_verified(email)


def test_a_password_is_reset_with_the_keyboard_alone(house: House, email: str, context: Context) -> None:
    assert house.post("password/forgot", email=email) == 202
    page = context().new_page()
    page.goto(house.link(email, "reset-password"))
    expect(page.get_by_label("New password")).to_be_focused()
    page.keyboard.type("short")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("New password: ")
    expect(page.get_by_label("New password")).to_be_focused()
    expect(page.get_by_label("New password")).to_have_attribute("aria-invalid", "true")
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type(NEW)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_label("New password")).to_have_attribute("type", "text")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Your password is set. You can sign in with it now.")
    expect(page.get_by_role("status")).to_be_focused()
    assert house.post("login", identifier=email, password=NEW) == 200


def test_a_link_that_was_used_says_so(house: House, email: str, context: Context) -> None:
    link = house.link(email, "verify-email")
    assert house.post("email/verify", token=link.split("#token=")[1]) == 204
    page = context().new_page()
    page.goto(link)
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("not valid, or no longer")
    expect(page.get_by_role("button")).to_have_count(0)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_takes_the_token_out_of_the_address_and_keeps_its_policy(
    house: House, context: Context, name: str
) -> None:
    page = context().new_page()
    urls: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{house.url}/auth/pages/{name}#token={FORGED}")
    expect(page.get_by_role("button")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert page.url == f"{house.url}/auth/pages/{name}"
    assert [url for url in urls if "token" in url.split("#")[0] or not url.startswith(house.url)] == []
    assert [text for text in complaints if "favicon" not in text] == []
    page.go_back()
    assert "token" not in page.url


@pytest.mark.parametrize("name", PAGES)
def test_a_page_without_a_token_says_what_to_do(house: House, context: Context, name: str) -> None:
    page = context().new_page()
    page.goto(f"{house.url}/auth/pages/{name}")
    expect(page.get_by_role("status")).to_contain_text("Open that link again")
    expect(page.get_by_role("button")).to_have_count(0)


def test_a_second_link_in_the_same_tab_is_the_one_that_counts(house: House, email: str, context: Context) -> None:
    page = context().new_page()
    page.goto(f"{house.url}/auth/pages/verify-email#token={FORGED}")
    page.goto(house.link(email, "verify-email"))
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_text("Your e-mail address is confirmed.")


def test_a_server_that_cannot_be_reached_is_said_and_tried_again(house: House, email: str, context: Context) -> None:
    page = context().new_page()
    page.goto(house.link(email, "verify-email"))
    page.context.set_offline(offline=True)
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("cannot be reached")
    page.context.set_offline(offline=False)
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_text("Your e-mail address is confirmed.")


def test_two_presses_send_one_request(house: House, email: str, context: Context) -> None:
    page = context().new_page()
    sent = posts(page)
    page.goto(house.link(email, "verify-email"))
    page.get_by_role("button").dblclick()
    expect(page.get_by_role("status")).to_have_text("Your e-mail address is confirmed.")
    assert len(sent) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_page_needs_no_scrolling_sideways(house: House, context: Context, scheme: str) -> None:
    page = context(viewport={"width": 320, "height": 600}, color_scheme=scheme).new_page()
    for name in PAGES:
        page.goto(f"{house.url}/auth/pages/{name}#token={FORGED}")
        expect(page.get_by_role("button")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_without_a_script_nothing_can_be_sent(house: House, context: Context) -> None:
    page = context(java_script_enabled=False).new_page()
    page.goto(f"{house.url}/auth/pages/reset-password#token={FORGED}")
    expect(page.locator("noscript p")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
