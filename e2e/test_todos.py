"""Two people, two browsers, each with a list of their own."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from e2e.person import Person

pytestmark = pytest.mark.e2e


def test_two_people_at_once_see_only_their_own_todos(ada: Person, grace: Person) -> None:
    ada.add("Write the first program")
    grace.add("Find the moth")
    ada.add("Read the translation")
    ada.page.reload()
    grace.page.reload()
    ada.expect_list("Read the translation", "Write the first program")
    grace.expect_list("Find the moth")


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_anothers_todo_is_404_and_stays_as_it_was(ada: Person, grace: Person, method: str) -> None:
    mine = ada.context.request.post("/todos", data={"title": "Mine"}).json()
    body = {"title": "Hers"} if method == "PATCH" else None
    refused = grace.context.request.fetch(f"/todos/{mine['id']}", method=method, data=body)
    never_was = grace.context.request.fetch("/todos/2147483647", method=method, data=body)
    assert refused.status == 404
    assert refused.text() == never_was.text()
    assert ada.context.request.get(f"/todos/{mine['id']}").json() == mine


def test_without_a_session_there_is_no_todo(ada: Person, someone: Callable[[], Person]) -> None:
    mine = ada.context.request.post("/todos", data={"title": "Mine"}).json()
    stranger = someone().context.request
    for path in ("/todos", f"/todos/{mine['id']}"):
        assert stranger.get(path).status == 401
    assert stranger.post("/todos", data={"title": "x"}).status == 401


def test_the_keyboard_alone_adds_ticks_renames_and_deletes(ada: Person) -> None:
    page = ada.page
    keys = page.keyboard
    page.reload()
    expect(ada.new_todo).to_be_visible()
    for _ in range(5):  # logo, account, sign out, the mail of the address sent again, the field
        keys.press("Tab")
    expect(ada.new_todo).to_be_focused()
    keys.type("Bred")
    keys.press("Enter")
    expect(page.get_by_role("button", name="Edit “Bred”")).to_be_enabled()
    expect(ada.new_todo).to_be_focused()

    box = page.get_by_role("checkbox")
    for _ in range(6):  # the button, three filters, the search, the box
        keys.press("Tab")
    expect(box).to_be_focused()
    keys.press("Space")
    expect(box).to_be_checked()
    expect(page.get_by_text("Everything is done")).to_be_visible()

    keys.press("Tab")
    keys.press("Enter")
    expect(page.get_by_label("Title of “Bred”")).to_be_focused()
    keys.type("Bread")
    keys.press("Enter")
    expect(page.get_by_role("button", name="Edit “Bread”")).to_be_focused()

    keys.press("Tab")
    keys.press("Enter")
    expect(page.get_by_text("Nothing to do yet")).to_be_visible()
    expect(ada.new_todo).to_be_focused()


def test_escape_leaves_a_title_as_it_was(ada: Person) -> None:
    ada.add("Bread")
    ada.page.get_by_role("button", name="Edit “Bread”").click()
    ada.page.keyboard.type("Cake")
    ada.page.keyboard.press("Escape")
    ada.page.reload()
    ada.expect_list("Bread")


def test_what_was_deleted_can_be_taken_back(ada: Person) -> None:
    ada.add("Bread")
    ada.page.get_by_role("button", name="Delete “Bread”").click()
    ada.page.get_by_role("button", name="Undo").click()
    expect(ada.page.get_by_role("button", name="Edit “Bread”")).to_be_enabled()
    ada.page.reload()
    ada.expect_list("Bread")


def test_filters_and_search_narrow_the_list(ada: Person) -> None:
    for title, done in (("Oat milk", False), ("100 % rye", True), ("Milkweed", True)):
        ada.context.request.post("/todos", data={"title": title, "done": done})
    page = ada.page
    page.reload()
    page.get_by_role("button", name=re.compile("^Open")).click()
    ada.expect_list("Oat milk")
    page.get_by_role("button", name=re.compile("^Done")).click()
    ada.expect_list("Milkweed", "100 % rye")
    page.get_by_role("button", name=re.compile("^All")).click()
    page.get_by_label("Search your todos").fill("milk")
    ada.expect_list("Milkweed", "Oat milk")
    page.get_by_label("Search your todos").fill("%")
    ada.expect_list("100 % rye")


def test_a_long_list_comes_page_by_page(ada: Person) -> None:
    for number in range(53):
        ada.context.request.post("/todos", data={"title": f"todo {number:02}"})
    ada.page.reload()
    expect(ada.rows).to_have_count(50)
    ada.page.get_by_role("button", name="Load more").click()
    ada.expect_list(*(f"todo {number:02}" for number in reversed(range(53))))
    expect(ada.page.get_by_role("button", name="Load more")).to_have_count(0)


def test_a_todo_that_cannot_be_saved_comes_back_as_text(ada: Person) -> None:
    ada.page.route("**/todos", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    ada.new_todo.fill("Bread")
    ada.new_todo.press("Enter")
    expect(ada.page.get_by_role("alert")).to_contain_text("“Bread” was not added. The server cannot be reached.")
    expect(ada.new_todo).to_have_value("Bread")
    expect(ada.rows).to_have_count(0)
