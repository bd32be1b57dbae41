"""Attacks by way of passwords: what they cost us, what they tell, and what a service outside can do to us."""

import asyncio
import contextlib
import json
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gatepost.crypto import schemes
from gatepost.crypto.passwords import HashRefused, check_importable
from gatepost.kernel.errors import InvalidInput
from gatepost.settings import Settings
from tests.passwords.hostile import Answer, endless, knowing, service, silent, slow, text
from tests.threats.lab import PASSWORD, Lab, running, settings
from tests.threats.wire import Answer as Wire

pytestmark = pytest.mark.anyio
LEET = ("aA4@bB8({[<cC3eEgG69iI1!|lL7oO0sS$5tT+xX%zZ2" * 3)[:128]


async def register(lab: Lab, password: str, email: str = "mallory@example.com") -> Wire:
    return await lab.post_json("/auth/register", json.dumps({"email": email, "password": password}).encode())


async def renew(lab: Lab, identifier: str, password: str, new: str) -> Wire:
    body = {"identifier": identifier, "password": password, "new_password": new}
    return await lab.post_json("/auth/password/renew", json.dumps(body).encode())


@pytest.mark.parametrize(
    "password",
    ["x" * 10_000, "a\x00b long enough", "\u200b" * 9, "zero\u200bwidth" * 20, "\ud800 long enough", "\u0300" * 4097],
    ids=["10 kB", "NUL", "zero width alone", "too long with zero width", "surrogate", "4097 marks"],
)
async def test_an_odd_password_is_refused_and_never_an_error(lab: Lab, password: str) -> None:
    for answer in (
        await register(lab, password),
        await renew(lab, "nobody@example.com", PASSWORD, password),
        await renew(lab, "nobody@example.com", password, PASSWORD),
    ):
        assert 400 <= answer.status < 500
        assert password.encode("utf-8", "surrogatepass")[:40] not in answer.body


@pytest.mark.parametrize("password", [LEET, "1" * 128, "\U0001f600" * 128, "ab" * 64, "1.1.1999" * 16])
async def test_judging_a_hostile_password_takes_bounded_time_and_not_the_event_loop(lab: Lab, password: str) -> None:
    await register(lab, "warm")
    began = time.process_time()
    await lab.gate.core.passwords.compute(lambda: None)
    with contextlib.suppress(InvalidInput):  # refused or not, it is the time that counts
        await lab.gate.core.password_policy.accept(password, words=[LEET[:64]] * 30)
    assert time.process_time() - began < 0.1


@pytest.mark.parametrize(
    ("answer", "status", "asked"),  # after three failures it is left alone
    [
        (text("", "503 Service Unavailable"), 201, 3),
        (text("", "302 Found", "Location: http://169.254.169.254/latest/meta-data/"), 201, 3),
        (text("<html>not a list</html>"), 201, 3),
        (endless, 201, 3),
        (slow, 201, 3),
        (silent, 201, 3),
        (knowing(PASSWORD), 422, 5),
    ],
    ids=["down", "redirects", "lies", "endless", "slow", "silent", "knows"],
)
async def test_a_service_of_stolen_passwords_cannot_hold_a_sign_up(
    tmp_path: Path, answer: Answer, status: int, asked: int
) -> None:
    async with service(answer) as other:
        changes: dict[str, Any] = {"password_range_url": other.url, "password_range_timeout": 1}
        async with running(tmp_path, **changes) as own, asyncio.timeout(10):
            answers = [await register(own, PASSWORD, f"person{number}@example.com") for number in range(5)]
    assert {each.status for each in answers} == {status}
    assert len(other.requests) == asked
    for head in other.requests:
        assert "person" not in head
        assert PASSWORD not in head


async def test_a_service_of_stolen_passwords_is_not_asked_over_plain_http() -> None:
    made = Settings(_env_file=None, public_url="https://example.com", password_range_url="http://example.com/range")
    with pytest.raises(RuntimeError, match="https"):
        made.password_rules()


