"""What somebody has spent of their budgets, seen and given back by an operator.

A budget is found by its key alone, which is a keyed hash: so somebody is asked for, and nobody is listed. Of what a
source has spent with one subject only sign-in is found, by the beginning of its key (`core/login/domain.py`).
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.audit.domain import NOWHERE
from gatepost.core.login.domain import LoginUnits
from gatepost.core.throttle import Level, Throttle, Unit, network_of
from gatepost.core.throttle.attempts import Attempts
from gatepost.core.users.domain import User
from gatepost.core.users.flow import Users
from gatepost.kernel.errors import InvalidInput
from gatepost.kernel.text import normalize_identifier
from gatepost.storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Spender:
    """A user, an identifier that nobody has, or a source.

    Attributes:
        families: keys of accounts, with every key that begins like one of them.
        account: other keys of accounts.
        address: keys of sources.
        user_id: the user, where it is one.
        detail: what the trail says of who is no user.
    """

    families: Sequence[Unit] = ()
    account: Sequence[Unit] = ()
    address: Sequence[Unit] = ()
    user_id: uuid.UUID | None = None
    detail: Mapping[str, str] = field(default_factory=dict)


class Budgets:
    """Finds, reads and clears what has been spent."""

    def __init__(
        self, database: Database, users: Users[Any], throttle: Throttle, units: LoginUnits, attempts: Attempts
    ) -> None:
        self._database = database
        self._users = users
        self._throttle = throttle
        self._units = units
        self._attempts = attempts

    def of_user(self, user: User[Any]) -> Spender:
        """Return a user, by every name that one can be counted under."""
        names = filter(None, (str(user.id), user.email, user.username))
        account = [unit for name in names for unit in self._attempts.of_subject(name)]
        return Spender(families=self._units.of_subject("", user.id), account=account, user_id=user.id)

    async def of_identifier(self, text: str) -> Spender:
        """Return the user of an address or username, or the identifier itself where nobody has it.

        Raises:
            InvalidInput: nobody can have it.
        """
        identifier = normalize_identifier(text)
        user = await self._users.find(identifier)
        if user is not None:
            return self.of_user(user)
        families = self._units.of_subject(identifier, None)
        # The key and not the name: whoever it is has nothing here, and the trail is kept for long.
        detail = {"identifier": families[0].key}
        return Spender(families=families, account=self._attempts.of_subject(identifier), detail=detail)

    def of_address(self, text: str) -> Spender:
        """Return a source: an IPv4 address, or the /64 of an IPv6 address.

        Raises:
            InvalidInput: it is no address.
        """
        try:
            network = network_of(text)
        except ValueError:
            field = "address"
            raise InvalidInput(field, "is not an IP address") from None
        units = [*self._units.of_address(network), *self._attempts.of_address(network)]
        return Spender(address=units, detail={"address": network})

    async def levels(self, spender: Spender) -> list[Level]:
        """Return what is spent, of budgets that are not whole."""
        account, address = self._throttle.account, self._throttle.address
        found = [level for unit in spender.families for level in await account.read_family(unit)]
        found += [await account.read(unit) for unit in spender.account]
        found += [await address.read(unit) for unit in spender.address]
        return [level for level in found if level.spent]

    async def clear(self, spender: Spender, *, origin: Origin = NOWHERE) -> None:
        """Give every budget back, and record that before: what is not in the trail does not happen."""
        clock, subject = self._database.clock, spender.user_id
        event = AuditEvent.BUDGET_CLEARED
        await self._database.hot.run(
            audit_step(clock, event, subject_id=subject, origin=origin, detail=dict(spender.detail))
        )
        for unit in spender.families:
            await self._throttle.account.clear_family(unit)
        await self._throttle.clear(address=spender.address, account=spender.account)
