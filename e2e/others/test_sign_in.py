"""Signing in with an account elsewhere, in a real browser, at a real provider on another site."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from e2e.others.visit import BUTTON, begin, callback_of, continue_as, enroll, is_signed_in, say
from e2e.person import Person
from tests.issuers.provider import OidcProvider

pytestmark = pytest.mark.e2e


def test_the_first_sign_in_makes_a_user_and_the_second_finds_it(someone: Callable[[], Person], account: str) -> None:
    first = someone()
    continue_as(first.page, account)
    first.add("bread")
    second = someone()
    continue_as(second.page, account)
    second.expect_list("bread")


def test_sign_up_offers_it_too_and_no_password_was_ever_chosen(someone: Callable[[], Person], account: str) -> None:
    person = someone()
    person.page.goto("/sign-up")
    person.page.get_by_role("link", name=BUTTON).click()
    say(person.page, account)
    expect(person.new_todo).to_be_visible()
    assert person.context.request.get("/auth/me").json()["email"] == f"{account}@example.com"


def test_who_cancels_there_is_told_so_at_sign_in(someone: Callable[[], Person]) -> None:
    person = someone()
    begin(person)
    person.page.get_by_role("button", name="Cancel").click()
    expect(person.alert).to_have_text("You were not signed in there: it was canceled, or it is not allowed.")
    assert urlsplit(person.page.url).query == ""


def test_the_callback_of_an_attacker_signs_no_victim_in(someone: Callable[[], Person], account: str) -> None:
    attacker, victim = someone(), someone()

    url = callback_of(attacker, account, lambda: begin(attacker))
    response = victim.page.goto(url)
    assert response is not None
    assert response.status == 400
    assert not is_signed_in(victim)
    # The victim has spent nothing: in the browser that began it is still good.
    attacker.page.goto(url)
    expect(attacker.new_todo).to_be_visible()


def test_a_victim_with_a_request_of_their_own_takes_no_answer_of_an_attacker(
    someone: Callable[[], Person], provider: OidcProvider
) -> None:
    attacker, victim = someone(), someone()
    begin(victim)
    expect(victim.page.get_by_role("heading", name="Example ID")).to_be_visible()

    url = callback_of(attacker, enroll(provider), lambda: begin(attacker))
    response = victim.page.goto(url)
    assert response is not None
    assert response.status == 400
    assert not is_signed_in(victim)


def test_an_unverified_address_there_is_no_way_into_an_account_here(
    ada: Person, someone: Callable[[], Person], provider: OidcProvider
) -> None:
    ada.add("secret")
    stranger = someone()
    continue_as(stranger.page, enroll(provider, ada.email, is_verified=False))
    expect(stranger.new_todo).to_be_visible()
    expect(stranger.rows).to_have_count(0)
    assert stranger.context.request.get("/auth/me").json()["email"] is None


def test_who_registered_somebody_elses_address_before_them_is_out(
    ada: Person, someone: Callable[[], Person], provider: OidcProvider
) -> None:
    ada.add("a trap")  # ada never verified the address: it is not hers
    owner = someone()
    continue_as(owner.page, enroll(provider, ada.email))
    expect(owner.new_todo).to_be_visible()
    assert owner.context.request.get("/auth/me").json()["email"] == ada.email
    assert not is_signed_in(ada)
    ada.sign_in()
    expect(ada.alert).to_have_text("That e-mail and password do not match.")


def test_the_end_of_the_session_there_ends_it_here(
    someone: Callable[[], Person], provider: OidcProvider, account: str
) -> None:
    person = someone()
    continue_as(person.page, account)
    expect(person.new_todo).to_be_visible()
    assert provider.end_sessions(account) == ["told"]
    assert not is_signed_in(person)
    person.page.reload()
    expect(person.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_provider_that_is_down_is_said_and_later_it_works(
    someone: Callable[[], Person], provider: OidcProvider, account: str
) -> None:
    person = someone()

    url = callback_of(person, account, lambda: begin(person))
    provider.stop()
    try:
        person.page.goto(url)
        expect(person.alert).to_have_text(
            "The other site does not answer just now. Try again in a moment, or sign in another way."
        )
        assert not is_signed_in(person)
    finally:
        provider.start()
    continue_as(person.page, account)
    expect(person.new_todo).to_be_visible()


def test_the_whole_way_goes_by_keyboard_alone(someone: Callable[[], Person], account: str) -> None:
    page = someone().page
    page.goto("/sign-in")
    button = page.get_by_role("link", name=BUTTON)
    expect(page.get_by_label("E-mail")).to_be_focused()
    for _ in range(6):
        if button.evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Account")).to_be_focused()
    page.keyboard.type(account)
    page.keyboard.press("Enter")
    expect(page.get_by_label("What needs doing?")).to_be_visible()
