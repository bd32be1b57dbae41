"""The form of API keys: `gpk_`, 43 random letters and digits (256 bits), and six more that check them.

The checksum (CRC-32, written to the base 62) lets a scanner of leaked secrets tell a key from what looks like one, and
lets us refuse a mistyped or truncated key without a look at the database. It proves nothing: what counts is the keyed
hash, the only form in which a key is stored, and the raw text and the hash are two types.
"""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from typing import NewType

from gatepost.kernel.purpose import Purpose, PurposeKeys

API_KEY_PREFIX = "gpk_"
SHOWN = len(API_KEY_PREFIX) + 6
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM, _CHECK = 43, 6
_FORM = re.compile(rf"{API_KEY_PREFIX}[0-9A-Za-z]{{{_RANDOM + _CHECK}}}")

ApiKeySecret = NewType("ApiKeySecret", str)
ApiKeyHash = NewType("ApiKeyHash", str)


def mint_api_key() -> ApiKeySecret:
    """Return a new key."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return ApiKeySecret(API_KEY_PREFIX + body + _checksum(body))


def parse_api_key(text: str) -> ApiKeySecret | None:
    """Return a text that has the one spelling of a key, or None."""
    if not _FORM.fullmatch(text):
        return None
    body, check = text[len(API_KEY_PREFIX) : -_CHECK], text[-_CHECK:]
    return ApiKeySecret(text) if hmac.compare_digest(check, _checksum(body)) else None


def hashes_of(keys: PurposeKeys, secret: ApiKeySecret) -> tuple[ApiKeyHash, ...]:
    """Return the hashes under which a key may be stored, that of the current secret first."""
    return tuple(
        ApiKeyHash(hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()) for key in keys.every(Purpose.API_KEY)
    )


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(_CHECK):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
