"""PBKDF2 (RFC 8018, section 5.2) as Django, Werkzeug and passlib write it.

Django `pbkdf2_sha256$1000000$salt$base64`, Werkzeug `pbkdf2:sha256:1000000$salt$hex`, passlib
`$pbkdf2-sha256$29000$base64$base64`. The first two take the salt for text, passlib for base64.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, field

from gatepost.crypto.schemes.refusal import HashRefused
from gatepost.crypto.schemes.text import from_base64, from_hex

_MAX_BLOCKS = 4_000_000  # iterations times blocks of output: about a second
_DIGESTS = range(16, 65)  # bytes
_SALTS = range(1, 257)
_COUNT = r"(?P<iterations>[1-9][0-9]{0,9})"
_SALT = r"(?P<salt>[!-#%-~]{1,128})"  # visible ASCII, without the dollar sign that ends it
_DJANGO = re.compile(rf"pbkdf2_(?P<hash>sha1|sha256)\${_COUNT}\${_SALT}\$(?P<digest>[A-Za-z0-9+/]{{22,86}}={{0,2}})")
_WERKZEUG = re.compile(rf"pbkdf2:(?P<hash>sha1|sha256|sha512):{_COUNT}\${_SALT}\$(?P<digest>[0-9a-f]{{32,128}})")
_PASSLIB = re.compile(
    rf"\$pbkdf2(?P<hash>|-sha256|-sha512)\${_COUNT}\$(?P<salt>[A-Za-z0-9./+]{{1,342}})\$(?P<digest>[A-Za-z0-9./+]{{22,86}})"
)


@dataclass(frozen=True, slots=True)
class Pbkdf2:
    """What a PBKDF2 hash says of itself."""

    hash_name: str
    iterations: int
    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    def __post_init__(self) -> None:
        blocks = -(-len(self.digest) // hashlib.new(self.hash_name, usedforsecurity=False).digest_size)
        if len(self.digest) not in _DIGESTS or len(self.salt) not in _SALTS:
            raise HashRefused("a PBKDF2 hash has 16 to 64 bytes, and a salt of 1 to 256")
        if self.iterations * blocks > _MAX_BLOCKS:
            raise HashRefused(f"PBKDF2 costs are bounded: iterations times blocks of output to {_MAX_BLOCKS}")

    def is_right(self, password: bytes) -> bool:
        """Compare in constant time."""
        made = hashlib.pbkdf2_hmac(self.hash_name, password, self.salt, self.iterations, len(self.digest))
        return hmac.compare_digest(made, self.digest)


def read(stored: str) -> Pbkdf2 | None:
    """Read a hash, or return None where it is another scheme's.

    Raises:
        HashRefused: malformed, or its cost is not within the bounds.
    """
    if found := _DJANGO.fullmatch(stored):
        salt, digest = found["salt"].encode("ascii"), from_base64(found["digest"])
    elif found := _WERKZEUG.fullmatch(stored):
        salt, digest = found["salt"].encode("ascii"), from_hex(found["digest"])
    elif found := _PASSLIB.fullmatch(stored):
        salt, digest = from_base64(found["salt"]), from_base64(found["digest"])
    else:
        return None
    return Pbkdf2(found["hash"].lstrip("-") or "sha1", int(found["iterations"]), salt, digest)
