"""Everything that can happen once happens once, whoever else tries at the same time (DESIGN, promise 2)."""

import asyncio
from collections import Counter

import pytest

from tests.harness import EMAIL, PASSWORD, query, running, served

pytestmark = pytest.mark.anyio


async def test_fifty_sign_ups_with_one_identifier_make_one_user(database_url: str) -> None:
    async with running(database_url) as it:
        answers = await asyncio.gather(*(it.register(password=f"{PASSWORD} {number}") for number in range(50)))
        assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 49}
        assert it.value("SELECT count(*) FROM gatepost_user") == 1
        winner = next(number for number, answer in enumerate(answers) if answer.status_code == 201)
        assert (await it.token(password=f"{PASSWORD} {winner}")).status_code == 200
        assert (await it.token(password=f"{PASSWORD} {winner + 1}")).status_code == 400


async def test_of_twenty_password_changes_one_wins(database_url: str) -> None:
    async with running(database_url) as it:
        await it.register()
        browsers = [it.browser() for _ in range(20)]
        for browser in browsers:
            await browser.post("/auth/login", json={"identifier": EMAIL, "password": PASSWORD})
        answers = await asyncio.gather(
            *(
                browser.post(
                    "/auth/password/change", json={"current_password": PASSWORD, "new_password": f"{PASSWORD} {number}"}
                )
                for number, browser in enumerate(browsers)
            )
        )
        assert Counter(answer.status_code for answer in answers) == {204: 1, 401: 19}
        winner = next(number for number, answer in enumerate(answers) if answer.status_code == 204)
        states = [(await browser.get("/principal")).status_code for browser in browsers]
        assert [number for number, status in enumerate(states) if status == 200] == [winner]
        assert it.value("SELECT count(*) FROM gatepost_session WHERE revoked_at IS NULL") == 1
        opened = [(await it.token(password=f"{PASSWORD} {number}")).status_code for number in range(20)]
        assert opened.count(200) == 1
        assert opened[winner] == 200
        for browser in browsers:
            await browser.aclose()


async def test_processes_that_start_at_once_make_one_signing_key(database_url: str) -> None:
    with served(database_url, 3):
        assert len(query(database_url, "SELECT kid FROM gatepost_key")) == 1


async def test_gates_that_start_at_once_share_one_signing_key(database_url: str) -> None:
    async with running(database_url):
        pass
    query(database_url, "DELETE FROM gatepost_key")
    started = [running(database_url) for _ in range(8)]
    gates = await asyncio.gather(*(one.__aenter__() for one in started))
    try:
        assert len(query(database_url, "SELECT kid FROM gatepost_key")) == 1
        assert len({gate.core.keyring.signer().kid for gate in gates}) == 1
    finally:
        for one in started:
            await one.__aexit__(None, None, None)


async def test_of_many_processes_that_rotate_an_old_key_one_makes_the_successor(database_url: str) -> None:
    async with running(database_url) as one, running(database_url) as other:
        for gate in (one, other):
            gate.clock.advance(91 * 86_400)
        made = await asyncio.gather(*(gate.core.keyring.ensure() for gate in (one, other) * 5))
        assert sum(made) == 1
        assert one.value("SELECT count(*) FROM gatepost_key") == 2
