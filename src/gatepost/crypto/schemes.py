"""Password hashes as strings: ours (Argon2id, RFC 9106) and those that other systems made (Argon2, bcrypt).

A stored hash says what its verification costs, so a foreign one is an order to spend memory and time: parameters are
read and bounded before anything is computed, at import and again at each sign-in.
"""

import base64
import re
import secrets
from dataclasses import dataclass

import bcrypt
from argon2 import low_level
from argon2.exceptions import VerificationError, VerifyMismatchError

_KIB_OF_LANE = 8  # RFC 9106, section 3.1
_MAX_KIB = 256 * 1024
_MAX_TIME, _MAX_LANES = 16, 16
_MAX_KIB_PASSES = 3 * _MAX_KIB  # what libsodium calls moderate, about a second
_BCRYPT_COST = range(4, 15)  # 14 is about a second
_BCRYPT_BYTES = 72
_HASH_BYTES, _SALT_BYTES = 32, 16
_DIGEST_CHARS = 43  # 32 bytes in base64 without padding

_ARGON2 = re.compile(
    r"\$argon2(?P<variant>id|i|d)(?:\$v=(?P<version>16|19))?"
    r"\$m=(?P<m>[1-9][0-9]{0,9}),t=(?P<t>[1-9][0-9]{0,9}),p=(?P<p>[1-9][0-9]{0,7})"
    r"\$(?P<salt>[A-Za-z0-9+/]{11,86})\$(?P<digest>[A-Za-z0-9+/]{16,86})",
)
_BCRYPT = re.compile(r"\$2[aby]\$(?P<cost>[0-9]{2})\$[./A-Za-z0-9]{53}")
_TYPES = {"id": low_level.Type.ID, "i": low_level.Type.I, "d": low_level.Type.D}


class HashRefused(ValueError):
    """The text is no hash of a known scheme, or its verification would cost too much; the message never holds it."""


@dataclass(frozen=True, slots=True)
class HashPolicy:
    """How passwords are hashed; the defaults are OWASP's (Argon2id, 19 MiB, two passes, one lane).

    Attributes:
        memory_kib: memory of one hash.
        time_cost: passes over it.
        parallelism: lanes, each a thread of its own while it lasts.
    """

    memory_kib: int = 19_456
    time_cost: int = 2
    parallelism: int = 1

    def __post_init__(self) -> None:
        _require_bounded(self.memory_kib, self.time_cost, self.parallelism)


@dataclass(frozen=True, slots=True)
class Argon2:
    """What an Argon2 hash says of itself."""

    variant: str
    version: int
    memory_kib: int
    time_cost: int
    parallelism: int
    digest_chars: int

    @property
    def kib_passes(self) -> int:
        """Return the work, memory times passes."""
        return self.memory_kib * self.time_cost


@dataclass(frozen=True, slots=True)
class Bcrypt:
    """What a bcrypt hash says of itself."""

    cost: int


def parse(stored: str) -> Argon2 | Bcrypt:
    """Read scheme and parameters of a hash.

    Raises:
        HashRefused: unknown scheme, malformed, or not within the bounds.
    """
    if found := _ARGON2.fullmatch(stored):
        m, t, p = int(found["m"]), int(found["t"]), int(found["p"])
        _require_bounded(m, t, p)
        return Argon2(found["variant"], int(found["version"] or 16), m, t, p, len(found["digest"]))
    if found := _BCRYPT.fullmatch(stored):
        if int(found["cost"]) not in _BCRYPT_COST:
            raise HashRefused(f"bcrypt cost is not within {_BCRYPT_COST.start} to {_BCRYPT_COST.stop - 1}")
        return Bcrypt(int(found["cost"]))
    raise HashRefused("not an Argon2 hash (argon2id, argon2i, argon2d) or a bcrypt hash ($2a$, $2b$, $2y$)")


def make(password: bytes, policy: HashPolicy) -> str:
    """Return a new hash."""
    return low_level.hash_secret(
        password,
        secrets.token_bytes(_SALT_BYTES),
        policy.time_cost,
        policy.memory_kib,
        policy.parallelism,
        _HASH_BYTES,
        low_level.Type.ID,
    ).decode("ascii")


def is_right(password: bytes, stored: str, scheme: Argon2 | Bcrypt) -> bool:
    """Compare in constant time.

    Raises:
        HashRefused: the hash looked like one and cannot be read.
    """
    if isinstance(scheme, Bcrypt):
        try:
            # bcrypt ends at 72 bytes: those who made the hash cut there silently, this library wants it done by hand.
            return bcrypt.checkpw(password[:_BCRYPT_BYTES], stored.encode("ascii"))
        except ValueError:
            raise HashRefused("bcrypt cannot read it") from None
    try:
        return low_level.verify_secret(stored.encode("ascii"), password, _TYPES[scheme.variant])
    except VerifyMismatchError:
        return False
    except VerificationError:
        raise HashRefused("argon2 cannot read it") from None


def is_current(scheme: Argon2 | Bcrypt, policy: HashPolicy) -> bool:
    """Tell whether a hash made now would have the same parameters."""
    return scheme == Argon2("id", 19, policy.memory_kib, policy.time_cost, policy.parallelism, _DIGEST_CHARS)


def decoy(policy: HashPolicy, already_spent: int = 0) -> str:
    """Return a hash that no password matches and whose verification costs what the policy's does.

    Args:
        policy: what a real one would be made with.
        already_spent: KiB-passes to take off.
    """
    memory_kib = max(policy.memory_kib - already_spent // policy.time_cost, _KIB_OF_LANE * policy.parallelism)
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).decode("ascii").rstrip("=") for size in (_SALT_BYTES, _HASH_BYTES)
    )
    return f"$argon2id$v=19$m={memory_kib},t={policy.time_cost},p={policy.parallelism}${salt}${digest}"


def _require_bounded(m: int, t: int, p: int) -> None:
    if not (
        1 <= p <= _MAX_LANES and 1 <= t <= _MAX_TIME and _KIB_OF_LANE * p <= m <= _MAX_KIB and m * t <= _MAX_KIB_PASSES
    ):
        raise HashRefused(
            f"Argon2 costs are bounded: m to {_MAX_KIB} KiB and at least {_KIB_OF_LANE}*p, "
            f"t to {_MAX_TIME}, p to {_MAX_LANES}, m*t to {_MAX_KIB_PASSES} KiB"
        )
