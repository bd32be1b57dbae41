"""The Python of the README and of the pages is run as it stands, each block in a module of its own."""

import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/abuse.md", "docs/mail.md", "docs/roles.md", "docs/sessions.md")
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = [
    (page, number, block) for page in PAGES for number, block in enumerate(_BLOCK.findall((ROOT / page).read_text()))
]


@pytest.mark.parametrize(("page", "number", "block"), BLOCKS, ids=[f"{page}:{number}" for page, number, _ in BLOCKS])
def test_the_code_of_a_page_makes_an_application_that_serves(
    page: str, number: int, block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATEPOST_ENV", "development")
    module: dict[str, Any] = {"__name__": f"page_{number}"}
    exec(compile(block, f"{page}:{number}", "exec"), module)  # noqa: S102 - our own pages
    app = module["app"]
    assert isinstance(app, FastAPI)
    with TestClient(app) as client:
        person = {"email": "ada@example.com", "password": "a long enough phrase"}
        assert client.post("/auth/register", json=person).status_code == 201
        answer = client.post(
            "/auth/token",
            data={"grant_type": "password", "username": person["email"], "password": person["password"]},
        )
        bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        own = [
            route for route in client.get("/openapi.json").json()["paths"].items() if not route[0].startswith("/auth")
        ]
        for path, operations in own:
            nothing_there = {404} if "{" in path else set()
            for method in operations:
                assert client.request(method, path).status_code == 401
                assert client.request(method, path, headers=bearer).status_code in {200, 403} | nothing_there
