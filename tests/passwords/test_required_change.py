"""A password that has to be changed opens nothing, and exactly one of those who know it changes it."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gatepost.core.users import store
from gatepost.storage.unit_of_work import unit_of_work
from tests.harness import EMAIL, PASSWORD, Running, query, running
from tests.passwords.hostile import digest, knowing, service, text

pytestmark = pytest.mark.anyio
NEW = "new horse, other battery"
RENEWAL = {"identifier": EMAIL, "password": PASSWORD, "new_password": NEW}


@pytest.fixture
async def one(database_url: str) -> AsyncIterator[Running]:
    async with running(database_url) as found:
        yield found


async def required(one: Running) -> dict[str, Any]:
    """Make a user who has to change the password; return the tokens of before."""
    tokens = await one.enrolled()
    user = await one.gate.users.find(EMAIL)
    assert user is not None
    assert await one.core.password_requirement.require_password_change(user.id)
    return tokens


async def renew(one: Running, **changes: str) -> httpx2.Response:
    return await one.client.post("/auth/password/renew", json={**RENEWAL, **changes})


def flag(one: Running) -> bool:
    return bool(one.value("SELECT must_change FROM gatepost_password"))


async def test_a_right_password_that_has_to_be_changed_opens_nothing(one: Running) -> None:
    await required(one)
    sessions = one.value("SELECT count(*) FROM gatepost_session")
    login = await one.login()
    assert (login.status_code, login.json()["code"]) == (403, "password.change_required")
    assert "set-cookie" not in login.headers
    token = await one.token()
    assert (token.status_code, token.json()["error"]) == (400, "invalid_grant")
    assert token.json()["code"] == "password.change_required"
    assert (await one.login(password="wrong horse battery")).json()["code"] == "login.failed"
    assert one.value("SELECT count(*) FROM gatepost_session") == sessions


async def test_the_requirement_ends_every_session_and_is_recorded_once(one: Running) -> None:
    tokens = await required(one)
    assert (await one.principal(tokens["access_token"])).status_code == 401
    assert (await one.refresh(tokens["refresh_token"])).status_code == 400
    user = await one.gate.users.find(EMAIL)
    assert user is not None
    assert not await one.core.password_requirement.require_password_change(user.id)
    events = "SELECT count(*) FROM gatepost_audit WHERE event = 'password.change_required'"
    assert one.value(events) == 1


async def test_a_user_without_a_password_or_no_user_is_not_required_anything(one: Running) -> None:
    await one.enrolled()
    one.rows("DELETE FROM gatepost_password")
    user = await one.gate.users.find(EMAIL)
    assert user is not None
    before = user.epoch
    assert not await one.core.password_requirement.require_password_change(user.id)
    assert not await one.core.password_requirement.require_password_change(uuid.uuid4())
    again = await one.gate.users.find(EMAIL)
    assert again is not None
    assert again.epoch == before


async def test_renewing_changes_the_password_and_signs_in(one: Running) -> None:
    await required(one)
    response = await renew(one)
    assert response.status_code == 200, response.text
    assert response.json()["email"] == EMAIL
    assert (await one.client.get("/auth/me")).status_code == 200
    assert not flag(one)
    assert (await one.login(password=PASSWORD)).status_code == 401
    assert (await one.login(password=NEW)).status_code == 200
    events = [event for (event,) in one.rows("SELECT event FROM gatepost_audit ORDER BY at, id")]
    assert "password.changed" in events


async def test_of_many_renewals_at_once_one_wins(one: Running) -> None:
    await required(one)
    words = [f"{NEW} {number}" for number in range(8)]
    answers = await asyncio.gather(*(renew(one, new_password=word) for word in words))
    won = [word for word, answer in zip(words, answers, strict=True) if answer.status_code == 200]
    assert len(won) == 1
    assert {answer.status_code for answer in answers} <= {200, 401, 403}
    assert (await one.login(password=won[0])).status_code == 200


async def test_a_requirement_and_a_change_at_once_end_in_one_order(one: Running) -> None:
    tokens = await one.enrolled()
    user = await one.gate.users.find(EMAIL)
    assert user is not None
    change = one.client.post(
        "/auth/password/change",
        json={"current_password": PASSWORD, "new_password": NEW},
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
    )
    answer, _ = await asyncio.gather(change, one.core.password_requirement.require_password_change(user.id))
    assert answer.status_code in {204, 401}
    word = NEW if answer.status_code == 204 else PASSWORD
    after = await one.login(password=word)
    assert after.status_code == (403 if flag(one) else 200)


async def test_a_password_that_is_good_is_not_renewed_and_the_try_is_spent(one: Running) -> None:
    await one.enrolled()
    failed = "SELECT count(*) FROM gatepost_audit WHERE event = 'login.failed'"
    response = await renew(one)
    assert (response.status_code, response.json()["code"]) == (403, "password.change_not_required")
    assert one.value(failed) == 1
    assert (await one.login()).status_code == 200


async def test_renewal_answers_alike_for_unknown_disabled_and_mistaken(one: Running) -> None:
    await required(one)
    user = await one.gate.users.find(EMAIL)
    assert user is not None
    mistaken = await renew(one, password="wrong horse battery")
    unknown = await renew(one, identifier="nobody@example.com")
    await one.gate.users.disable(user.id)
    disabled = await renew(one)
    for answer in (mistaken, unknown, disabled):
        assert (answer.status_code, answer.json()["code"]) == (401, "login.failed")
    assert mistaken.content == unknown.content == disabled.content


@pytest.mark.parametrize("new", ["1234567890", "short", "Winter2023", "x" * 129, PASSWORD, EMAIL])
async def test_renewal_keeps_the_policy_and_the_requirement(one: Running, new: str) -> None:
    await required(one)
    assert (await renew(one, new_password=new)).status_code == 422
    assert flag(one)
    assert (await renew(one)).status_code == 200


async def test_renewal_has_the_budgets_of_a_sign_in(tmp_path: Path) -> None:
    async with running(f"sqlite:///{tmp_path / 'test.db'}", login_budget_pair="3/3600") as one:
        await required(one)
        for _ in range(3):
            assert (await renew(one, password="wrong horse battery")).status_code == 401
        assert (await renew(one)).status_code == 429
        assert (await one.login()).status_code == 429


async def test_a_session_that_was_planted_in_the_browser_ends_with_the_renewal(one: Running) -> None:
    await required(one)
    await one.register("eve@example.com", PASSWORD)
    await one.login("eve@example.com")
    planted = one.client.cookies["gatepost"]
    assert (await renew(one)).status_code == 200
    assert one.client.cookies["gatepost"] != planted
    other = one.browser()
    other.cookies.set("gatepost", planted)
    assert (await other.get("/auth/me")).status_code == 401


async def test_a_reset_by_mail_ends_the_requirement(one: Running) -> None:
    await required(one)
    user = await one.gate.users.find(EMAIL)
    assert user is not None
    async with unit_of_work(one.core.database, one.core.listeners) as work:
        await work.run(store.set_password, user_id=user.id, hash=await one.core.passwords.hash(NEW))
    assert (await one.login(password=NEW)).status_code == 200


@pytest.mark.parametrize("kind", ["words", "hashes", "service"])
async def test_a_listed_password_has_to_be_changed_where_sign_ins_are_checked(tmp_path: Path, kind: str) -> None:
    url, path = f"sqlite:///{tmp_path / 'test.db'}", tmp_path / "list"
    async with running(url) as one:
        tokens = await one.enrolled()
    path.write_text(f"{PASSWORD}\n" if kind == "words" else f"{digest(PASSWORD)}:2\n")
    async with service(knowing(PASSWORD)) as other:
        where: dict[str, Any] = {"password_range_url": other.url} if kind == "service" else {"password_blocklist": path}
        async with running(url, **where) as one:
            assert (await one.login()).status_code == 200  # by default nobody is asked
        async with running(url, password_check_at_sign_in=True, **where) as one:
            assert (await one.login(password="wrong horse battery")).json()["code"] == "login.failed"
            assert not flag(one)
            assert (await one.login()).json()["code"] == "password.change_required"
            assert flag(one)
            assert (await one.principal(tokens["access_token"])).status_code == 401
            assert (await renew(one)).status_code == 200
    assert query(url, "SELECT detail FROM gatepost_audit WHERE event = 'password.change_required'") == [
        ('{"because": "listed"}',)
    ]


@pytest.mark.parametrize("failure", ["accept", "refuse"])
async def test_a_service_that_is_down_keeps_nobody_out(tmp_path: Path, failure: str) -> None:
    async with service(text("", "500 Internal Server Error")) as other:
        url = f"sqlite:///{tmp_path / 'test.db'}"
        async with running(url) as one:
            await one.enrolled()
        changes: dict[str, Any] = {"password_range_url": other.url, "password_range_failure": failure}
        async with running(url, password_check_at_sign_in=True, **changes) as one:
            assert (await one.login()).status_code == 200


async def test_a_weak_password_of_before_is_no_evidence_of_compromise(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    async with running(url, password_min_score=0) as one:
        await one.enrolled(password="aaaaaaaaaaaaaaaa")
    async with running(url, password_check_at_sign_in=True) as one:
        assert (await one.login(password="aaaaaaaaaaaaaaaa")).status_code == 200
