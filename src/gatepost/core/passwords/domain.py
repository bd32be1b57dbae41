"""The rules for a new password, as the settings say them. No I/O.

There are no rules of composition (NIST SP 800-63B-4, section 3.1.1.2): no class of character is wanted, none refused.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_MAX_WORDS, _MAX_WORD, _MIN_WORD = 24, 64, 3
_PART = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordRules:
    """Which passwords may be chosen.

    Attributes:
        min_length: in characters, once normalized.
        min_score: of zxcvbn, from 0 (not asked) to 4.
        own_words: what guessers of passwords of this application would try: its name and domain.
        blocklist: a file of the operator's, passwords or sorted SHA-1 hashes.
        range_url: of a k-anonymity service; it is asked for the hashes with one prefix.
        range_timeout: seconds that asking may take altogether.
        range_failure: what happens to a password that could not be looked up.
        check_at_sign_in: a password found in the lists at a sign-in has to be changed.
    """

    min_length: int = 8
    min_score: int = 3
    own_words: tuple[str, ...] = ()
    blocklist: Path | None = None
    range_url: str | None = None
    range_timeout: float = 2.0
    range_failure: Literal["accept", "refuse"] = "accept"
    check_at_sign_in: bool = False


def comparable(text: str) -> str:
    """Return the form in which passwords are compared with lists and words: case does not make one uncommon."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def guessable_words(words: Iterable[str | None]) -> list[str]:
    """Return names and addresses, whole and in parts, as a guesser would try them; few and short enough to be cheap."""
    whole = [comparable(word)[:_MAX_WORD] for word in words if word]
    parts = [part for word in whole for part in _PART.findall(word)]
    return [word for word in dict.fromkeys([*whole, *parts]) if len(word) >= _MIN_WORD][:_MAX_WORDS]
