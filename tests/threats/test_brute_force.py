"""Guessing passwords: budgets that hold, one answer for all, and a queue that costs nobody an attempt."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gatepost.crypto import schemes
from gatepost.crypto.passwords import PasswordHasher, PasswordQueueFull, Slot
from gatepost.storage.schema import audit, throttle
from tests.threats.lab import PASSWORD, Lab, Person, cookie, running
from tests.threats.wire import JSON, Answer

pytestmark = pytest.mark.anyio
ONLY_PAIR = {"login_budget_pair": "3/900"}
ONLY_ACCOUNT = {"login_budget_account": "3/900"}
WRONG = "wrong horse battery"


async def _try(lab: Lab, identifier: str, password: str, peer: str = "203.0.113.9") -> Answer:
    body = f'{{"identifier": "{identifier}", "password": "{password}"}}'.encode()
    return await lab.send("POST", "/auth/login", headers=[JSON], body=body, peer=peer)


async def _spend(lab: Lab, person: Person, times: int = 3) -> None:
    for _ in range(times):
        assert (await _try(lab, person.email, WRONG)).status == 401


def _seen(answer: Answer) -> tuple[object, ...]:
    return answer.status, answer.body, tuple(sorted(answer.headers))


async def _rows(lab: Lab, table: sa.Table) -> list[Any]:
    async with lab.gate.core.database.engine.connect() as connection:
        return list((await connection.execute(sa.select(table))).all())


@pytest.fixture
def costs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What each verification cost, in KiB of memory times passes."""
    found: list[int] = []
    is_right = schemes.Argon2.is_right

    def counting(scheme: schemes.Argon2, password: bytes) -> bool:
        found.append(scheme.kib_passes)
        return is_right(scheme, password)

    monkeypatch.setattr(schemes.Argon2, "is_right", counting)
    return found


@pytest.mark.parametrize("budget", ["login_budget_pair", "login_budget_account", "login_budget_address"])
async def test_parallel_guesses_verify_no_more_than_the_budget(tmp_path: Path, budget: str, costs: list[int]) -> None:
    async with running(tmp_path, hash_queue=500, **{budget: "5/900"}) as own:
        person = await own.person()
        costs.clear()
        answers = await asyncio.gather(*(_try(own, person.email, WRONG) for _ in range(200)))
        assert sorted(answer.status for answer in answers) == [401] * 5 + [429] * 195
        assert len(costs) == 5


async def test_guesses_from_many_addresses_spend_the_account(tmp_path: Path) -> None:
    async with running(tmp_path, **ONLY_ACCOUNT) as own:
        person = await own.person()
        answers = [(await _try(own, person.email, WRONG, f"198.51.100.{n}")).status for n in range(6)]
        assert answers == [401] * 3 + [429] * 3


async def test_unknown_disabled_and_mistaken_users_get_one_answer(tmp_path: Path) -> None:
    async with running(tmp_path) as own:
        known, disabled = await own.person(), await own.person()
        user = await own.gate.users.find(disabled.email)
        assert user is not None
        assert await own.gate.users.disable(user.id)
        tries = [
            (known.email, WRONG),
            ("nobody@example.com", PASSWORD),
            ("nobody", PASSWORD),
            ("not an identifier @@", PASSWORD),
            (disabled.email, PASSWORD),
            (disabled.email, WRONG),
        ]
        seen = {_seen(await _try(own, *each)) for each in tries}
        ((status, body, _),) = seen
        assert (status, "login.failed" in str(body)) == (401, True)
        tokens = {
            _seen(await own.post_form("/auth/token", grant_type="password", username=name, password=word))
            for name, word in tries
        }
        assert len(tokens) == 1


@pytest.mark.parametrize("changes", [ONLY_PAIR, ONLY_ACCOUNT])
async def test_a_locked_account_answers_alike_for_the_right_password_and_for_nobody(
    tmp_path: Path, changes: dict[str, str], costs: list[int]
) -> None:
    async with running(tmp_path, **changes) as own:
        person = await own.person()
        await _spend(own, person)
        await _spend(own, Person("", "nobody@example.com"))
        costs.clear()
        answers = [
            await _try(own, person.email, PASSWORD),
            await _try(own, person.email, WRONG),
            await _try(own, "nobody@example.com", PASSWORD),
        ]
        assert {answer.status for answer in answers} == {429}
        assert len({(answer.body, tuple(name for name, _ in answer.headers)) for answer in answers}) == 1
        assert all(1 <= int(str(answer.header("retry-after"))) <= 300 for answer in answers)
        assert costs == [], "nothing is verified at a locked account"


async def test_known_and_unknown_users_cost_the_same_work(tmp_path: Path, costs: list[int]) -> None:
    async with running(tmp_path) as own:
        spent = []
        disabled = await own.person()
        user = await own.gate.users.find(disabled.email)
        assert user is not None
        await own.gate.users.disable(user.id)
        tries = (await own.person()).email, "nobody@example.com", "nobody", "@@", disabled.email
        for identifier in tries:
            costs.clear()
            await _try(own, identifier, WRONG)
            spent.append(sum(costs))
        assert set(spent) == {7_168}


