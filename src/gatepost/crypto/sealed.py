"""Secrets at rest: AES-256-GCM under the derived key for seals, bound to what they belong to.

The format is one version byte, four bytes that name the key, a random nonce of twelve bytes, ciphertext and tag. The
context (for example table, column and id) is authenticated too, so that a sealed value moved to another row does not
open there. After a change of the secret the previous ones still open; `is_current` tells what is left to reseal.
"""

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gatepost.kernel.purpose import Purpose, PurposeKeys

_VERSION = b"\x01"
_KEY_ID_BYTES, _NONCE_BYTES, _TAG_BYTES = 4, 12, 16
_HEAD_BYTES = len(_VERSION) + _KEY_ID_BYTES
_MIN_BYTES = _HEAD_BYTES + _NONCE_BYTES + _TAG_BYTES


class SealBroken(ValueError):
    """The seal does not open: damaged, moved to another place, or made under a secret that is not known here."""


def seal(keys: PurposeKeys, plaintext: bytes, *, context: str) -> bytes:
    """Return the sealed form; it opens only with the same context."""
    key = keys.current(Purpose.SEAL)
    head, nonce = _VERSION + _key_id(key), secrets.token_bytes(_NONCE_BYTES)
    return head + nonce + AESGCM(key).encrypt(nonce, plaintext, head + context.encode())


def unseal(keys: PurposeKeys, sealed: bytes, *, context: str) -> bytes:
    """Return the plaintext, under the current secret or a previous one.

    Raises:
        SealBroken: no known key opens it in this context.
    """
    head, rest = sealed[:_HEAD_BYTES], sealed[_HEAD_BYTES:]
    nonce, ciphertext = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
    if len(sealed) >= _MIN_BYTES and head[:1] == _VERSION:
        for key in keys.every(Purpose.SEAL):
            if _key_id(key) != head[1:]:
                continue
            try:
                return AESGCM(key).decrypt(nonce, ciphertext, head + context.encode())
            except InvalidTag:
                continue  # four bytes may name two keys
    raise SealBroken("a sealed value does not open with this secret, or was changed")


def is_current(keys: PurposeKeys, sealed: bytes) -> bool:
    """Tell whether this was sealed under the current secret (and so needs no resealing)."""
    return sealed[:_HEAD_BYTES] == _VERSION + _key_id(keys.current(Purpose.SEAL))


def _key_id(key: bytes) -> bytes:
    return hmac.digest(key, b"gatepost/seal/key-id", hashlib.sha256)[:_KEY_ID_BYTES]
