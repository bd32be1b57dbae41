"""Passwords that may not be chosen: the commonest, which come along, and a file of the operator's.

The file holds one password a line, or the SHA-1 hashes of the Pwned Passwords collection ordered by hash
(`HASH:count`). Words are kept as 8 bytes each; hashes stay on disk, where one is found by binary search.
"""

import gzip
import hashlib
import os
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

from gatepost.core.passwords.domain import comparable
from gatepost.kernel.errors import ConfigurationError, Unavailable

_MAX_WORDS_BYTES = 16 * 1024 * 1024
_HASH_LINE = re.compile(rb"([0-9A-Fa-f]{40})(?::[0-9]{1,12})?\r?")
_MAX_LINE = 64  # bytes of a line of hashes
_SAMPLES = 256
_CURE = "GATEPOST_PASSWORD_BLOCKLIST"


class WordList:
    """Some passwords, compared without regard to case.

    Args:
        words: in any order and spelling.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._digests = array("Q", sorted({_digest(word) for word in words}))

    def __contains__(self, password: str) -> bool:
        digest = _digest(password)
        place = bisect_left(self._digests, digest)
        return place < len(self._digests) and self._digests[place] == digest

    def __len__(self) -> int:
        return len(self._digests)

    def close(self) -> None:
        """Nothing is held."""


class HashFile:
    """SHA-1 hashes, one a line in their order, on disk.

    Args:
        path: of the file; one that replaces it is seen after a restart.

    Raises:
        ConfigurationError: it is not in order, so that nothing would be found in it.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDONLY)
        try:
            self._size = os.fstat(self._file).st_size
            self._require_order()
        except BaseException:
            self.close()
            raise

    def __contains__(self, password: str) -> bool:
        wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
        low, high = 0, self._size  # a line that begins within may be the one
        while low < high:
            begin, end, found = self._line_around((low + high) // 2)
            if found == wanted:
                return True
            if found < wanted:
                low = end
            else:
                high = begin
        return False

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _line_around(self, offset: int) -> tuple[int, int, bytes]:
        """Return begin, end and hash of the line that a byte belongs to.

        Raises:
            Unavailable: there is none; the file was cut or overwritten.
        """
        first = max(0, offset - _MAX_LINE)
        window = os.pread(self._file, offset - first + _MAX_LINE, first)
        begin = window.rfind(b"\n", 0, offset - first) + 1
        end = window.find(b"\n", offset - first)
        end = len(window) if end < 0 else end
        line = _HASH_LINE.fullmatch(window[begin:end])
        if line is None:
            raise Unavailable("the file of hashes cannot be read")
        return first + begin, first + end + 1, line[1].upper()

    def _require_order(self) -> None:
        places = sorted({self._size * number // _SAMPLES for number in range(_SAMPLES)} | {self._size - 1})
        try:
            found = [(begin, line) for begin, _, line in map(self._line_around, places)]
        except Unavailable:
            msg = f"{_CURE}: the file begins like hashes and goes on otherwise: use lines of HASH:count alone"
            raise ConfigurationError(msg) from None
        lines = [line for _, line in sorted(set(found))]
        if lines != sorted(set(lines)):
            msg = f"{_CURE}: the hashes are not in their order, nothing would be found: use the file ordered by hash"
            raise ConfigurationError(msg)


Blocklist = WordList | HashFile


@cache
def commonest() -> WordList:
    """Return the passwords that are tried first; read once."""
    with files(__package__).joinpath("common.txt.gz").open("rb") as packed:
        text = gzip.decompress(packed.read()).decode()
    return WordList(text.partition("\n\n")[2].splitlines())


def open_blocklist(path: Path) -> Blocklist:
    """Return the operator's list; it reads the whole of a file of words.

    Raises:
        ConfigurationError: it cannot be read, is too large, or is not in order.
    """
    try:
        with path.open("rb") as file:
            if _HASH_LINE.fullmatch(file.readline(_MAX_LINE).rstrip(b"\n")):
                return HashFile(path)
        if path.stat().st_size > _MAX_WORDS_BYTES:
            msg = f"{_CURE} is larger than 16 MiB: use SHA-1 hashes ordered by hash, which stay on disk"
            raise ConfigurationError(msg)
        return WordList(_words(path))
    except OSError as error:
        msg = f"{_CURE} cannot be read ({error.strerror}): name a file that this process may read"
        raise ConfigurationError(msg) from None


def _words(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        for line in lines:
            if word := line.rstrip("\r\n"):
                yield word


def _digest(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(comparable(word).encode(), digest_size=8).digest())
