"""bcrypt (Provos and Mazières, USENIX 1999), as the crypt libraries write it and as Django does."""

import hashlib
import re
from dataclasses import dataclass, field

import bcrypt

from gatepost.crypto.schemes.refusal import HashRefused

_COST = range(4, 15)  # 14 is about a second
_BYTES = 72
_CRYPT = re.compile(r"(?P<django>bcrypt(?:_sha256)?\$)?(?P<crypt>\$2[aby]\$(?P<cost>[0-9]{2})\$[./A-Za-z0-9]{53})")


@dataclass(frozen=True, slots=True)
class Bcrypt:
    """What a bcrypt hash says of itself.

    Attributes:
        cost: the binary logarithm of its rounds.
        is_prehashed: it is of the SHA-256 of the password, in hexadecimal digits (Django's `bcrypt_sha256`).
        crypt: the hash as the library reads it.
    """

    cost: int
    is_prehashed: bool = False
    crypt: str = field(default="", repr=False)

    def is_right(self, password: bytes) -> bool:
        """Compare in constant time.

        Raises:
            HashRefused: it looked like a hash and cannot be read.
        """
        secret = hashlib.sha256(password).hexdigest().encode() if self.is_prehashed else password
        try:
            # bcrypt ends at 72 bytes: those who made the hash cut there silently, this library wants it done by hand.
            return bcrypt.checkpw(secret[:_BYTES], self.crypt.encode("ascii"))
        except ValueError:
            raise HashRefused("bcrypt cannot read it") from None


def read(stored: str) -> Bcrypt | None:
    """Read a hash, or return None where it is another scheme's.

    Raises:
        HashRefused: its cost is not within the bounds.
    """
    found = _CRYPT.fullmatch(stored)
    if found is None:
        return None
    if int(found["cost"]) not in _COST:
        raise HashRefused(f"bcrypt cost is not within {_COST.start} to {_COST.stop - 1}")
    return Bcrypt(int(found["cost"]), found["django"] == "bcrypt_sha256$", found["crypt"])
