"""The binary parts of stored hashes: base64 in its spellings, strictly one text for one value, and hexadecimal."""

import base64
import binascii

from gatepost.crypto.schemes.refusal import HashRefused


def from_base64(text: str) -> bytes:
    """Return what base64 stands for, with or without padding, with `.` for `+` (passlib) or not.

    Raises:
        HashRefused: it is not base64.
    """
    plain = text.replace(".", "+").rstrip("=")
    try:
        raw = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise HashRefused("its base64 cannot be read") from None
    if base64.b64encode(raw).decode("ascii").rstrip("=") != plain:
        raise HashRefused("its base64 has bits that mean nothing")
    return raw


def from_hex(text: str) -> bytes:
    """Return what hexadecimal digits stand for.

    Raises:
        HashRefused: they are odd in number, or no such digits.
    """
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise HashRefused("its hexadecimal digits cannot be read") from None
