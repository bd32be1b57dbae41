"""The Python of the README and of the pages is run as it stands, each block in a module of its own."""

import re
from pathlib import Path
from typing import Any, NoReturn

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.threats.forge import b64

ROOT = Path(__file__).parents[2]
PAGES = (
    "README.md",
    "docs/abuse.md",
    "docs/mail.md",
    "docs/provider-tokens.md",
    "docs/resource-server.md",
    "docs/roles.md",
    "docs/sessions.md",
)
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = [
    (page, number, block) for page in PAGES for number, block in enumerate(_BLOCK.findall((ROOT / page).read_text()))
]


WITH_USERS = [each for each in BLOCKS if "ResourceServer" not in each[2]]
WITHOUT_USERS = [each for each in BLOCKS if "ResourceServer" in each[2]]


def named(blocks: list[tuple[str, int, str]]) -> list[str]:
    return [f"{page}:{number}" for page, number, _ in blocks]


@pytest.mark.parametrize(("page", "number", "block"), WITH_USERS, ids=named(WITH_USERS))
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


@pytest.mark.parametrize(("page", "number", "block"), WITHOUT_USERS, ids=named(WITHOUT_USERS))
def test_the_code_of_a_page_makes_a_service_that_lets_nobody_in_without_its_issuer(
    page: str, number: int, block: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nowhere(*_: object, **__: object) -> NoReturn:
        raise OSError

    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.getaddrinfo", nowhere)
    module: dict[str, Any] = {"__name__": f"page_{number}"}
    exec(compile(block, f"{page}:{number}", "exec"), module)  # noqa: S102 - our own pages
    app = module["app"]
    assert isinstance(app, FastAPI)
    server = app.state.gatepost
    with TestClient(app) as client:
        for path, operations in client.get("/openapi.json").json()["paths"].items():
            for method in operations:
                assert client.request(method, path).status_code == 401
                for issuer, status in ((server.issuers[0].url, 503), ("https://other.example", 401)):
                    token = ".".join(b64({"alg": "RS256", "kid": "1", "iss": issuer}) for _ in range(3))
                    bearer = {"Authorization": f"Bearer {token}"}
                    assert client.request(method, path, headers=bearer).status_code == status
