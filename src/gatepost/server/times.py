"""Dates as people read them."""

from datetime import UTC, datetime

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_LATEST = 253_402_300_799  # the last second of the year 9999, which is the last that `datetime` knows


def written(seconds: float) -> str:
    """Return a date, given in seconds since the Unix epoch."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def in_words(value: object, now: float) -> str | None:
    """Return a claim's date with its distance from now, or None where it is none (RFC 7519, section 2: NumericDate)."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= _LATEST:
        return None
    return f"{written(value)}, {distance(value - now)}"


def distance(seconds: float) -> str:
    """Return how far away a moment is, in its two largest units."""
    left, parts = int(abs(seconds)), []
    for name, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}{'' if count == 1 else 's'}")
    if not parts:
        return "now"
    words = " ".join(parts[:2])
    return f"in {words}" if seconds > 0 else f"{words} ago"
