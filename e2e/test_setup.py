"""The link that the terminal shows makes the first administrator, in the app's own pages."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from e2e.person import Person

pytestmark = pytest.mark.e2e


def test_the_link_of_the_terminal_makes_the_first_administrator_with_the_keyboard_alone(
    folder: Path, someone: Callable[[], Person]
) -> None:
    root = someone()
    page = root.page
    page.set_viewport_size({"width": 360, "height": 640})
    page.emulate_media(color_scheme="dark")
    link = re.search(r"http://\S+/setup#token=\S+", (folder / "log").read_text())
    assert link is not None
    page.goto(link[0])
    expect(page.get_by_label("E-mail")).to_be_focused()
    assert "token" not in page.url
    page.keyboard.type(root.email)
    page.keyboard.press("Tab")
    page.keyboard.type("12345678")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Password", exact=True)).to_have_attribute("aria-invalid", "true")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_label("Password", exact=True).fill(root.password)
    page.keyboard.press("Enter")
    expect(page.get_by_text("The administrator is made.")).to_be_visible()
    root.sign_in()
    expect(root.new_todo).to_be_visible()
    assert page.request.get("/auth/admin/users").status == 200
    page.goto("/")
    page.goto(link[0])
    page.get_by_label("E-mail").fill("other@example.com")
    page.get_by_label("Password", exact=True).fill(root.password)
    page.keyboard.press("Enter")
    expect(root.alert).to_have_text("This server has its administrator already.")
