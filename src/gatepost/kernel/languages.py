"""Language tags (RFC 5646), and which one a request would like best (RFC 9110, section 12.5.4)."""

import re

from gatepost.kernel.errors import InvalidInput

MAX_TAG = 35  # RFC 5646, section 4.4.1
_TAG = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_MAX_HEADER = 1_000
_WEIGHT = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


def language_tag(value: str, *, field: str = "locale") -> str:
    """Return a language tag as it was written, trimmed.

    Raises:
        InvalidInput: it is none.
    """
    tag = value.strip()
    if len(tag) > MAX_TAG or not _TAG.fullmatch(tag):
        raise InvalidInput(field, "is no language tag, for example en or de-CH")
    return tag


def preferred_language(accept_language: str) -> str | None:
    """Return the tag that the header weighs most, the first of several; None where it names none."""
    best, best_weight = None, 0.0
    for entry in accept_language[:_MAX_HEADER].split(","):
        tag, _, parameter = (part.strip() for part in entry.partition(";"))
        weight = _WEIGHT.fullmatch(parameter) if parameter else None
        value = 1.0 if not parameter else float(weight[1]) if weight else 0.0
        if value > best_weight and len(tag) <= MAX_TAG and _TAG.fullmatch(tag):
            best, best_weight = tag, value
    return best
