"""Accounts elsewhere on the account page: linked, unlinked, and never somebody else's."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from e2e.others.visit import callback_of, continue_as, link, say
from e2e.person import Person

pytestmark = pytest.mark.e2e


def test_a_link_that_an_attacker_began_is_not_finished_by_a_victim(ada: Person, grace: Person, account: str) -> None:
    url = callback_of(ada, account, lambda: link(ada))
    response = grace.page.goto(url)
    assert response is not None
    assert response.status == 400
    for person in (ada, grace):
        assert person.context.request.get("/auth/identities").json()["items"] == []


def test_an_account_is_linked_signs_in_and_is_unlinked(
    ada: Person, someone: Callable[[], Person], account: str
) -> None:
    ada.add("bread")
    link(ada)
    say(ada.page, account)
    expect(ada.page.get_by_text("Example ID is linked.")).to_be_visible()
    expect(ada.page.get_by_text(f"{account}@example.com · since")).to_be_visible()
    elsewhere = someone()
    continue_as(elsewhere.page, account)
    elsewhere.expect_list("bread")

    ada.page.get_by_role("button", name="Unlink Example ID").click()
    ada.page.get_by_role("button", name="Unlink", exact=True).click()
    expect(ada.page.get_by_text("Example ID is unlinked.")).to_be_visible()
    expect(ada.page.get_by_role("button", name="Link Example ID")).to_be_visible()


def test_the_last_way_in_is_kept(someone: Callable[[], Person], account: str) -> None:
    person = someone()
    continue_as(person.page, account)
    expect(person.new_todo).to_be_visible()
    person.page.goto("/account")
    person.page.get_by_role("button", name="Unlink Example ID").click()
    person.page.get_by_role("button", name="Unlink", exact=True).click()
    expect(person.alert.filter(has_text="It is your only way in. Get yourself a password first.")).to_be_visible()
    expect(person.page.get_by_role("button", name="Unlink Example ID")).to_be_visible()


def test_an_account_of_somebody_else_is_not_linked(ada: Person, someone: Callable[[], Person], account: str) -> None:
    owner = someone()
    continue_as(owner.page, account)
    expect(owner.new_todo).to_be_visible()
    link(ada)
    say(ada.page, account)
    expect(ada.alert.filter(has_text="That account is linked with somebody else here.")).to_be_visible()
