"""Argon2 (RFC 9106): the scheme of our own hashes, and of others' (PHC strings, Django)."""

import base64
import re
import secrets
from dataclasses import dataclass, field

from argon2 import low_level
from argon2.exceptions import VerificationError, VerifyMismatchError

from gatepost.crypto.schemes.refusal import HashRefused

_KIB_OF_LANE = 8  # RFC 9106, section 3.1
_MAX_KIB = 256 * 1024
_MAX_TIME, _MAX_LANES = 16, 16
_MAX_KIB_PASSES = 3 * _MAX_KIB  # what libsodium calls moderate, about a second
_HASH_BYTES, _SALT_BYTES = 32, 16
_DIGEST_CHARS = 43  # 32 bytes in base64 without padding

_PHC = re.compile(
    r"\$argon2(?P<variant>id|i|d)(?:\$v=(?P<version>16|19))?"
    r"\$m=(?P<m>[1-9][0-9]{0,9}),t=(?P<t>[1-9][0-9]{0,9}),p=(?P<p>[1-9][0-9]{0,7})"
    r"\$(?P<salt>[A-Za-z0-9+/]{11,86})\$(?P<digest>[A-Za-z0-9+/]{16,86})",
)
_TYPES = {"id": low_level.Type.ID, "i": low_level.Type.I, "d": low_level.Type.D}


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
    phc: str = field(default="", repr=False, compare=False)

    @property
    def kib_passes(self) -> int:
        """Return the work, memory times passes."""
        return self.memory_kib * self.time_cost

    def is_right(self, password: bytes) -> bool:
        """Compare in constant time.

        Raises:
            HashRefused: it looked like a hash and cannot be read.
        """
        try:
            return low_level.verify_secret(self.phc.encode("ascii"), password, _TYPES[self.variant])
        except VerifyMismatchError:
            return False
        except VerificationError:
            raise HashRefused("argon2 cannot read it") from None


def read(stored: str) -> Argon2 | None:
    """Read a hash, or return None where it is another scheme's.

    Raises:
        HashRefused: its costs are not within the bounds.
    """
    found = _PHC.fullmatch(stored.removeprefix("argon2"))  # Django's name of the scheme, before the PHC string
    if found is None:
        return None
    m, t, p = int(found["m"]), int(found["t"]), int(found["p"])
    _require_bounded(m, t, p)
    return Argon2(found["variant"], int(found["version"] or 16), m, t, p, len(found["digest"]), found[0])


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


def is_current(scheme: object, policy: HashPolicy) -> bool:
    """Tell whether a hash made now would have the same parameters."""
    return scheme == Argon2("id", 19, policy.memory_kib, policy.time_cost, policy.parallelism, _DIGEST_CHARS)


def decoy(policy: HashPolicy, already_spent: int = 0) -> Argon2:
    """Return a hash that no password matches and whose verification costs what the policy's does.

    Args:
        policy: what a real one would be made with.
        already_spent: KiB-passes to take off.
    """
    memory_kib = max(policy.memory_kib - already_spent // policy.time_cost, _KIB_OF_LANE * policy.parallelism)
    t, p = policy.time_cost, policy.parallelism
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).decode("ascii").rstrip("=") for size in (_SALT_BYTES, _HASH_BYTES)
    )
    phc = f"$argon2id$v=19$m={memory_kib},t={t},p={p}${salt}${digest}"
    return Argon2("id", 19, memory_kib, t, p, _DIGEST_CHARS, phc)


def _require_bounded(m: int, t: int, p: int) -> None:
    if not (
        1 <= p <= _MAX_LANES and 1 <= t <= _MAX_TIME and _KIB_OF_LANE * p <= m <= _MAX_KIB and m * t <= _MAX_KIB_PASSES
    ):
        raise HashRefused(
            f"Argon2 costs are bounded: m to {_MAX_KIB} KiB and at least {_KIB_OF_LANE}*p, "
            f"t to {_MAX_TIME}, p to {_MAX_LANES}, m*t to {_MAX_KIB_PASSES} KiB"
        )
