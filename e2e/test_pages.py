"""The pages themselves: what they are allowed to load, and the API's own page with its Authorize button."""

from collections.abc import Callable

import pytest
from playwright.sync_api import ConsoleMessage, expect

from e2e.person import Person

pytestmark = pytest.mark.e2e


def test_authorize_on_the_docs_page_signs_in_and_a_call_is_answered(ada: Person, someone: Callable[[], Person]) -> None:
    page = someone().page
    page.goto("/docs")
    page.locator(".scheme-container .authorize").click()
    page.get_by_label("username:").fill(ada.email)
    page.get_by_label("password:").fill(ada.password)
    page.locator(".modal-ux").get_by_role("button", name="Apply given OAuth2 credentials").click()
    expect(page.locator(".modal-ux").get_by_role("button", name="Remove authorization")).to_be_visible()
    page.locator(".modal-ux").get_by_role("button", name="Close", exact=True).last.click()

    me = page.locator(".opblock-get", has=page.locator("[data-path='/auth/me']"))
    me.locator(".opblock-summary-control").click()
    me.get_by_role("button", name="Try it out").click()
    me.get_by_role("button", name="Execute").click()
    answer = me.locator(".live-responses-table .response")
    expect(answer.locator(".response-col_status")).to_contain_text("200")
    expect(answer).to_contain_text(ada.email)


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_page_loads_from_this_server_only_and_keeps_its_policy(
    server: str, someone: Callable[[], Person], path: str
) -> None:
    page = someone().page
    urls: list[str] = []
    violations: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            violations.append(message.text)

    page.on("request", lambda request: urls.append(request.url))
    page.on("console", note)
    response = page.goto(path)
    page.wait_for_load_state("networkidle")
    assert response is not None
    policy = response.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert response.headers["cache-control"] == "no-cache"
    assert [url for url in urls if not url.startswith((f"{server}/", "data:"))] == []
    assert violations == []


def test_only_files_named_by_their_content_are_kept_by_the_browser(server: str, someone: Callable[[], Person]) -> None:
    page = someone().page
    kept: list[str | None] = []
    page.on(
        "response",
        lambda answer: kept.append(answer.headers.get("cache-control")) if "/assets/" in answer.url else None,
    )
    page.goto("/")
    page.wait_for_load_state("networkidle")
    assert kept
    assert set(kept) == {"public, max-age=31536000, immutable"}


def test_an_unknown_address_leads_to_the_app_and_an_unknown_call_to_404(someone: Callable[[], Person]) -> None:
    person = someone()
    person.page.goto("/no/such/page")
    person.expect_sign_in("New here?")
    assert person.context.request.get("/todos/1/nothing", headers={"Accept": "application/json"}).status == 404
