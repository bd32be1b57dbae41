"""Which passwords may be chosen: the one door, for sign-up, change, reset, invitation, commands and a host's own code.

It is asked before anything is hashed and before any proof is used up, and its answer depends on nothing but the
password and the words given with it, so that it says nothing about who has an account.
"""

import asyncio
import logging
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from gatepost.core.passwords.domain import PasswordRules, comparable
from gatepost.core.passwords.errors import (
    BreachedPassword,
    CommonPassword,
    PasswordNotChecked,
    PasswordTooShort,
    RangeUnavailable,
    WeakPassword,
)
from gatepost.core.passwords.events import PasswordCheckUnavailable
from gatepost.core.passwords.hashing import Passwords
from gatepost.core.passwords.lists import Blocklist, HashFile, commonest, open_blocklist
from gatepost.core.passwords.strength import judge
from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import InvalidInput
from gatepost.kernel.events import Listeners
from gatepost.kernel.text import normalize_password

if TYPE_CHECKING:
    from gatepost.core.passwords.ranges import RangeService

_log = logging.getLogger("gatepost.passwords")


class PasswordPolicy:
    """The rules for new passwords, applied.

    Args:
        rules: what the settings say.
        passwords: whose threads do what costs.
        listeners: who is told of a check that could not be made.
        clock: for the pause after failures of the range service.
    """

    def __init__(self, rules: PasswordRules, passwords: Passwords, listeners: Listeners, clock: Clock) -> None:
        self.rules = rules
        self._passwords = passwords
        self._listeners = listeners
        self._blocklist: Blocklist | None = None
        self._ranges = _range_service(rules.range_url, rules.range_timeout, clock) if rules.range_url else None

    async def start(self) -> None:
        """Open the operator's list.

        Raises:
            ConfigurationError: it cannot be used.
        """
        if self.rules.blocklist is not None:
            self._blocklist = await asyncio.to_thread(open_blocklist, self.rules.blocklist)

    async def stop(self) -> None:
        """Close what is open."""
        if self._blocklist is not None:
            self._blocklist.close()
        if self._ranges is not None:
            await self._ranges.close()

    async def accept(self, value: str, *, field: str = "password", words: Iterable[str | None] = ()) -> str:
        """Return a normalized password that may be chosen.

        Args:
            value: as typed.
            field: its name in the request.
            words: what the user is known by (addresses, names): no password, nor a good part of one.

        Raises:
            InvalidInput: not text, too short or long, easy to guess, common, or stolen somewhere.
            Busy: the hash queue is full.
            PasswordNotChecked: the range service is down, and the settings say to refuse.
        """
        password = normalize_password(value, field=field)
        if len(password) < self.rules.min_length:
            raise PasswordTooShort(field, f"needs at least {self.rules.min_length} characters")
        await self._judge(password, field, words)
        if await self._is_stolen(password, is_choice=True):
            raise BreachedPassword(field)
        return password

    async def suit(self, password: str, *, field: str, words: Iterable[str | None]) -> None:
        """Look once more at an accepted password, when it has become known whose it shall be.

        Raises:
            WeakPassword: it is easy to guess for somebody who knows these words.
            Busy: the hash queue is full.
        """
        await self._judge(password, field, words)

    async def is_listed(self, password: str) -> bool:
        """Tell whether a normalized password that is in use stands in a list; what cannot be asked says no."""
        listed = await self._passwords.compute(partial(self._listed, password, ""))
        return listed is not None or await self._is_stolen(password, is_choice=False)

    async def _judge(self, password: str, field: str, words: Iterable[str | None]) -> None:
        known = [word for word in words if word]
        if comparable(password) in {comparable(word) for word in known}:
            raise WeakPassword(field, "must not be your name or address")
        refusal = await self._passwords.compute(partial(self._refusal, password, field, known))
        if refusal is not None:
            raise refusal

    def _refusal(self, password: str, field: str, known: list[str]) -> InvalidInput | None:
        if listed := self._listed(password, field):
            return listed
        if self.rules.min_score:
            strength = judge(password, [*known, *self.rules.own_words])
            if strength.score < self.rules.min_score:
                return WeakPassword(field, strength.reason)
        return None

    def _listed(self, password: str, field: str) -> InvalidInput | None:
        if password in commonest():
            return CommonPassword(field)
        if self._blocklist is not None and password in self._blocklist:
            return BreachedPassword(field) if isinstance(self._blocklist, HashFile) else CommonPassword(field)
        return None

    async def _is_stolen(self, password: str, *, is_choice: bool) -> bool:
        if self._ranges is None:
            return False
        try:
            return await self._ranges.holds(password)
        except RangeUnavailable as error:
            accepts = self.rules.range_failure == "accept" or not is_choice
            _log.warning(
                "a password was %s unchecked by the range service: %s", "accepted" if accepts else "refused", error
            )
            await self._listeners.after([PasswordCheckUnavailable(reason=str(error), was_accepted=accepts)])
            if not accepts:
                raise PasswordNotChecked(str(error)) from None
            return False


def _range_service(url: str, timeout: float, clock: Clock) -> "RangeService":
    from gatepost.core.passwords.ranges import RangeService  # noqa: PLC0415 - a client that few need

    return RangeService(url, timeout, clock)
