"""What somebody else's server said, and the few words that are said of it when it said nothing useful.

What a failure tells ends up in logs, in the audit trail and before people: it names no address of a network, quotes
nothing of an answer, and repeats no URL, whose query may hold a code or a key.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from gatepost.kernel import strict_json

Reason = Literal[
    "certificate",
    "connection",
    "content",
    "encoding",
    "no_address",
    "private",
    "protocol",
    "scheme",
    "status",
    "timeout",
    "too_large",
    "url",
]

_WORDS: dict[Reason, str] = {
    "certificate": "its certificate is not one of that name",
    "connection": "it cannot be reached",
    "content": "its answer is not what was asked for",
    "encoding": "it answers in an encoding that was not asked for",
    "no_address": "the name has no address",
    "private": "the name leads into a private network",
    "protocol": "it does not speak HTTP",
    "scheme": "only https is spoken",
    "status": "it refuses",
    "timeout": "no answer in time",
    "too_large": "its answer is too large",
    "url": "the address is not one",
}


class OutboundFailed(Exception):
    """There is no answer that can be used; `reason` is stable, the text is its words.

    Attributes:
        reason: one of a closed set.
        status: of the answer, where that is the reason.
    """

    def __init__(self, reason: Reason, *, status: int | None = None) -> None:
        super().__init__(_WORDS[reason] if status is None else f"it answers {status}")
        self.reason: Reason = reason
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, whatever its status: redirects are answers like others.

    Attributes:
        status: of HTTP.
        headers: by name in lower case.
        body: not longer than what was allowed.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> dict[str, Any]:
        """Return the object that the body is.

        Raises:
            OutboundFailed: it is none, or one that two readers would read differently.
        """
        value = self._value()
        if not isinstance(value, dict):
            raise OutboundFailed("content")
        return value

    def json_list(self) -> list[Any]:
        """Return the list that the body is.

        Raises:
            OutboundFailed: it is none.
        """
        value = self._value()
        if not isinstance(value, list):
            raise OutboundFailed("content")
        return value

    def require(self, status: int = 200) -> "Answer":
        """Return this answer.

        Raises:
            OutboundFailed: its status is another one.
        """
        if self.status != status:
            raise OutboundFailed("status", status=self.status)
        return self

    def _value(self) -> object:
        try:
            return strict_json.decode(_whole(self.body.decode("utf-8")))
        except (ValueError, RecursionError):
            raise OutboundFailed("content") from None


def _whole(text: str) -> str:
    # A lone surrogate can be spelled in JSON, and neither sent nor stored as UTF-8 afterwards.
    if "\\ud" in text or "\\uD" in text:
        json.dumps(json.loads(text), ensure_ascii=False).encode("utf-8")
    return text
