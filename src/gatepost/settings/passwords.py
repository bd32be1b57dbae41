"""Passwords: which may be chosen, and what hashing them costs."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field

from gatepost.core.passwords import PasswordRules
from gatepost.crypto.passwords import HashPolicy
from gatepost.kernel.errors import ConfigurationError
from gatepost.settings.place import PlaceSettings, is_loopback


class PasswordSettings(PlaceSettings):
    """Passwords."""

    password_min_length: Annotated[int, Field(ge=8, le=64)] = 8
    password_min_score: Annotated[int, Field(ge=0, le=4)] = 3
    password_blocklist: Path | None = None
    password_range_url: str | None = None
    password_range_timeout: Annotated[float, Field(ge=0.1, le=10)] = 2.0
    password_range_failure: Literal["accept", "refuse"] = "accept"  # noqa: S105 - what happens then
    password_check_at_sign_in: bool = False
    hash_memory_kib: Annotated[int, Field(ge=7_168)] = 19_456
    hash_time_cost: Annotated[int, Field(ge=1)] = 2
    hash_threads: Annotated[int, Field(ge=1)] | None = None
    hash_queue: Annotated[int, Field(ge=1)] = 64

    def hash_policy(self) -> HashPolicy:
        """Return the parameters of new hashes."""
        return HashPolicy(memory_kib=self.hash_memory_kib, time_cost=self.hash_time_cost)

    def password_rules(self) -> PasswordRules:
        """Return which passwords may be chosen.

        Raises:
            ConfigurationError: the address of the range service is not one, or not safe.
        """
        return PasswordRules(
            min_length=self.password_min_length,
            min_score=self.password_min_score,
            own_words=("gatepost", urlsplit(self.checked_public_url()).hostname or ""),
            blocklist=self.password_blocklist,
            range_url=self._checked_range_url(),
            range_timeout=self.password_range_timeout,
            range_failure=self.password_range_failure,
            check_at_sign_in=self.password_check_at_sign_in,
        )

    def _checked_range_url(self) -> str | None:
        if self.password_range_url is None:
            return None
        parts = urlsplit(self.password_range_url)
        is_plain = parts.hostname and "@" not in parts.netloc and not parts.query and not parts.fragment
        if not is_plain or parts.scheme not in {"http", "https"}:
            msg = "GATEPOST_PASSWORD_RANGE_URL must be an address such as https://api.pwnedpasswords.com/range"
            raise ConfigurationError(msg)
        if parts.scheme == "http" and (self.is_production or not is_loopback(parts.hostname)):
            msg = "GATEPOST_PASSWORD_RANGE_URL must be https: what it is asked says something about passwords"
            raise ConfigurationError(msg)
        return self.password_range_url
