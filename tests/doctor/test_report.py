"""`gatepost doctor`: three forms of one report, and the code that a build reads."""

import json

import pytest

from gatepost.server.doctor import RULES
from tests.doctor.patient import healthy


@pytest.mark.parametrize(
    ("changes", "words", "code"),
    [
        ({}, (), 0),
        ({}, ("--strict",), 0),
        ({"password_min_length": 8}, ("--strict",), 0),  # a note
        ({"session_lifetime": 400 * 86_400, "throttle": "memory"}, (), 0),  # a warning
        ({"throttle": "memory"}, ("--strict",), 1),
        ({"throttle": "memory"}, ("--strict", "--ignore", "budgets"), 0),
        ({"public_url": "http://id.house.test"}, (), 1),  # an error
        ({"secret": None}, (), 1),
        ({"hash_memory_kib": 1}, (), 1),  # refused before there is a Gatepost
    ],
)
def test_errors_fail_and_warnings_where_they_shall(
    changes: dict[str, object], words: tuple[str, ...], code: int, sqlite_url: str
) -> None:
    assert healthy(sqlite_url).with_settings(**changes)("doctor", *words).exit_code == code


def test_the_gravest_stands_first_with_its_rule_and_its_cure(sqlite_url: str) -> None:
    said = healthy(sqlite_url, public_url="http://id.house.test", password_min_length=8)("doctor").output
    levels = [line.split()[0] for line in said.splitlines() if line.startswith(("ERROR", "WARNING", "NOTE"))]
    assert levels == ["ERROR", "WARNING", "WARNING", "NOTE"]
    assert "cure: GATEPOST_PASSWORD_MIN_LENGTH=15" in said
    assert "ASVS V12.2.1" in said
    assert said.strip().endswith("1 errors, 2 warnings, 1 notes")


def test_sarif_names_every_rule_and_points_each_result_at_its_own(sqlite_url: str) -> None:
    log = json.loads(healthy(sqlite_url, throttle="memory")("doctor", "--format", "sarif").stdout)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.id for rule in RULES]
    (result,) = run["results"]
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "budgets"
    assert result["level"] == "warning"
    assert result["message"]["text"]


def test_a_rule_that_is_not_there_is_not_ignored_in_silence(sqlite_url: str) -> None:
    result = healthy(sqlite_url)("doctor", "--ignore", "budget")
    assert (result.exit_code, result.stderr) == (2, "gatepost: there is no rule budget\n")


def test_no_secret_stands_in_a_report(sqlite_url: str) -> None:
    secret = "0123456789abcdef" * 4
    clients = '{"api": "a-short-one"}'
    terminal = healthy(sqlite_url, introspection_clients=clients, secret_previous="fedcba9876543210" * 4)
    for form in ("text", "json", "sarif"):
        said = terminal("doctor", "--format", form).output
        assert "GATEPOST_INTROSPECTION_CLIENTS" in said
        assert not any(word in said for word in (secret, "a-short-one", "fedcba9876543210"))
