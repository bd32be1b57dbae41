"""Password hashes as strings: ours (Argon2id, RFC 9106) and those that other systems made, a module for each scheme.

A stored hash says what its verification costs, so a foreign one is an order to spend memory and time: parameters are
read and bounded before anything is computed, at import and again at each sign-in.
"""

from gatepost.crypto.schemes import argon2, bcrypt, pbkdf2, scrypt
from gatepost.crypto.schemes.argon2 import Argon2, HashPolicy, decoy, is_current, make
from gatepost.crypto.schemes.bcrypt import Bcrypt
from gatepost.crypto.schemes.pbkdf2 import Pbkdf2
from gatepost.crypto.schemes.refusal import HashRefused
from gatepost.crypto.schemes.scrypt import Scrypt

__all__ = [
    "Argon2",
    "Bcrypt",
    "HashPolicy",
    "HashRefused",
    "Pbkdf2",
    "Scheme",
    "Scrypt",
    "decoy",
    "is_current",
    "make",
    "parse",
]

Scheme = Argon2 | Bcrypt | Pbkdf2 | Scrypt
_MAX_CHARS = 1024
_READERS = (argon2.read, bcrypt.read, pbkdf2.read, scrypt.read)


def parse(stored: str) -> Scheme:
    """Read scheme and parameters of a hash.

    Raises:
        HashRefused: unknown scheme, malformed, or not within the bounds.
    """
    if len(stored) <= _MAX_CHARS:
        for read in _READERS:
            if scheme := read(stored):
                return scheme
    raise HashRefused(
        "not a hash of Argon2, bcrypt, PBKDF2 or scrypt as Gatepost, Django, Werkzeug, passlib or crypt write them"
    )
