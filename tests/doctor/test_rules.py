"""Each rule finds what it is for, and nothing else is found with it; a sound deployment has no finding at all."""

import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from gatepost.server.doctor import RULES, machine
from tests.backends import free_port
from tests.doctor.patient import found, healthy
from tests.harness import query
from tests.server.terminal import Terminal

OLD_MS = 1_000
# What one changed setting makes the doctor say.
SETTINGS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "http in production": ({"public_url": "http://id.house.test"}, ["cookies", "https", "settings"]),
    "no public URL": ({"public_url": None}, ["cookies", "https", "settings"]),
    "development": ({"env": "development", "public_url": "https://localhost"}, ["environment"]),
    "an origin over http": ({"trusted_origins": '["http://app.house.test"]'}, ["cors"]),
    "any origin": ({"trusted_origins": '["*"]'}, ["cors"]),
    "an origin with a path": ({"trusted_origins": '["https://app.house.test/page"]'}, ["cors"]),
    "no proxies": ({"trusted_proxies": 0}, ["proxies"]),
    "many proxies": ({"trusted_proxies": 9}, ["proxies"]),
    "a monotonous secret": ({"secret": "0123456789a" * 6}, ["seals", "secret"]),
    "an older secret": ({"secret_previous": "fedcba9876543210" * 4}, ["secret"]),
    "a cheap hash": ({"hash_memory_kib": 12_288}, ["hash-cost"]),
    "one pass": ({"hash_time_cost": 1}, ["hash-cost"]),
    "short passwords": ({"password_min_length": 8}, ["password-length"]),
    "wide budgets": ({"login_budget_address": "100000/60"}, ["budgets"]),
    "budgets in memory": ({"throttle": "memory"}, ["budgets"]),
    "long access tokens": ({"access_lifetime": 7_200}, ["access-lifetime"]),
    "long sessions": ({"session_lifetime": 400 * 86_400}, ["session-lifetime"]),
    "long resets": ({"reset_lifetime": 86_400}, ["proof-lifetime"]),
    "no verification": ({"email_verification": "off"}, ["verification"]),
    "password grant": ({"password_grant": "true"}, ["password-grant"]),
    "symmetric signatures": ({"signing_algorithm": "HS256"}, ["signing"]),
    "no list of breached passwords": ({"password_range_url": None}, ["breached-passwords"]),
    "routes that nobody guards": ({"unguarded_routes": "allow"}, ["routes"]),
    "webhooks into the house": ({"webhooks_reach_private_networks": "true"}, ["webhooks"]),
    "issuers in the house": ({"outbound_reaches_private_networks": "true"}, ["outbound"]),
    "no mail": ({"mail": "none"}, ["no-mail"]),
    "no way to mail": ({"mail": "auto"}, ["mail"]),
    "a weak client secret": ({"introspection_clients": '{"api": "short"}'}, ["introspection", "settings"]),
}


@pytest.mark.parametrize("case", SETTINGS)
def test_a_setting_that_is_off_is_found_and_only_it(case: str, sqlite_url: str) -> None:
    changes, expected = SETTINGS[case]
    terminal = healthy(sqlite_url)
    assert found(terminal.with_settings(**changes)) == expected


def test_a_sound_deployment_has_no_finding(database_url: str) -> None:
    assert found(healthy(database_url), "--ignore", "durability") == []  # the tests' PostgreSQL does not sync


def test_a_database_that_is_not_there_is_found_and_not_made(folder: Path) -> None:
    terminal = Terminal(f"sqlite:///{folder / 'gatepost.db'}", env="production")
    assert "tables" in found(terminal)
    assert not (folder / "gatepost.db").exists()


def test_a_server_that_does_not_answer_is_found_without_its_password() -> None:
    terminal = Terminal(f"postgresql://gatepost:pass-of-the-base@127.0.0.1:{free_port()}/none")
    result = terminal("doctor")
    assert "ERROR    database" in result.output
    assert "pass-of-the-base" not in result.output


def test_tables_of_another_version_are_found(sqlite_url: str) -> None:
    terminal = healthy(sqlite_url)
    query(sqlite_url, "UPDATE gatepost_alembic_version SET version_num = '0000'")
    assert found(terminal) == ["tables"]


