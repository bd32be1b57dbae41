"""Identifiers: UUID version 7 (RFC 9562, section 5.7), so that rows inserted together lie together in the index.

They are not secrets: nothing is granted to whoever knows one.
"""

import secrets
import uuid


def uuid7(now_ms: int) -> uuid.UUID:
    """Return a UUIDv7: 48 bits of milliseconds, 74 random bits."""
    value = (now_ms & 0xFFFF_FFFF_FFFF) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def unix_ms_of(value: uuid.UUID) -> int | None:
    """Return when a UUIDv7 was made, in milliseconds; None for one of another version."""
    return value.int >> 80 if value.version == 7 else None  # noqa: PLR2004 - RFC 9562, section 5.7
