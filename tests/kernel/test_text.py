"""The normalizers: equivalent spellings make one user, doubtful ones none, and no text makes them stumble."""

import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.kernel.errors import InvalidInput
from gatepost.kernel.text import (
    MAX_EMAIL,
    MAX_PASSWORD,
    MAX_USERNAME,
    clean_text,
    is_storable,
    normalize_email,
    normalize_identifier,
    normalize_password,
    normalize_username,
)

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=40)  # lone surrogates too
LIKE_EMAIL = st.builds("{}@{}.{}".format, ANY_TEXT, ANY_TEXT, st.sampled_from(["com", "De", "рф", ""])) | ANY_TEXT
LETTERS = st.text(st.characters(categories=["L", "M", "Nd"]), max_size=12)


def label(text: str) -> str:
    return clean_text(text, field="name", max_length=50)


NORMALIZERS: list[Callable[[str], str]] = [
    normalize_email,
    normalize_username,
    normalize_identifier,
    normalize_password,
    label,
]


@pytest.mark.parametrize("normalize", NORMALIZERS)
@given(text=ANY_TEXT | LIKE_EMAIL | LETTERS)
def test_any_text_is_refused_or_brought_to_a_storable_form_that_stays(
    normalize: Callable[[str], str], text: str
) -> None:
    try:
        once = normalize(text)
    except InvalidInput as refusal:
        assert refusal.reason  # noqa: PT017 - most texts are refused, and that is right
        return
    assert normalize(once) == once
    assert is_storable(once)


@given(local=LETTERS, domain=LETTERS)
def test_canonically_equivalent_emails_are_one_or_none(local: str, domain: str) -> None:
    def form(spelling: str) -> str | None:
        try:
            return normalize_email(spelling)
        except InvalidInput:
            return None

    email = f"{local}@{domain}.com"
    assert form(unicodedata.normalize("NFD", email)) == form(unicodedata.normalize("NFC", email))


@given(name=LETTERS)
def test_compatible_usernames_are_one_or_none(name: str) -> None:
    def form(spelling: str) -> str | None:
        try:
            return normalize_username(spelling)
        except InvalidInput:
            return None

    once = form(name)
    assert form(unicodedata.normalize("NFKD", name)) in {once, None} or once is None
    if once is not None:
        assert form(unicodedata.normalize("NFKC", name)) == once


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Ann.Lee+todo@Example.COM", "ann.lee+todo@example.com"),
        ("o'brien@example.co.uk", "o'brien@example.co.uk"),
        ("jose\u0301@example.com", "josé@example.com"),
        ("用户@例子.公司", "用户@xn--fsqu00a.xn--55qx5d"),
        ("a@BÜCHER.example", "a@xn--bcher-kva.example"),
        ("a@XN--BCHER-KVA.example", "a@xn--bcher-kva.example"),
        ("a@straße.example", "a@xn--strae-oqa.example"),  # IDNA 2008: not strasse.example
        ("\u212aim@example.com", "kim@example.com"),  # the Kelvin sign is canonically a K
    ],
)
def test_email_has_one_form(typed: str, expected: str) -> None:
    assert normalize_email(typed) == expected


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "@",
        "a@",
        "@example.com",
        "a",
        "a@b@example.com",
        "a@localhost",
        "a@10.0.0.1",
        "a@[10.0.0.1]",
        "a@example.com.",
        "a@.example.com",
        "a@exa..mple.com",
        "a@-x.com",
        "a@x-.com",
        "a@exa_mple.com",
        "a@ab--cd.com",
        "a@xn--abc-.com",
        "a@xn--\u00fc.com",
        "a@xn--zzzzzzzzzz999.com",
        "a@xn--BCHER-KV.com",
        ".a@example.com",
        "a.@example.com",
        "a..b@example.com",
        '"a b"@example.com',
        "a(comment)@example.com",
        "Ann <a@example.com>",
        "<a@example.com>",
        " a@example.com",
        "a@example.com ",
        "a b@example.com",
        "a\t@example.com",
        "a@example.com\r\nBcc: b@example.com",
        "a\0@example.com",
        "a\u200b@example.com",  # zero width space
        "a\u200d@example.com",  # zero width joiner
        "a\u034f@example.com",  # combining grapheme joiner
        "a\ufe0f@example.com",  # variation selector
        "a\u3164@example.com",  # Hangul filler
        "a\u202eb@example.com",  # right-to-left override
        "a\ud800@example.com",
        "a@exa\udc00mple.com",
        "\uff41nn@example.com",  # full width
        "\ufb01n@example.com",  # ligature
        "straße@example.com",  # folds to strasse, another mailbox
        "\u0130@example.com",  # its small letter looks like a plain i
        "a@\uff45xample.com",
        "a@example\u3002com",  # ideographic full stop
        "a@exa\u00admple.com",  # soft hyphen
        "\u0301a@example.com",
        f"{'a' * 65}@example.com",
        f"a@{'b' * 64}.com",
        f"{'a' * 64}@{'.'.join(['b' * 60] * 4)}",
    ],
)
def test_email_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        normalize_email(typed)
    assert refusal.value.field == "email"


