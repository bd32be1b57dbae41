"""How hard a password is to guess: phrases and managers' words pass, names and patterns do not, whatever the length."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.core.passwords.domain import guessable_words
from gatepost.core.passwords.strength import judge


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "a long enough phrase",
        "house-river-lamp",
        "glyph-outcast-77",  # the forms that managers make
        "vamwyx-Kerdyq-9pijno",
        "kT9!mQ2zP",
        "tuna.bottle.grape.wagon",
        "пароль мой длинный",
        "密码真的非常非常长而且没有规律",
    ],
)
def test_phrases_and_what_managers_make_are_accepted(password: str) -> None:
    assert judge(password, ["ada@example.com", "Ada Lovelace"]).score >= 3


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("Password1!", []),
        ("Winter2023", []),
        ("qwertyuiop123", []),
        ("aaaaaaaaaaaaaaaa", []),
        ("a" * 128, []),
        ("password" * 16, []),
        ("0123456789" * 12, []),
        ("lovelace1815", ["Ada Lovelace"]),
        ("Lovelace-Ada", ["Ada Lovelace"]),
        ("L0velace!", ["Ada Lovelace"]),
        ("ada@example", ["ada@example.com"]),
        ("acmetodo1", ["acmetodo.example"]),
    ],
)
def test_names_patterns_and_repetition_are_weak(password: str, words: list[str]) -> None:
    found = judge(password, words)
    assert found.score < 3
    assert found.reason.endswith("let a password manager choose")
    assert password not in found.reason


def test_a_long_password_is_as_strong_as_its_strong_part() -> None:
    strong = "vamwyx-Kerdyq-9pijno"
    assert judge("a" * 100 + strong, []).score >= 3
    assert judge(strong + "a" * 100, []).score >= 3


def test_words_are_few_short_and_without_regard_to_case() -> None:
    assert guessable_words(["Ada.Lovelace@Example.com", None, ""]) == [
        "ada.lovelace@example.com",
        "ada",
        "lovelace",
        "example",
        "com",
    ]
    many = guessable_words([f"word{number} " * 40 for number in range(100)])
    assert len(many) <= 24
    assert max(map(len, many)) <= 64


@pytest.mark.parametrize(
    "password",
    [
        "a" * 128,
        ("4@8({[<69!1|70$5+%2" * 7)[:128],
        ("aA4@bB8({[<cC3eEgG69iI1!|lL7oO0sS$5tT+xX%zZ2" * 3)[:128],
        ("1234567890" * 13)[:128],
        ("password" * 16)[:128],
        "\U0001f600" * 128,
    ],
    ids=["one letter", "leet", "mixed leet", "digits", "words", "emoji"],
)
def test_hostile_passwords_are_judged_in_bounded_time(password: str) -> None:
    judge("warm", [])
    began = time.thread_time()
    judge(password, ["4@8({[<69!1|7"] * 30)
    assert time.thread_time() - began < 0.1


@given(st.text(max_size=128), st.lists(st.text(max_size=80), max_size=5))
def test_any_text_has_a_score(password: str, words: list[str]) -> None:
    assert 0 <= judge(password, words).score <= 4
