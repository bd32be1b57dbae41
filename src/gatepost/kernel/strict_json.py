"""JSON that two readers cannot read differently (RFC 8259, section 4; RFC 7519, section 4)."""

import json
from typing import Any, NoReturn


def decode(text: str) -> object:
    """Return the value that a text is.

    Raises:
        ValueError: it is none, an object has two members of one name, or a number is not finite.
        RecursionError: it is nested too deeply.
    """
    return _DECODER.decode(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Of two members with one name, two readers may believe different ones.
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate member")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
