"""`next=` and its kin: whatever is asked for, the browser stays with us (SECURITY.md, open redirects)."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.kernel.text import safe_return_url

OURS = "https://app.example"
PUNCTUATION = [
    "/",
    "\\",
    ".",
    "..",
    "%2f",
    "%2F",
    "%5c",
    "%252f",
    "%2e",
    "\t",
    "\n",
    "\0",
    " ",
    "@",
    ":",
    "?",
    "#",
    ";",
]
WORDS = [
    "https:",
    "https://",
    "javascript:",
    "data:",
    "app.example",
    "evil.example",
    "a",
    "443",
    "xn--",
    "[",
    "]",
    OURS,
]
ODDITIES = ["//", "%00", "%0d%0a", "%25", "\u00e9", "\uff0f", "\u3002", "\ud800"]
PIECES = st.sampled_from(PUNCTUATION + WORDS + ODDITIES)


def whatwg_host(reference: str) -> str:
    """Resolve against our origin as a browser does: strip controls and spaces, drop tab and newline, "\\" is "/"."""
    text = "".join(char for char in reference.strip("".join(map(chr, range(0x21)))) if char not in "\t\r\n")
    text = text.replace("\\", "/")
    scheme, colon, rest = text.partition(":")
    if (
        colon
        and scheme.isascii()
        and scheme[:1].isalpha()
        and scheme.replace("+", "").replace("-", "").replace(".", "").isalnum()
    ):
        if scheme.lower() not in {"http", "https"}:
            return f"{scheme}:"
        if scheme.lower() == "http" or rest.startswith("/"):
            return rest.lstrip("/").split("/")[0].split("?")[0].split("#")[0].rpartition("@")[2]
        return "app.example"
    return text.lstrip("/").split("/")[0] if text.startswith("//") else "app.example"


def go(value: str | None, public_url: str = OURS) -> str:
    return safe_return_url(value, public_url=public_url, default="/home")


@given(value=st.lists(PIECES | st.text(max_size=3), max_size=8).map("".join))
def test_the_answer_is_always_a_place_of_ours(value: str) -> None:
    answer = go(value)
    assert urlsplit(urljoin(OURS, answer)).netloc == "app.example"
    assert whatwg_host(answer) == "app.example"
    assert answer.startswith("/")
    assert go(answer) == answer


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/", "/"),
        ("/todos", "/todos"),
        ("/todos/", "/todos/"),
        ("/todos?next=https://other.example//x&q=%2f%2f#top", "/todos?next=https://other.example//x&q=%2f%2f#top"),
        ("/caf%C3%A9/a%20b", "/caf%C3%A9/a%20b"),
        ("/@ann", "/@ann"),
        ("https://app.example", "/"),
        ("https://app.example/todos?x=1", "/todos?x=1"),
        ("https://app.example?x=1", "/?x=1"),
        ("https://app.example#x", "/#x"),
    ],
)
def test_our_own_places_are_kept(value: str, expected: str) -> None:
    assert go(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "todos",
        "?x=1",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/%2f/evil.example",
        "/%2fevil.example",
        "%2f%2fevil.example",
        "/%2f%2fevil.example",
        "/%5cevil.example",
        "/%252f%252fevil.example",
        "/%25252525252fevil.example",
        "/%09/evil.example",
        "/%00",
        "/%0d%0aSet-Cookie:a=b",
        "/a/..//evil.example",
        "/..//evil.example",
        "/a/../b",
        "/a/%2e%2e/b",
        "/.",
        "/a//evil.example",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "https:evil.example",
        "https:/evil.example",
        "https://evil.example",
        "http://app.example/",
        "HTTPS://app.example/",
        "https://APP.example/",
        "https://app.example.evil.example/",
        "https://app.example@evil.example/",
        "https://app.example:443@evil.example/",
        "https://app.example:8443/",
        "https://app.example./",
        "https://appxexample/",
        "https://good@app.example/",
        "https://app.example\\@evil.example",
        "https://app.example//evil.example",
        "https://\u0430pp.example/",
        "//app.example/",
        "/caf\u00e9",
        "/\ud800",
        "/\u2028/x",
        "/" + "a" * 2048,
    ],
)
def test_other_places_become_the_default(value: str | None) -> None:
    assert go(value) == "/home"


@pytest.mark.parametrize(
    ("public_url", "value", "expected"),
    [
        ("https://app.example:443/base/", "https://app.example/x", "/x"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/x", "/x"),
        ("http://127.0.0.1:8000", "http://127.0.0.1/x", "/home"),
        ("http://127.0.0.1:80", "http://127.0.0.1:8000/x", "/home"),
        ("http://[::1]:8000", "http://[::1]:8000/x", "/x"),
    ],
)
def test_the_port_belongs_to_the_origin(public_url: str, value: str, expected: str) -> None:
    assert go(value, public_url) == expected