async def test_the_lock_does_not_grow_under_attack(tmp_path: Path) -> None:
    async with running(tmp_path, **ONLY_ACCOUNT) as own:
        person = await own.person()
        await _spend(own, person)
        for n in range(50):
            assert (await _try(own, person.email, WRONG, f"198.51.100.{n}")).status == 429
        own.gate.clock.advance(301)
        assert (await _try(own, person.email, PASSWORD)).status == 200


async def test_a_success_returns_its_own_unit_and_no_other(tmp_path: Path) -> None:
    async with running(tmp_path, **ONLY_PAIR) as own:
        person = await own.person()
        await _spend(own, person, 2)
        assert (await _try(own, person.email, PASSWORD)).status == 200
        await _spend(own, person, 1)
        assert (await _try(own, person.email, PASSWORD)).status == 429


async def test_a_lock_holds_on_every_path(tmp_path: Path) -> None:
    async with running(tmp_path, **ONLY_ACCOUNT) as own:
        person = await own.person()
        value = await own.login(person)
        await _spend(own, person)
        grant = await own.post_form("/auth/token", grant_type="password", username=person.email, password=PASSWORD)
        assert (grant.status, grant.code) == (429, "temporarily_unavailable")
        body = f'{{"current_password": "{PASSWORD}", "new_password": "another horse battery"}}'.encode()
        change = await own.send("POST", "/auth/password/change", headers=[JSON, cookie(value)], body=body)
        assert (change.status, change.code) == (429, "throttle.spent")
        assert (await _try(own, person.email.upper(), PASSWORD)).status == 429


async def test_a_stolen_session_cannot_guess_the_password_without_end(tmp_path: Path) -> None:
    async with running(tmp_path, **ONLY_ACCOUNT) as own:
        value = await own.login(await own.person())
        body = f'{{"current_password": "{WRONG}", "new_password": "another horse battery"}}'.encode()
        statuses = [
            (await own.send("POST", "/auth/password/change", headers=[JSON, cookie(value)], body=body)).status
            for _ in range(5)
        ]
        assert statuses == [401, 401, 401, 429, 429]


async def test_signing_up_has_a_budget(tmp_path: Path) -> None:
    async with running(tmp_path, budgets={}, signup_budget_address="2/900") as own:
        statuses = []
        for n in range(4):
            body = f'{{"email": "new{n}@example.com", "password": "{PASSWORD}"}}'.encode()
            statuses.append((await own.post_json("/auth/register", body)).status)
        assert statuses == [201, 201, 429, 429]


async def test_a_full_queue_answers_503_and_takes_nobody_s_attempt(tmp_path: Path) -> None:
    async with running(tmp_path) as own:
        person = await own.person()
        value = await own.login(person)
        slots = list(_every_slot(own.gate.core.passwords.hasher))
        before = {row.key: row.tat for row in await _rows(own, throttle)}
        change = f'{{"current_password": "{PASSWORD}", "new_password": "another horse battery"}}'.encode()
        answers = [
            await _try(own, person.email, WRONG),
            await _try(own, "nobody@example.com", WRONG),
            await own.post_form("/auth/token", grant_type="password", username=person.email, password=WRONG),
            await own.post_json("/auth/register", b'{"email": "new@example.com", "password": "correct horse battery"}'),
            await own.send("POST", "/auth/password/change", headers=[JSON, cookie(value)], body=change),
        ]
        assert [answer.status for answer in answers] == [503] * 5
        assert all(int(str(answer.header("retry-after"))) >= 1 for answer in answers)
        now = own.gate.clock.now() * 1_000_000
        spent = {row.key: row.tat for row in await _rows(own, throttle) if row.tat > max(now, before.get(row.key, 0))}
        assert spent == {}
        for slot in slots:
            slot.release()
        assert (await _try(own, person.email, PASSWORD)).status == 200


def _every_slot(hasher: PasswordHasher) -> Iterator[Slot]:
    while True:
        try:
            yield hasher.reserve()
        except PasswordQueueFull:
            return


async def test_guesses_and_locks_leave_a_trail_without_the_guess(tmp_path: Path) -> None:
    async with running(tmp_path, **ONLY_PAIR) as own:
        person = await own.person()
        await _spend(own, person)
        assert (await _try(own, person.email, WRONG)).status == 429
        rows = await _rows(own, audit)
        events = [row.event for row in rows]
        assert events.count("login.failed") == 3
        assert events.count("throttle.spent") == 1
        assert {row.ip for row in rows if row.event in {"login.failed", "throttle.spent"}} == {"203.0.113.9"}
        assert WRONG not in str(rows)
        assert person.email not in str(rows)


async def test_a_flood_of_refusals_does_not_fill_the_trail(tmp_path: Path) -> None:
    async with running(tmp_path, login_budget_address="3/900") as own:
        for n in range(60):
            await _try(own, f"nobody{n}@example.com", WRONG)
        assert [row.event for row in await _rows(own, audit)].count("throttle.spent") == 1
        own.gate.clock.advance(61)
        assert (await _try(own, "nobody@example.com", WRONG)).status == 429
        assert [row.event for row in await _rows(own, audit)].count("throttle.spent") == 2
