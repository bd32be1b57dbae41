"""Verification, a forgotten password, and "this was not me", as somebody lives them who reads the mails."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from e2e.person import Person

pytestmark = pytest.mark.e2e
NEW_PASSWORD = "a lantern under the staircase"


def test_a_forgotten_password_is_replaced_by_the_link_of_a_mail_and_every_session_ends(
    ada: Person, someone: Callable[[], Person]
) -> None:
    elsewhere = someone()
    elsewhere.email = ada.email
    page = elsewhere.page
    page.goto("/sign-in")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail").fill(ada.email)
    page.keyboard.press("Enter")
    expect(page.get_by_text("If there is an account with this address")).to_be_visible()
    link = elsewhere.link("Choose a new password")
    page.goto(link)
    expect(page.get_by_role("heading", name="Choose a new password")).to_be_visible()
    assert "token" not in page.url
    page.get_by_label("New password").fill("12345678")
    page.keyboard.press("Enter")
    expect(page.get_by_label("New password")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("New password").fill(NEW_PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your password is changed")).to_be_visible()
    assert ada.context.request.get("/todos").status == 401
    elsewhere.sign_in()
    expect(elsewhere.alert).to_have_text("That e-mail and password do not match.")
    elsewhere.sign_in(NEW_PASSWORD)
    expect(elsewhere.new_todo).to_be_visible()
    page.goto("/sign-in")
    page.goto(link)  # used up
    page.get_by_label("New password").fill(NEW_PASSWORD)
    page.keyboard.press("Enter")
    expect(elsewhere.alert).to_contain_text("This link is not valid, or no longer.")


def test_a_stranger_s_address_reads_the_same(someone: Callable[[], Person]) -> None:
    page = someone().page
    page.goto("/forgot")
    page.get_by_label("E-mail").fill("nobody.at.all@example.com")
    page.keyboard.press("Enter")
    expect(page.get_by_text("If there is an account with this address")).to_be_visible()


def test_an_address_is_confirmed_by_a_button_and_not_by_opening_the_link(ada: Person) -> None:
    page = ada.page
    notice = page.get_by_text("Confirm your address: we have mailed a link")
    expect(notice).to_be_visible()
    page.get_by_role("button", name="Send it again").click()
    expect(page.get_by_text(f"A new mail to {ada.email} is on its way.")).to_be_visible()
    link = ada.link("Confirm your", number=2)
    page.goto(link)
    expect(page.get_by_role("button", name="Confirm my address")).to_be_focused()
    assert "token" not in page.url
    assert not ada.context.request.get("/auth/me").json()["email_verified"]
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your address is confirmed.")).to_be_visible()
    page.get_by_role("link", name="Go to your list").click()
    expect(ada.new_todo).to_be_visible()
    expect(notice).to_have_count(0)
    assert ada.context.request.get("/auth/me").json()["email_verified"]


def test_who_did_not_change_the_password_gets_the_account_back_by_the_notice(
    ada: Person, someone: Callable[[], Person]
) -> None:
    thief = someone()
    thief.email = ada.email
    thief.sign_in()
    expect(thief.new_todo).to_be_visible()
    thief.page.goto("/account")
    thief.page.get_by_label("Current password").fill(ada.password)
    thief.page.get_by_label("New password").fill("the words of a thief at night")
    thief.page.get_by_role("button", name="Change password").click()
    expect(thief.page.get_by_text("Your password is changed.")).to_be_visible()
    page = ada.page
    page.goto(ada.link("password"))
    page.get_by_role("button", name="Secure my account").click()
    expect(page.get_by_text("Every session is ended.")).to_be_visible()
    assert thief.context.request.get("/todos").status == 401
    thief.sign_in("the words of a thief at night")
    expect(thief.alert).to_be_visible()
    page.goto(ada.link("Choose a new password"))
    page.get_by_label("New password").fill(NEW_PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your password is changed")).to_be_visible()
    ada.sign_in(NEW_PASSWORD)
    expect(ada.new_todo).to_be_visible()


def test_a_second_link_in_the_same_tab_takes_the_place_of_the_first(ada: Person) -> None:
    page = ada.page
    page.goto(ada.link("Confirm your"))
    page.get_by_role("button", name="Confirm my address").click()
    expect(page.get_by_text("Your address is confirmed.")).to_be_visible()
    page.goto(f"{page.url}#token=gpp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
    page.get_by_role("button", name="Confirm my address").click()
    expect(ada.alert).to_contain_text("link is not valid")
    assert "token" not in page.url


@pytest.mark.parametrize("path", ["/verify-email", "/reset-password", "/not-me"])
def test_a_link_without_its_token_says_so(path: str, someone: Callable[[], Person]) -> None:
    person = someone()
    person.page.goto(path)
    expect(person.alert).to_contain_text("link is not")
