"""Readiness, as a value."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Health:
    """Whether requests can be decided now, and what is waited for if not."""

    is_ready: bool
    reasons: tuple[str, ...]