async def test_the_policy_tells_nothing_about_who_has_an_account(lab: Lab) -> None:
    person = await lab.person()
    for password in ("1234567890", "short", "aaaaaaaaaaaaaaaa"):
        known = await register(lab, password, person.email)
        unknown = await register(lab, password, "unknown-" + person.email)
        assert known.status == 422
        assert (known.status, known.body) == (unknown.status, unknown.body)


async def test_renewal_is_no_cheaper_oracle_than_a_sign_in(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    person = await lab.person()
    spent: list[int] = []
    is_right = schemes.Argon2.is_right

    def counting(scheme: schemes.Argon2, password: bytes) -> bool:
        spent.append(scheme.kib_passes)
        return is_right(scheme, password)

    monkeypatch.setattr(schemes.Argon2, "is_right", counting)
    new = "another horse, another battery"
    unknown = await renew(lab, "nobody@example.com", "wrong horse battery", new)
    cost_of_unknown = list(spent)
    spent.clear()
    mistaken = await renew(lab, person.email, "wrong horse battery", new)
    assert list(spent) == cost_of_unknown
    assert (unknown.status, unknown.body) == (mistaken.status, mistaken.body)
    assert unknown.status == 401


async def test_guesses_by_renewal_count_with_those_by_sign_in(tmp_path: Path) -> None:
    async with running(tmp_path, login_budget_pair="4/900") as own:
        person = await own.person()
        for _ in range(4):
            await renew(own, person.email, "wrong horse battery", "another horse, another battery")
        body = json.dumps({"identifier": person.email, "password": PASSWORD}).encode()
        assert (await own.post_json("/auth/login", body)).status == 429


async def test_a_thief_who_knows_a_password_that_must_be_changed_keeps_no_session(tmp_path: Path) -> None:
    async with running(tmp_path) as own:
        person = await own.person()
        stolen = await own.token(person)
        user = await own.gate.users.find(person.email)
        assert user is not None
        await own.gate.core.password_requirement.require_password_change(user.id)
        assert await own.status(("authorization", f"Bearer {stolen['access_token']}")) == 401
        assert (await own.refresh(stolen["refresh_token"])).status == 400


@pytest.mark.parametrize(
    "stored",
    [
        "$argon2id$v=19$m=4194304,t=2,p=1$" + "A" * 22 + "$" + "A" * 43,
        "$2b$31$" + "A" * 53,
        "pbkdf2_sha256$1000000000$salt$" + "A" * 43 + "=",
        "scrypt:1073741824:8:1$salt$" + "ab" * 32,
    ],
    ids=["argon2 4 GiB", "bcrypt 31", "pbkdf2 10^9", "scrypt 2^30"],
)
async def test_an_imported_hash_cannot_order_memory_or_time(lab: Lab, stored: str) -> None:
    with pytest.raises(HashRefused):
        check_importable(stored)
    began = time.process_time()
    assert not (await lab.gate.core.passwords.hasher.verify(PASSWORD, stored)).is_right
    assert time.process_time() - began < 1


async def test_a_stolen_table_of_peppered_hashes_verifies_nothing(tmp_path: Path) -> None:
    pepper = "a-pepper-0123456789-abcdefghijklmnopqrstuv"
    async with running(tmp_path, password_pepper=pepper) as own:
        person = await own.person()
        found = await own.gate.core.passwords.credentials(UUID(person.id))
    assert found is not None
    stored = found[1]
    assert stored is not None
    async with running(tmp_path) as thief:
        assert not (await thief.gate.core.passwords.hasher.verify(PASSWORD, stored)).is_right
        bare = stored[stored.index("$argon2id$") :]
        assert not (await thief.gate.core.passwords.hasher.verify(PASSWORD, bare)).is_right
    assert pepper not in repr(settings(tmp_path, password_pepper=pepper))
