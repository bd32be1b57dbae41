"""Passwords of users: hashing on a bounded queue, and what else costs about as much.

Everything that costs a hash takes a slot first; where none is free the answer is 503, and no budget is burnt.
"""

import logging
import uuid
from collections.abc import Callable
from typing import TypeVar

from gatepost.core.users import store
from gatepost.crypto.passwords import PasswordHasher, PasswordQueueFull, Slot, Verdict
from gatepost.crypto.pepper import PREFIX
from gatepost.kernel.errors import Busy
from gatepost.storage.database import Database

_T = TypeVar("_T")
_log = logging.getLogger("gatepost.passwords")


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

    async def unverifiable(self) -> int:
        """Count the hashes whose pepper is not known here: their users can only reset their passwords."""
        rows = await self._database.hot.read(store.hashes_by_mark, {"prefix": f"{PREFIX}%"})
        known = {f"{PREFIX}{pepper_id}" for pepper_id in self.hasher.peppers.ids}
        return sum(count for mark, count in rows if mark not in known)

    async def warn_of_unknown_peppers(self) -> None:
        """Say at the start what its users would find out one by one."""
        if count := await self.unverifiable():
            _log.error(
                "%d passwords were hashed with a pepper that is not known here, and cannot be right: "
                "set GATEPOST_PASSWORD_PEPPER_PREVIOUS to it",
                count,
            )