def test_the_longest_email_is_accepted() -> None:
    email = f"{'a' * 64}@{'.'.join(['b' * 47] * 3)}.{'c' * (MAX_EMAIL - 64 - 1 - 3 * 48)}"
    assert normalize_email(email) == email
    with pytest.raises(InvalidInput):
        normalize_email(email + "c")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Ann.Lee-2", "ann.lee-2"),
        ("\uff21nn", "ann"),
        ("Jose\u0301", "josé"),
        ("\u0130brahim", "ibrahim"),
        ("Straße", "strasse"),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),
        ("анна_7", "анна_7"),
        ("田中さん", "田中さん"),
        ("ユーザー", "ユーザー"),
        ("김철수", "김철수"),
        ("सीता", "सीता"),
        ("علي\u0663", "علي3"),
    ],
)
def test_username_has_one_form(typed: str, expected: str) -> None:
    assert normalize_username(typed) == expected


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "a",
        "a" * (MAX_USERNAME + 1),
        "\ufdfa" * 60,  # 18 letters each, once mapped
        "\u0430dmin",  # Cyrillic a
        "admin\u03bf",  # Greek omicron
        "p\u0430ypal",
        "ann@home",
        "ann\uff20home",
        "ann lee",
        ".ann",
        "ann.",
        "-ann",
        "_ann",
        "ann!",
        "a\u200dnn",
        "a\u034fnn",
        "a\u202enn",
        "a\0nn",
        "a\nnn",
        "a\ud800nn",
        "a\u0323\u0307\u0323nn",
        "\u093eसीता",
        "ann\u20dd",
        "😀😀",
        "عـلي",  # a tatweel only stretches
    ],
)
def test_username_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        normalize_username(typed)
    assert refusal.value.field == "username"


def test_identifier_is_an_email_where_there_is_an_at_sign() -> None:
    assert normalize_identifier("Ann@Example.com") == "ann@example.com"
    assert normalize_identifier("Ann") == "ann"
    with pytest.raises(InvalidInput, match="identifier"):
        normalize_identifier("ann@")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (" pass word ", " pass word "),
        ("pass\u00a0word\u3000", "pass word "),
        ("e\u0301\u212b", "é\u00c5"),
        ("\ufb01\uff41 😀", "\ufb01\uff41 😀"),  # compatibility variants stay apart, emoji are welcome
        ("x" * MAX_PASSWORD, "x" * MAX_PASSWORD),
        ("e\u0301" * MAX_PASSWORD, "é" * MAX_PASSWORD),
    ],
)
def test_password_has_one_form_and_is_never_trimmed(typed: str, expected: str) -> None:
    assert normalize_password(typed) == expected


@pytest.mark.parametrize(
    "typed", ["", "a\0b", "a\nb", "a\x7fb", "a\x85b", "a\ud800b", "x" * 129, "é" * 2049, "x" * 10**6]
)
def test_password_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        normalize_password(typed)
    assert refusal.value.field == "password"


def test_display_text_is_trimmed_and_composed() -> None:
    assert label("  Jose\u0301 <b>\u200d  ") == "José <b>\u200d"  # escaping is the reader's work
    assert label("x" * 50) == "x" * 50


@pytest.mark.parametrize(
    "text", ["a\0b", "a\nb", "a\x1bb", "a\u2028b", "a\u202eb", "a\u2066b", "a\udfffb", "x" * 51, "x" * 10**6]
)
def test_display_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        label(text)
    assert refusal.value.field == "name"
    assert text not in str(refusal.value)


@pytest.mark.parametrize(("text", "storable"), [("", True), ("é😀\n", True), ("a\0", False), ("\ud83d", False)])
def test_storable_text_has_no_nul_and_no_lone_surrogate(text: str, *, storable: bool) -> None:
    assert is_storable(text) is storable


@pytest.mark.parametrize("normalize", NORMALIZERS)
@pytest.mark.parametrize("char", ["a", "\u0301", "\ufdfa", "\u0958", "@", ".", "xn--"])
def test_a_megabyte_costs_nothing(normalize: Callable[[str], str], char: str) -> None:
    started = time.thread_time()
    with pytest.raises(InvalidInput):
        normalize(char * 1_000_000)
    assert time.thread_time() - started < 0.05