def test_a_file_that_others_can_read_is_found(sqlite_url: str, folder: Path) -> None:
    terminal = healthy(sqlite_url)
    (folder / "test.db").chmod(0o644)
    assert found(terminal) == ["database-file"]


def test_a_file_of_settings_that_others_can_read_is_found(sqlite_url: str, folder: Path) -> None:
    terminal = healthy(sqlite_url)
    (folder / ".env").write_text("GATEPOST_COOKIE_NAME=gatepost\n")
    (folder / ".env").chmod(0o644)
    assert found(terminal) == ["env-file"]
    (folder / ".env").chmod(0o600)
    assert found(terminal) == []


@pytest.mark.postgres
def test_a_server_that_forgets_is_found(postgres_url: str) -> None:
    terminal = healthy(postgres_url)
    assert found(terminal) in (["durability"], [])
    name = str(make_url(postgres_url).database)
    query(postgres_url, f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    assert found(terminal) == ["durability"]


def test_a_clock_that_is_off_is_found(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = healthy(sqlite_url)
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + 90 * 1_000_000_000)
    assert found(terminal) == ["clock"]


def test_an_old_key_is_found(database_url: str) -> None:
    terminal = healthy(database_url)
    query(database_url, f"UPDATE gatepost_key SET created_at = {OLD_MS}")
    assert found(terminal, "--ignore", "durability") == ["key-age"]


def test_keys_under_an_older_secret_are_found(sqlite_url: str) -> None:
    terminal = healthy(sqlite_url)
    renewed = terminal.with_settings(secret="fedcba9876543210" * 4, secret_previous=terminal.settings["secret"])
    assert found(renewed) == ["seals", "secret"]
    renewed.says("secret", "rotate")
    assert found(renewed) == ["secret"]


def test_mails_that_do_not_leave_are_found(sqlite_url: str) -> None:
    terminal = healthy(sqlite_url)
    columns = "id, sealed, created_at, due_at, attempts, leased_until"
    query(sqlite_url, f"INSERT INTO gatepost_outbox ({columns}) VALUES ('{'0' * 32}', x'00', {OLD_MS}, 0, 3, 0)")
    assert found(terminal) == ["outbox"]


def test_a_mail_server_that_does_not_answer_is_found_without_its_password(sqlite_url: str) -> None:
    url = f"smtp://user:pass-of-the-server@127.0.0.1:{free_port()}"
    result = healthy(sqlite_url, mail="smtp", smtp_url=url, mail_from="no-reply@house.test")("doctor")
    assert "ERROR    mail: the mail server 127.0.0.1" in result.output
    assert "pass-of-the-server" not in result.output


def test_nobody_to_administer_is_found(sqlite_url: str) -> None:
    terminal = healthy(sqlite_url)
    query(sqlite_url, "DELETE FROM gatepost_user_role")
    assert found(terminal) == ["administrator"]


def test_administrators_are_looked_for_by_the_name_that_the_settings_give_them(sqlite_url: str) -> None:
    assert found(healthy(sqlite_url, admin_role="boss")) == ["administrator"]


def test_a_redis_that_does_not_answer_is_found_without_its_password(sqlite_url: str) -> None:
    url = f"redis://:pass-of-the-store@127.0.0.1:{free_port()}"
    result = healthy(sqlite_url, redis_url=url)("doctor")
    assert "ERROR    redis" in result.output
    assert "pass-of-the-store" not in result.output


@pytest.mark.redis
def test_a_redis_that_answers_is_no_finding(sqlite_url: str, redis_url: str) -> None:
    assert found(healthy(sqlite_url, redis_url=redis_url)) == []


def test_a_hash_that_this_machine_is_slow_at_is_found(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = healthy(sqlite_url)
    monkeypatch.setattr(machine, "hash_seconds", lambda _: 1.5)
    assert found(terminal) == ["hash-time"]


def test_every_rule_has_a_standard_and_an_id_of_its_own() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES) > 25
    assert all(rule.standard.startswith(("ASVS V", "RFC 9700, section ")) for rule in RULES)


def test_looking_changes_nothing(sqlite_url: str, folder: Path) -> None:
    terminal = healthy(sqlite_url)
    with sqlite3.connect(folder / "test.db") as connection:
        before = list(connection.iterdump())
    found(terminal)
    with sqlite3.connect(folder / "test.db") as connection:
        assert list(connection.iterdump()) == before
