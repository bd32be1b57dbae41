"""An answer that a provider posts waits for the browser to come with its cookies, and is taken once."""

from dataclasses import replace
from html.parser import HTMLParser

import httpx2
import pytest

from gatepost.core.federation.preset import Account, Preset, Said
from gatepost.core.federation.presets import oidc
from tests.social.upstream import Upstream
from tests.social.visit import begin, house, path_of, query_of, refusals, sent, who

pytestmark = pytest.mark.anyio
FOREIGN = {"Origin": "https://id.example", "Sec-Fetch-Site": "cross-site"}


async def _read(said: Said) -> Account:
    account = await oidc.read(said)
    return replace(account, full_name=said.posted.get("user"))


POSTING: Preset = replace(oidc.PRESET, name="posting", read=_read, response_mode="form_post", posted=("user",))
PROVIDER: dict[str, object] = {"preset": f"{__name__}:POSTING"}


class _Inputs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "input":
            self.found[str(named["name"])] = str(named["value"])


async def posted(upstream: Upstream, location: str) -> dict[str, str]:
    """Return the form that the provider has the browser post."""
    page = await upstream.sign_in(location)
    inputs = _Inputs()
    inputs.feed(page.text)
    return inputs.found


async def post(browser: httpx2.AsyncClient, form: dict[str, str]) -> httpx2.Response:
    """Post as a page of the provider makes a browser post: without cookies of ours."""
    kept = dict(browser.cookies)
    browser.cookies.clear()
    response = await browser.post("/auth/callback/acme", data=form, headers=FOREIGN)
    browser.cookies.update(kept)
    return response


async def test_the_form_is_parked_sealed_and_the_browser_comes_for_it_by_its_state_alone(
    database_url: str, upstream: Upstream
) -> None:
    async with house(database_url, upstream, provider=PROVIDER) as it:
        form = await posted(upstream, await sent(it.client, return_to="/in"))
        response = await post(it.client, {**form, "user": "Ada, of her own word"})
        assert response.status_code == 303
        location = response.headers["location"]
        assert location.startswith("http://localhost:8000/auth/callback/acme?")
        assert query_of(location) == {"state": form["state"]}
        assert "set-cookie" not in response.headers
        parked = bytes(it.value("SELECT parked FROM gatepost_federation"))
        assert form["code"].encode() not in parked
        done = await it.client.get(path_of(location))
        assert done.headers["location"] == "/in"
        me = await who(it.client)
        assert me is not None
        assert me["full_name"] == "Ada, of her own word"
        assert (await it.client.get(path_of(location))).status_code == 400


async def test_the_session_of_a_provider_on_the_same_site_is_not_read_at_the_post(
    sqlite_url: str, upstream: Upstream
) -> None:
    async with house(sqlite_url, upstream, provider=PROVIDER) as it:
        await it.register()
        await it.login()
        form = await posted(upstream, await sent(it.client))
        response = await it.client.post("/auth/callback/acme", data=form, headers=FOREIGN)
        assert response.status_code == 303
        assert "set-cookie" not in response.headers


async def test_the_first_form_stays(database_url: str, upstream: Upstream) -> None:
    async with house(database_url, upstream, provider=PROVIDER) as it:
        form = await posted(upstream, await sent(it.client))
        first = await post(it.client, form)
        second = await post(it.client, {**form, "code": "of-somebody-else"})
        assert first.headers["location"] == second.headers["location"]
        await it.client.get(path_of(first.headers["location"]))
        assert await who(it.client) is not None


async def test_another_browser_does_not_come_for_it(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream, provider=PROVIDER) as it, it.browser() as other:
        response = await post(it.client, await posted(upstream, await sent(it.client)))
        taken = await other.get(path_of(response.headers["location"]))
        assert (taken.status_code, taken.json()["code"]) == (400, "social.state_refused")
        assert upstream.count("/token") == 0


async def test_an_answer_in_the_query_is_none_where_the_provider_posts(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream, provider=PROVIDER) as it:
        form = await posted(upstream, await sent(it.client, error_to="/in"))
        response = await it.client.get("/auth/callback/acme", params=form)
        assert response.headers["location"] == "/in?error=social.response_refused"
        assert refusals(it) == ["response_mode"]


async def test_a_posted_answer_is_none_where_the_provider_does_not_post(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream) as it:
        answer = query_of(await upstream.answer(await sent(it.client, error_to="/in")))
        location = (await post(it.client, answer)).headers["location"]
        response = await it.client.get(path_of(location))
        assert response.headers["location"] == "/in?error=social.response_refused"


async def test_a_posted_answer_and_another_in_the_query_are_none(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream, provider=PROVIDER) as it:
        form = await posted(upstream, await sent(it.client, error_to="/in"))
        location = (await post(it.client, form)).headers["location"]
        response = await it.client.get(f"{path_of(location)}&code=another")
        assert response.headers["location"] == "/in?error=social.response_refused"
        assert refusals(it) == ["two_answers"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("state=x&state=y", "application/x-www-form-urlencoded"),
        ("state=%FF", "application/x-www-form-urlencoded"),
        ("state=%00", "application/x-www-form-urlencoded"),
        ("", "application/x-www-form-urlencoded"),
        ("&".join(f"f{number}=1" for number in range(100)), "application/x-www-form-urlencoded"),
        ('{"state": "x"}', "application/json"),
    ],
    ids=["twice", "not UTF-8", "NUL", "empty", "many", "JSON"],
)
async def test_a_form_that_is_none_is_a_bad_request(sqlite_url: str, upstream: Upstream, body: str, kind: str) -> None:
    async with house(sqlite_url, upstream, provider=PROVIDER) as it:
        response = await it.client.post("/auth/callback/acme", content=body, headers={"Content-Type": kind})
        assert response.status_code == 400, response.text


async def test_what_nobody_asked_for_is_not_kept(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream, provider=PROVIDER) as it:
        began = await begin(it.client)
        form = await posted(upstream, began.headers["location"])
        await post(it.client, form)
        short = len(bytes(it.value("SELECT parked FROM gatepost_federation")))
        again = await posted(upstream, await sent(it.client))
        await post(it.client, {**again, "more": "x" * 2_000})
        assert max(len(bytes(row[0])) for row in it.rows("SELECT parked FROM gatepost_federation")) <= short + 8
