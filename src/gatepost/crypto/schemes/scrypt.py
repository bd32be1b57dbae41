"""scrypt (RFC 7914) as Django, Werkzeug and passlib write it.

Django `scrypt$N$salt$r$p$base64`, Werkzeug `scrypt:N:r:p$salt$hex`, passlib `$scrypt$ln=16,r=8,p=1$base64$base64`.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, field

from gatepost.crypto.schemes.refusal import HashRefused
from gatepost.crypto.schemes.text import from_base64, from_hex

_MAX_WORK = 2**21  # N times r times p blocks of 128 bytes: 256 MiB, about a second
_MAX_BLOCK, _MAX_LANES = 32, 16
_SPARE = 1024 * 1024  # bytes: what OpenSSL counts besides the table
_DIGESTS = range(16, 65)  # bytes
_SALTS = range(1, 257)
_N, _R, _P = r"(?P<n>[1-9][0-9]{0,9})", r"(?P<r>[1-9][0-9]{0,3})", r"(?P<p>[1-9][0-9]{0,3})"
_SALT = r"(?P<salt>[!-#%-~]{1,128})"
_DJANGO = re.compile(rf"scrypt\${_N}\${_SALT}\${_R}\${_P}\$(?P<digest>[A-Za-z0-9+/]{{22,86}}={{0,2}})")
_WERKZEUG = re.compile(rf"scrypt:{_N}:{_R}:{_P}\${_SALT}\$(?P<digest>[0-9a-f]{{32,128}})")
_PASSLIB = re.compile(
    rf"\$scrypt\$ln=(?P<ln>[1-9][0-9]?),r={_R},p={_P}\$(?P<salt>[A-Za-z0-9/+]{{1,342}})\$(?P<digest>[A-Za-z0-9/+]{{22,86}})"
)


@dataclass(frozen=True, slots=True)
class Scrypt:
    """What an scrypt hash says of itself, in the letters of RFC 7914."""

    n: int
    r: int
    p: int
    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.digest) not in _DIGESTS or len(self.salt) not in _SALTS:
            raise HashRefused("an scrypt hash has 16 to 64 bytes, and a salt of 1 to 256")
        is_power_of_two = self.n > 1 and self.n & (self.n - 1) == 0
        is_bounded = self.r <= _MAX_BLOCK and self.p <= _MAX_LANES and self.n * self.r * self.p <= _MAX_WORK
        if not is_power_of_two or not is_bounded:
            raise HashRefused(
                f"scrypt costs are bounded: N a power of two, r to {_MAX_BLOCK}, p to {_MAX_LANES}, "
                f"N*r*p to {_MAX_WORK}"
            )

    def is_right(self, password: bytes) -> bool:
        """Compare in constant time.

        Raises:
            HashRefused: OpenSSL does not want these parameters together.
        """
        memory = 128 * self.r * (self.n + self.p + 2) + _SPARE
        try:
            made = hashlib.scrypt(
                password, salt=self.salt, n=self.n, r=self.r, p=self.p, maxmem=memory, dklen=len(self.digest)
            )
        except ValueError:
            raise HashRefused("scrypt cannot be computed with these parameters") from None
        return hmac.compare_digest(made, self.digest)


def read(stored: str) -> Scrypt | None:
    """Read a hash, or return None where it is another scheme's.

    Raises:
        HashRefused: malformed, or its cost is not within the bounds.
    """
    if found := _DJANGO.fullmatch(stored):
        n, salt, digest = int(found["n"]), found["salt"].encode("ascii"), from_base64(found["digest"])
    elif found := _WERKZEUG.fullmatch(stored):
        n, salt, digest = int(found["n"]), found["salt"].encode("ascii"), from_hex(found["digest"])
    elif found := _PASSLIB.fullmatch(stored):
        n, salt, digest = 2 ** int(found["ln"]), from_base64(found["salt"]), from_base64(found["digest"])
    else:
        return None
    return Scrypt(n, int(found["r"]), int(found["p"]), salt, digest)
