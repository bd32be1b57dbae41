"""Signing in and out as a browser lives it: cookies, tabs, a second device."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from e2e.person import Person

pytestmark = pytest.mark.e2e


def test_a_wrong_password_is_said_in_words_and_the_right_one_then_works(
    ada: Person, someone: Callable[[], Person]
) -> None:
    elsewhere = someone()
    elsewhere.email = ada.email
    elsewhere.sign_in("not the password")
    expect(elsewhere.alert).to_have_text("That e-mail and password do not match.")
    elsewhere.page.get_by_label("Password", exact=True).fill(ada.password)
    elsewhere.page.keyboard.press("Enter")
    expect(elsewhere.new_todo).to_be_visible()


def test_an_unknown_person_and_a_wrong_password_read_the_same(ada: Person, someone: Callable[[], Person]) -> None:
    nobody = someone()
    nobody.sign_in()
    expect(nobody.alert).to_have_text("That e-mail and password do not match.")


def test_an_address_in_use_and_a_bad_form_are_said_in_words(ada: Person, someone: Callable[[], Person]) -> None:
    person = someone()
    page = person.page
    page.goto("/sign-up")
    page.get_by_label("E-mail").fill("no address")
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_label("E-mail")).to_be_focused()
    expect(page.get_by_label("E-mail")).to_have_accessible_description("Enter an e-mail address, like ada@example.com.")
    expect(page.get_by_text("Use at least 8 characters.")).to_be_visible()
    page.get_by_label("E-mail").fill(ada.email)
    page.get_by_label("Password", exact=True).fill("long enough, surely")
    page.get_by_role("button", name="Create account").click()
    expect(person.alert).to_contain_text("This e-mail address has an account already.")


def test_session_and_device_are_httponly_cookies_and_nothing_else_is_kept(ada: Person) -> None:
    cookies = ada.context.cookies()
    assert sorted(str(cookie["name"]) for cookie in cookies) == ["gatepost", "gatepost-device"]
    assert [cookie["httpOnly"] for cookie in cookies] == [True, True]
    assert [cookie["sameSite"] for cookie in cookies] == ["Lax", "Lax"]
    assert ada.page.evaluate("document.cookie") == ""
    assert ada.page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_signing_out_in_one_tab_ends_the_other(ada: Person) -> None:
    other = ada.context.new_page()
    other.goto("/")
    expect(other.get_by_label("What needs doing?")).to_be_visible()
    ada.page.get_by_role("button", name="Sign out").click()
    ada.expect_sign_in("You are signed out.")
    expect(other.get_by_text("Your session has ended.")).to_be_visible()
    assert ada.context.request.get("/todos").status == 401


def test_a_stolen_cookie_is_worth_nothing_after_sign_out(ada: Person, someone: Callable[[], Person]) -> None:
    thief = someone()
    thief.context.add_cookies(ada.context.cookies())  # type: ignore[arg-type]  # what it gives is what it takes
    assert thief.context.request.get("/todos").status == 200
    ada.page.get_by_role("button", name="Sign out").click()
    ada.expect_sign_in("You are signed out.")
    assert thief.context.request.get("/todos").status == 401


def test_a_session_ended_from_a_second_browser_leads_the_first_to_sign_in(
    ada: Person, someone: Callable[[], Person]
) -> None:
    second = someone()
    second.email = ada.email
    second.sign_in()
    expect(second.new_todo).to_be_visible()
    second.page.get_by_role("link", name="account").click()
    expect(second.page.get_by_text("This one")).to_have_count(1)
    second.page.get_by_role("button", name="End the session").click()
    expect(second.page.get_by_text("The session is ended.")).to_be_visible()
    expect(second.page.get_by_role("button", name="End the session")).to_have_count(0)

    ada.new_todo.fill("Half a thought")
    ada.new_todo.press("Enter")
    ada.expect_sign_in("Your session has ended.")
    ada.page.get_by_label("Password", exact=True).fill(ada.password)
    ada.page.keyboard.press("Enter")
    expect(ada.new_todo).to_have_value("Half a thought")
    expect(ada.rows).to_have_count(0)


def test_sign_out_everywhere_else_keeps_only_this_session(ada: Person, someone: Callable[[], Person]) -> None:
    others = [someone(), someone()]
    for other in others:
        other.email = ada.email
        other.sign_in()
        expect(other.new_todo).to_be_visible()
    ada.page.goto("/account")
    ada.page.get_by_role("button", name="Sign out everywhere else").click()
    expect(ada.page.get_by_role("button", name="End the session")).to_have_count(0)
    assert [other.context.request.get("/todos").status for other in others] == [401, 401]
    assert ada.context.request.get("/todos").status == 200


def test_a_changed_password_ends_other_sessions_and_the_old_one_no_longer_works(
    ada: Person, someone: Callable[[], Person]
) -> None:
    other = someone()
    other.email = ada.email
    other.sign_in()
    expect(other.new_todo).to_be_visible()

    page = ada.page
    page.goto("/account")
    page.get_by_label("Current password").fill("not the password")
    page.get_by_label("New password").fill("another horse entirely")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("This is not your current password.")).to_be_visible()
    page.get_by_label("Current password").fill(ada.password)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Your password is changed.")).to_be_visible()

    assert other.context.request.get("/todos").status == 401
    assert ada.context.request.get("/todos").status == 200
    other.sign_in()
    expect(other.alert).to_have_text("That e-mail and password do not match.")
    other.sign_in("another horse entirely")
    expect(other.new_todo).to_be_visible()
