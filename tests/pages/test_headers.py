"""What a page may load, who may frame it, and that it knows nothing of anybody."""

import re

import pytest

from gatepost.features.pages.content import PAGES, file
from tests.harness import running

pytestmark = pytest.mark.anyio
FILES = [*PAGES, "pages.css", "pages.js"]


@pytest.mark.parametrize("name", FILES)
async def test_every_answer_is_strict_with_browsers(sqlite_url: str, name: str) -> None:
    async with running(sqlite_url) as it:
        answer = await it.client.get(f"/auth/pages/{name}")
        assert answer.status_code == 200
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers


async def test_there_is_nothing_else_there(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        for name in ("page.html", "password.html", "content.py", "..%2fcontent.py", ""):
            assert (await it.client.get(f"/auth/pages/{name}")).status_code in {404, 405}, name


async def test_nothing_of_a_request_stands_on_a_page(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        plain = await it.client.get("/auth/pages/reset-password")
        headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
        poisoned = await it.client.get("/auth/pages/reset-password?token=evil&name=<script>", headers=headers)
        assert poisoned.content == plain.content


async def test_every_endpoint_that_a_page_posts_to_is_there(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        paths = set(it.app.openapi()["paths"])
        assert [
            page.endpoint for page in PAGES.values() if f"/auth/{page.endpoint.removeprefix('../')}" not in paths
        ] == []


def test_no_page_has_a_script_or_a_style_of_its_own() -> None:
    for name in ("page.html", "password.html", "email.html"):
        text = file(name)
        assert "style=" not in text
        assert "<style" not in text
        assert re.findall(r"\son\w+=|<script(?! src=)", text) == []
