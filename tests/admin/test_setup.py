"""The first administrator: a link in the console, once, and never again."""

import asyncio
import re
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from gatepost import User
from tests.admin.people import made
from tests.harness import EMAIL, PASSWORD, Running, bearer, running, served

pytestmark = pytest.mark.anyio
LINK = re.compile(r"http://\S+/setup#token=(\S+)")


def token_in(text: str) -> str | None:
    found = LINK.search(text)
    return found[1] if found is not None else None


async def set_up(client: httpx2.AsyncClient, token: str | None, email: str = EMAIL) -> httpx2.Response:
    return await client.post("/auth/setup", json={"token": token, "email": email, "password": PASSWORD})


async def test_the_link_of_the_console_makes_the_first_administrator(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running(database_url) as it:
        token = token_in(capsys.readouterr().err)
        assert (await set_up(it.client, token)).json()["roles"] == ["admin"]
        access = (await it.signed_in())["access_token"]
        assert (await it.client.get("/auth/admin/users", headers=bearer(access))).status_code == 200
        assert it.value("SELECT count(*) FROM gatepost_audit WHERE event = 'admin.first'") == 1


async def test_in_production_the_link_is_for_a_terminal_and_never_for_a_log(
    sqlite_url: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    production: dict[str, Any] = {
        "env": "production",
        "public_url": "https://id.house.test",
        "mail": "none",
        "secret": "0123456789abcdef" * 4,
    }
    async with running(sqlite_url, secret=production["secret"]):
        capsys.readouterr()
    async with running(sqlite_url, **production):
        said = capsys.readouterr().err
        assert token_in(said.replace("https", "http")) is None
        assert "gatepost users create-admin" in caplog.text
        assert "#token=" not in caplog.text
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    async with running(sqlite_url, **production):
        assert token_in(capsys.readouterr().err.replace("https", "http")) is not None


async def test_the_link_leads_to_a_page_that_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with running(f"sqlite:///{tmp_path}/gate.db") as it:
        link = LINK.search(capsys.readouterr().err)
        assert link is not None
        page = await it.client.get(urlsplit(link[0]).path)
        assert page.status_code == 200
        assert 'data-endpoint="../setup"' in page.text


async def test_of_many_set_ups_at_once_one_makes_an_administrator(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running(database_url) as it, running(database_url) as other:
        token = token_in(capsys.readouterr().err)
        clients = [it.client, other.client] * 5
        answers = await asyncio.gather(
            *(set_up(client, token, f"admin{number}@example.com") for number, client in enumerate(clients))
        )
        assert Counter(answer.status_code for answer in answers) == {201: 1, 404: 9}
        assert it.value("SELECT count(*) FROM gatepost_user_role") == 1
        assert it.value("SELECT count(*) FROM gatepost_user") == 1


async def test_after_it_there_is_no_set_up_in_any_process_or_after_a_restart_or_without_administrators(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running(database_url) as it:
        token = token_in(capsys.readouterr().err)
        user = (await set_up(it.client, token)).json()
        async with running(database_url) as other:
            assert (await set_up(other.client, token, "b@example.com")).status_code == 404
        assert await it.gate.users.delete((await _only(it)).id)
        assert user["email"] == EMAIL
    capsys.readouterr()
    async with running(database_url) as it:
        assert token_in(capsys.readouterr().err) is None
        assert (await set_up(it.client, token, "b@example.com")).status_code == 404


@pytest.mark.parametrize("way", ["made", "given the role", "by the role's own name"])
async def test_whoever_was_administrator_while_it_ran_closes_the_set_up_for_ever(
    database_url: str, capsys: pytest.CaptureFixture[str], way: str
) -> None:
    role = "boss" if way == "by the role's own name" else "admin"
    async with running(database_url, admin_role=role) as it:
        token = token_in(capsys.readouterr().err)
        user = await made(it, "first@example.com", *([] if way == "given the role" else [role]))
        await it.gate.users.grant_role(user.id, role)
        await it.gate.users.delete(user.id)
        assert (await set_up(it.client, token)).status_code == 404
    async with running(database_url, admin_role=role):
        assert token_in(capsys.readouterr().err) is None


async def _only(it: Running) -> User[Any]:
    (user,) = await it.gate.users.page()
    return user


async def test_a_server_whose_administrator_came_another_way_has_no_set_up_for_ever(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running(database_url) as it:
        token = token_in(capsys.readouterr().err)
        user = await made(it, EMAIL, "admin")
        assert (await set_up(it.client, token, "b@example.com")).status_code == 404
        await it.gate.users.remove_role(user.id, "admin")
        assert (await set_up(it.client, token, "b@example.com")).status_code == 404


@pytest.mark.parametrize("token", ["", "x", "A" * 24, "ü" * 20, "\x00", "A" * 200])
async def test_a_guessed_token_makes_nobody(sqlite_url: str, token: str) -> None:
    async with running(sqlite_url) as it:
        answer = await set_up(it.client, token)
        assert (answer.status_code, answer.json()["code"]) == (400, "proof.refused")
        assert it.value("SELECT count(*) FROM gatepost_user") == 0


async def test_the_link_expires_and_a_restart_prints_another(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running(database_url) as it:
        first = token_in(capsys.readouterr().err)
        it.clock.advance(3_601)
        assert (await set_up(it.client, first)).status_code == 400
        async with running(database_url, clock=it.clock):
            second = token_in(capsys.readouterr().err)
        assert second not in {None, first}
        assert (await set_up(it.client, first)).status_code == 400
        assert (await set_up(it.client, second)).status_code == 201


async def test_a_refused_set_up_leaves_the_link_good(database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    async with running(database_url) as it:
        token = token_in(capsys.readouterr().err)
        await made(it, EMAIL)
        assert (await set_up(it.client, token)).status_code == 409
        body = {"token": token, "email": "b@example.com", "password": "short"}
        assert (await it.client.post("/auth/setup", json=body)).status_code == 422
        assert (await set_up(it.client, token, "b@example.com")).status_code == 201


async def test_a_setting_switches_the_link_off(sqlite_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    async with running(sqlite_url):
        token = token_in(capsys.readouterr().err)
    async with running(sqlite_url, setup_link=False) as it:
        assert token_in(capsys.readouterr().err) is None
        assert (await set_up(it.client, token)).status_code == 404


def test_every_process_of_a_server_prints_the_same_link(database_url: str) -> None:
    with served(database_url, 2) as (one, other):
        assert token_in(one.log()) is not None
        assert token_in(one.log()) == token_in(other.log())
