"""Passwords: which may be chosen, and what hashing them costs."""

from typing import Annotated

from pydantic import Field

from gatepost.crypto.passwords import HashPolicy
from gatepost.settings.place import PlaceSettings


class PasswordSettings(PlaceSettings):
    """Passwords."""

    password_min_length: Annotated[int, Field(ge=8, le=64)] = 8
    hash_memory_kib: Annotated[int, Field(ge=7_168)] = 19_456
    hash_time_cost: Annotated[int, Field(ge=1)] = 2
    hash_threads: Annotated[int, Field(ge=1)] | None = None
    hash_queue: Annotated[int, Field(ge=1)] = 64

    def hash_policy(self) -> HashPolicy:
        """Return the parameters of new hashes."""
        return HashPolicy(memory_kib=self.hash_memory_kib, time_cost=self.hash_time_cost)
