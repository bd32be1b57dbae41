"""What is unsafe does not start, and says the cure in one sentence."""

import re

import pytest
import uvicorn
from psycopg_pool import AsyncConnectionPool

from tests.server.terminal import PRODUCTION, Terminal

LOCAL = {"env": "development", "public_url": "http://localhost:8000"}


@pytest.fixture
def house(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal in production whose tables are current; a server that starts after all fails the test."""
    monkeypatch.setattr(uvicorn, "run", lambda *_, **__: pytest.fail("it started"))
    found = terminal.with_settings(**PRODUCTION)
    found.says("db", "upgrade")
    return found


@pytest.mark.parametrize(
    ("changes", "words", "cure"),
    [
        ({"secret": None}, (), "gatepost secret generate"),
        ({"secret": ""}, (), "gatepost secret generate"),
        ({"secret": "0123456789abcdef"}, (), "gatepost secret generate"),
        ({"secret": "changemechangemechangemechangeme"}, (), "gatepost secret generate"),
        ({"secret": "your-secret-key-change-it-in-production-0123"}, (), "gatepost secret generate"),
        (
            {"secret": "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7"},
            (),
            "gatepost secret generate",
        ),
        ({"secret_previous": "short"}, (), "gatepost secret generate"),
        ({"public_url": "http://id.house.test"}, (), "must be https"),
        ({"public_url": None}, (), "set GATEPOST_PUBLIC_URL"),
        ({"database_url": "mysql://localhost/x"}, (), "use sqlite:/// or postgresql://"),
        ({"database_url": "sqlite:///new.db"}, (), "gatepost db upgrade"),
        ({"throttle": "memory"}, ("--workers", "2"), "use sql"),
        ({"access_lifetime": "5"}, (), "GATEPOST_ACCESS_LIFETIME"),
        ({"scopes": "todo:read"}, (), "GATEPOST_SCOPES"),
        ({**LOCAL, "public_url": "http://id.house.test"}, (), "GATEPOST_ENV=production"),
        (LOCAL, ("--host", "0.0.0.0"), "bind 127.0.0.1"),
        (LOCAL, ("--host", "::"), "bind 127.0.0.1"),
        (LOCAL, ("--host", "id.house.test"), "bind 127.0.0.1"),
    ],
)
def test_the_server_refuses_and_says_the_cure(
    house: Terminal, changes: dict[str, object], words: tuple[str, ...], cure: str
) -> None:
    result = house.with_settings(**changes)("serve", *words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert cure in result.stderr
    assert re.fullmatch(r"gatepost: [^\n]+\n", result.stderr)


def test_a_refusal_repeats_no_secret(house: Terminal) -> None:
    for changes in ({"secret": "hunter2-hunter2"}, {"hash_threads": "hunter2"}, {"database_url": "hunter2:hunter2"}):
        result = house.with_settings(**changes)("serve")
        assert (result.exit_code, "hunter2" in result.stderr) == (1, False)


def test_a_database_that_cannot_be_reached_is_named_without_its_password(
    house: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = AsyncConnectionPool.open
    monkeypatch.setattr(AsyncConnectionPool, "open", lambda pool, **_: patient(pool, wait=True, timeout=1))
    away = house.with_settings(database_url="postgresql://gatepost:hunter2@127.0.0.1:1/x")
    result = away("keys", "list")
    assert result.exit_code == 1
    assert "the database cannot be used" in result.stderr
    assert "refused" in result.stderr
    assert "hunter2" not in result.stderr


def test_the_console_shows_a_sentence_and_no_trace(terminal: Terminal) -> None:
    process = terminal.with_settings(**PRODUCTION).begin("serve")
    out, error = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert error == "gatepost: the database is not at this version: run `gatepost db upgrade` before the start\n"


def test_an_error_that_nobody_expected_shows_its_name_only(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("INSERT hunter2")

    monkeypatch.setattr("gatepost.server.commands.db.migrate", fail)
    result = terminal("db", "upgrade")
    assert (result.exit_code, result.stderr) == (1, "gatepost: this was not expected (RuntimeError)\n")
