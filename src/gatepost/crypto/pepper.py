"""A pepper: a key that is not in the database, without which stolen hashes cannot be guessed at all.

The password goes through HMAC-SHA-256 under a key derived from the pepper, and the result through Argon2id. The stored
string begins with the id of the pepper, so that one can be introduced, changed and removed: each hash is made again at
its user's next sign-in. A hash whose pepper is not known here never verifies.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

from gatepost.crypto.schemes.refusal import HashRefused
from gatepost.kernel.purpose import Purpose, derive

PREFIX = "$hmac-sha256$k="
_ID_CHARS = 16
MARK_CHARS = len(PREFIX) + _ID_CHARS
_PEPPERED = re.compile(r"\$hmac-sha256\$k=(?P<id>[0-9a-f]{16})(?P<hash>\$.+)")


@dataclass(frozen=True, slots=True)
class _Pepper:
    id: str
    key: bytes


class Peppers:
    """The pepper of new hashes, and those of older ones.

    Args:
        current: None where new hashes have none.
        previous: verify only.
    """

    __slots__ = ("_by_id", "_current")

    def __init__(self, current: bytes | None = None, previous: Sequence[bytes] = ()) -> None:
        self._current = _pepper(current) if current is not None else None
        every = [*([self._current] if self._current else []), *map(_pepper, previous)]
        self._by_id = {pepper.id: pepper for pepper in every}

    @property
    def current_id(self) -> str | None:
        """Return what new hashes are marked with."""
        return self._current.id if self._current is not None else None

    @property
    def ids(self) -> frozenset[str]:
        """Return what hashes that can be verified are marked with."""
        return frozenset(self._by_id)

    def applied(self, password: bytes, pepper_id: str | None) -> bytes:
        """Return what is hashed instead of the password.

        Raises:
            HashRefused: the pepper is not known here.
        """
        if pepper_id is None:
            return password
        pepper = self._by_id.get(pepper_id)
        if pepper is None:
            raise HashRefused("its pepper is not known here: set GATEPOST_PASSWORD_PEPPER_PREVIOUS to it")
        return hmac.digest(pepper.key, password, hashlib.sha256)

    def marked(self, stored: str) -> str:
        """Return a new hash as it is stored."""
        return f"{PREFIX}{self._current.id}{stored}" if self._current is not None else stored

    def __repr__(self) -> str:
        return "Peppers(...)"


def split_mark(stored: str) -> tuple[str | None, str]:
    """Return the pepper's id, None where there is none, and the hash that follows it."""
    found = _PEPPERED.fullmatch(stored)
    return (found["id"], found["hash"]) if found else (None, stored)


def _pepper(secret: bytes) -> _Pepper:
    return _Pepper(derive(secret, Purpose.PEPPER_ID).hex()[:_ID_CHARS], derive(secret, Purpose.PEPPER))
