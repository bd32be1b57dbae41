"""Hashes that move at a sign-in: imported ones, and peppers that come and go; a change of password always wins."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.security import generate_password_hash

from gatepost import Settings
from gatepost.crypto.passwords import Verdict
from gatepost.kernel.errors import ConfigurationError
from tests.harness import PASSWORD, SECRET, Running, around, bearer, running

pytestmark = pytest.mark.anyio
NEW = "new horse, other battery"
ONE = "the-first-pepper-0123456789-abcdefghijklmnop"
TWO = "the-other-pepper-9876543210-abcdefghijklmnop"


def stored(one: Running) -> str:
    found: str = one.value("SELECT hash FROM gatepost_password")
    return found


async def test_an_imported_hash_becomes_ours_at_the_first_sign_in(database_url: str) -> None:
    async with running(database_url, password_pepper=ONE) as one:
        await one.register()
        foreign = generate_password_hash(PASSWORD, "pbkdf2:sha256:100")
        one.rows(f"UPDATE gatepost_password SET hash = '{foreign}'")
        changed = one.value("SELECT changed_at FROM gatepost_password")
        assert (await one.login(password="wrong horse battery")).status_code == 401
        assert stored(one) == foreign
        assert (await one.login()).status_code == 200
        assert stored(one).startswith("$hmac-sha256$k=")
        assert one.value("SELECT changed_at FROM gatepost_password") == changed
        assert (await one.login()).status_code == 200


async def test_a_change_of_password_during_a_sign_in_outlives_its_rehash(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(database_url) as one:
        tokens = await one.enrolled()
        foreign = generate_password_hash(PASSWORD, "pbkdf2:sha256:100")
        one.rows(f"UPDATE gatepost_password SET hash = '{foreign}'")
        verify = one.core.passwords.verify

        async def change(verdict: Verdict) -> None:
            assert verdict.rehash is not None
            monkeypatch.setattr(one.core.passwords, "verify", verify)
            body = {"current_password": PASSWORD, "new_password": NEW}
            answer = await one.client.post("/auth/password/change", json=body, headers=bearer(tokens["access_token"]))
            assert answer.status_code == 204, answer.text

        monkeypatch.setattr(one.core.passwords, "verify", around(verify, after=change))
        assert (await one.login()).status_code == 401
        assert (await one.login(password=NEW)).status_code == 200
        assert (await one.login()).status_code == 401


async def test_sign_ins_at_once_with_an_imported_hash_all_succeed(database_url: str) -> None:
    async with running(database_url) as one:
        await one.register()
        foreign = generate_password_hash(PASSWORD, "pbkdf2:sha256:100")
        one.rows(f"UPDATE gatepost_password SET hash = '{foreign}'")
        answers = await asyncio.gather(*(one.login() for _ in range(8)))
        assert {answer.status_code for answer in answers} == {200}
        assert stored(one).startswith("$argon2id$")
        assert (await one.login()).status_code == 200


async def test_a_pepper_is_introduced_changed_and_removed_by_sign_ins(database_url: str) -> None:
    stages: list[tuple[dict[str, Any], Callable[[str], bool]]] = [
        ({}, lambda text: text.startswith("$argon2id$")),
        ({"password_pepper": ONE}, lambda text: text.startswith("$hmac-sha256$k=")),
        ({"password_pepper": TWO, "password_pepper_previous": ONE}, lambda text: text.startswith("$hmac-sha256$k=")),
        ({"password_pepper_previous": TWO}, lambda text: text.startswith("$argon2id$")),
    ]
    seen: set[str] = set()
    for changes, is_right in stages:
        async with running(database_url, **changes) as one:
            if not seen:
                await one.register()
            assert await one.core.passwords.unverifiable() == 0
            assert (await one.login()).status_code == 200
            assert is_right(stored(one))
            assert stored(one) not in seen
            seen.add(stored(one))


async def test_without_its_pepper_no_password_is_right_and_the_start_says_how_many(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(database_url, password_pepper=ONE) as one:
        await one.register()
        await one.register("bob@example.com")
    stages: list[dict[str, Any]] = [{}, {"password_pepper": TWO}]
    for changes in stages:
        caplog.clear()
        with caplog.at_level(logging.ERROR):
            async with running(database_url, **changes) as one:
                assert "2 passwords" in caplog.text
                assert "GATEPOST_PASSWORD_PEPPER_PREVIOUS" in caplog.text
                assert await one.core.passwords.unverifiable() == 2
                assert (await one.login()).json()["code"] == "login.failed"
        assert ONE not in caplog.text


@pytest.mark.parametrize(
    ("pepper", "words"),
    [
        ("tiny-0123", "too short"),
        ("a" * 64, "too short or too regular"),
        ("change-me-0123456789-abcdefghijklmnopqrstuv", "example"),
        (SECRET, "GATEPOST_SECRET"),
    ],
)
@pytest.mark.parametrize("name", ["password_pepper", "password_pepper_previous"])
def test_a_pepper_that_can_be_guessed_stops_the_start(name: str, pepper: str, words: str) -> None:
    changes: dict[str, Any] = {name: pepper}
    if pepper == SECRET:
        changes["secret"] = pepper = "a-fixed-key-of-these-tests-0123456789-abcdefghij"
        changes[name] = pepper
    made = Settings(_env_file=None, public_url="https://example.org", **changes)
    with pytest.raises(ConfigurationError, match=words) as caught:
        made.peppers()
    assert pepper not in str(caught.value)
    assert pepper not in repr(made)


def test_an_empty_pepper_is_none() -> None:
    made = Settings(_env_file=None, env="development", password_pepper="", password_pepper_previous="")
    assert made.peppers().ids == frozenset()
