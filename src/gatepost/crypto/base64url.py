"""Base64url without padding (RFC 7515, section 2; RFC 4648, section 5), with one spelling for each value.

Lenient decoders skip foreign characters and ignore the spare bits of the last one, so that several texts mean the same
bytes: two names for one token, and two keys in every cache.
"""

import binascii

_FROM_URL = bytes.maketrans(b"-_+/=", b"+/!!!")  # "!" is in neither alphabet: what is not base64url fails below
_TO_URL = bytes.maketrans(b"+/", b"-_")
_LAST_OF_THREE, _LAST_OF_TWO = frozenset(b"AEIMQUYcgkosw048"), frozenset(b"AQgw")  # the spare bits are zero


def encode(raw: bytes) -> str:
    """Return the one spelling of these bytes."""
    return binascii.b2a_base64(raw, newline=False).rstrip(b"=").translate(_TO_URL).decode("ascii")


def decode(text: str) -> bytes:
    """Return the bytes that this text spells.

    Raises:
        ValueError: padding, white space, another alphabet, an impossible length, spare bits that are not zero.
    """
    raw = text.encode("ascii")
    missing = -len(raw) % 4
    if (
        (missing == 1 and raw[-1] not in _LAST_OF_THREE) or (missing == 2 and raw[-1] not in _LAST_OF_TWO)  # noqa: PLR2004
    ):
        raise ValueError("not canonical base64url")
    return binascii.a2b_base64(raw.translate(_FROM_URL) + b"=="[:missing], strict_mode=True)
