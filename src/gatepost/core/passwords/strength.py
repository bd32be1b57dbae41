"""How hard a password is to guess, by zxcvbn (Wheeler, USENIX Security 2016), and what to say about a weak one.

Its time grows with the square of the length, and with every way to read symbols as letters, to a second for 128 of
them. So it sees the first and the last characters only (both are parts of the password: the harder of the two is a
bound from below, and a long password is as strong as its strong part), and of many symbols one for each letter.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from zxcvbn_rs_py import zxcvbn

from gatepost.core.passwords.domain import guessable_words

SEEN = 40  # characters; measured in benchmarks/topics/password_check.py
_SYMBOLS = frozenset("4@({[<69!1|5$7+")  # two or more of them may stand for one letter
_MANY_SYMBOLS = 6
_ONE_FOR_A_LETTER = str.maketrans("@{[<9!|$+", "4(((61157")
_REASONS = {
    "StraightRowsOfKeysAreEasyToGuess": "a row of keys is easy to guess",
    "ShortKeyboardPatternsAreEasyToGuess": "a short pattern of keys is easy to guess",
    "RepeatsLikeAaaAreEasyToGuess": "repeated characters are easy to guess",
    "RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess": "what is repeated is hardly better than what is said once",
    "ThisIsATop10Password": "it is one of the passwords that are tried first",
    "ThisIsATop100Password": "it is one of the passwords that are tried first",
    "ThisIsACommonPassword": "it is one of the passwords that are tried first",
    "ThisIsSimilarToACommonlyUsedPassword": "it is close to a password that is tried first",
    "SequencesLikeAbcAreEasyToGuess": "a sequence like abc or 6543 is easy to guess",
    "RecentYearsAreEasyToGuess": "a recent year is easy to guess",
    "AWordByItselfIsEasyToGuess": "one word alone is easy to guess",
    "DatesAreOftenEasyToGuess": "a date is easy to guess",
    "NamesAndSurnamesByThemselvesAreEasyToGuess": "a name alone is easy to guess",
    "CommonNamesAndSurnamesAreEasyToGuess": "a common name is easy to guess",
}
_EASY, _CURE = "it is easy to guess", "use several words that do not belong together, or let a password manager choose"


@dataclass(frozen=True, slots=True)
class Strength:
    """A score from 0 to 4, and what is weak where it is low."""

    score: int
    reason: str


def judge(password: str, words: Iterable[str | None]) -> Strength:
    """Return how hard a password is to guess for somebody who knows these words of its user."""
    known = guessable_words(words)
    parts = [password] if len(password) <= SEEN else [password[:SEEN], password[-SEEN:]]
    found = [zxcvbn(_readable(part), known) for part in parts]
    best = max(found, key=lambda each: each.guesses_log10)
    warning = repr(best.feedback.warning).rpartition(".")[2] if best.feedback is not None else ""
    return Strength(int(best.score), f"{_REASONS.get(warning, _EASY)}: {_CURE}")


def _readable(part: str) -> str:
    """Return a text with few readings; to take two symbols for one makes a password look easier, never harder."""
    return part.translate(_ONE_FOR_A_LETTER) if len(_SYMBOLS & set(part)) >= _MANY_SYMBOLS else part
