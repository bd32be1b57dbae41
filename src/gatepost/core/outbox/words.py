"""What a mail may say: the words of each kind, and what is done to each before a template sees it.

Some words come from strangers: a user agent is whatever a client sends, a key has the name that somebody gave it. Put
into a mail of ours they would be read as ours. So nothing that a person chose stands in a mail but the name of a key,
which is kept from becoming a link; a device is told in words of a closed set; an address is one or is left out; and
no word can begin a line of its own.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from gatepost.core.outbox.device import device_of
from gatepost.core.outbox.domain import MailKind

_PROOF = ("link", "minutes")
REQUIRED: Mapping[MailKind, tuple[str, ...]] = {
    MailKind.VERIFY_EMAIL: _PROOF,
    MailKind.RESET_PASSWORD: _PROOF,
    MailKind.CHANGE_EMAIL: _PROOF,
    MailKind.SIGN_IN: _PROOF,
    MailKind.INVITATION: _PROOF,
}
# A word that is not given is empty: a template may ask `{% if ip %}`, and a name that is not here is a mistake.
KNOWN = ("link", "minutes", "code", "disown_link", "when", "ip", "device", "name", "action", "provider")
SAMPLE = {
    "link": "https://example.com/page#token=sample",
    "minutes": "1440",
    "disown_link": "https://example.com/not-me#token=sample",
    "when": "2030-01-31T12:00:00+00:00",
    "ip": "192.0.2.1",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "name": "laptop",
    "action": "disabled",
    "provider": "Example",
}

_LINK = re.compile(r"https?://[!-~]+")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2} UTC", re.ASCII)
_UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_MAX_NAME = 40


class WordMissing(Exception):
    """A composer gave a mail less than it cannot do without."""


def prepared(kind: MailKind, words: Mapping[str, str]) -> dict[str, str]:
    """Return every known word of a mail, each in its own shape, and whatever else was given, on one line.

    Raises:
        WordMissing: a link that the mail is about is not there.
    """
    found = {name: one_line(value) for name, value in words.items() if name != "user_agent"}
    found["device"] = device_of(words.get("user_agent", ""))
    found |= {name: shape(found[name]) for name, shape in _SHAPES.items() if name in found}
    for name in REQUIRED.get(kind, ()):
        if not found.get(name):
            msg = f"the mail {kind.value} needs {name}"
            raise WordMissing(msg)
    return dict.fromkeys(KNOWN, "") | found


def one_line(text: str) -> str:
    """Return text without anything that ends a line, hides or reorders, so that it cannot pass for more than a word."""
    visible = "".join(" " if unicodedata.category(char) in _UNSAFE else char for char in text)
    return " ".join(visible.split())


def _link(text: str) -> str:
    return text if _LINK.fullmatch(text) else ""


def _ip(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


def _when(text: str) -> str:
    if _MOMENT.fullmatch(text):
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _name(text: str) -> str:
    """Letters, digits and gaps: what mail programs turn into links needs a dot, a slash, a colon or an at sign."""
    plain = "".join(char if unicodedata.category(char)[0] in "LMN" or char in "-_" else " " for char in text)
    return " ".join(plain.split())[:_MAX_NAME]


def _action(text: str) -> str:
    return text if re.fullmatch(r"[a-z_]{1,40}", text) else ""


def _digits(text: str) -> str:
    return text if text.isascii() and text.isdigit() else ""


_SHAPES: Mapping[str, Callable[[str], str]] = {
    "link": _link,
    "disown_link": _link,
    "minutes": _digits,
    "code": _digits,
    "when": _when,
    "ip": _ip,
    "name": _name,
    "action": _action,
    "provider": _name,
}
