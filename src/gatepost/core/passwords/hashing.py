"""Passwords of users: hashing on a bounded queue, and what else costs about as much.

Everything that costs a hash takes a slot first; where none is free the answer is 503, and no budget is burnt.
"""

import uuid
from collections.abc import Callable
from typing import TypeVar

from gatepost.core.users import store
from gatepost.crypto.passwords import PasswordHasher, PasswordQueueFull, Slot, Verdict
from gatepost.kernel.errors import Busy
from gatepost.storage.database import Database

_T = TypeVar("_T")


class Passwords:
    """The hasher, with refusals in the words of the rest of the program."""

    def __init__(self, database: Database, hasher: PasswordHasher) -> None:
        self._database = database
        self.hasher = hasher

    def reserve(self) -> Slot:
        """Take a place in the queue.

        Raises:
            Busy: there is none.
        """
        try:
            return self.hasher.reserve()
        except PasswordQueueFull:
            raise Busy(retry_after=1) from None

    async def hash(self, password: str) -> str:
        """Hash a normalized password."""
        with self.reserve() as slot:
            return await self.hasher.hash(password, slot)

    async def verify(self, password: str, stored: str | None, slot: Slot) -> Verdict:
        """Check a normalized password; where there is no hash the same cost is paid."""
        return await self.hasher.verify(password, stored, slot)

    async def compute(self, work: Callable[[], _T]) -> _T:
        """Do in the queue what would keep the event loop from everybody else.

        Raises:
            Busy: there is no place.
        """
        with self.reserve() as slot:
            return await self.hasher.compute(work, slot)

    async def credentials(self, user_id: uuid.UUID) -> tuple[int, str | None] | None:
        """Return the epoch of an enabled user and the hash that was read with it."""
        rows = await self._database.hot.read(store.credentials_by_id, {"user_id": user_id})
        if not rows or rows[0][2] is not None:
            return None
        return rows[0][1], rows[0][3]
