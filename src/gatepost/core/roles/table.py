"""What roles allow, in this process's memory: read at the start and whenever the change feed says that it changed.

A request asks `is_stale`, which costs nothing, and reads only after a change. It never fails open: a table that
changed and cannot be read again refuses the request with 503.
"""

import asyncio
from collections.abc import Callable

from gatepost.core.changes.domain import Change, ChangeKind
from gatepost.core.roles.domain import Role, RolePolicy, effective_permissions
from gatepost.core.roles.store import listing
from gatepost.storage.database import Database


class RoleTable:
    """Permissions by role, as they are now."""

    def __init__(self, database: Database, policy: RolePolicy) -> None:
        self._database = database
        self.policy = policy
        self._roles = self._merged([])
        self._heard, self._read = 1, 0
        self._reading = asyncio.Lock()
        self._subscribers: list[Callable[[], None]] = []

    def subscribe(self, subscriber: Callable[[], None]) -> None:
        """Call `subscriber` whenever the table was read again; what it made of the older one is void."""
        self._subscribers.append(subscriber)

    def heard(self, change: Change) -> None:
        """Take a change of the feed: the table is read again before it is next used."""
        if change.kind in {ChangeKind.ROLES, ChangeKind.GAP}:
            self._heard += 1

    @property
    def is_stale(self) -> bool:
        """Whether a change was heard that no good read has followed: the table may not be used until `freshen`."""
        return self._read < self._heard

    async def freshen(self) -> None:
        """Read the table unless somebody just did; those who wait share one read."""
        async with self._reading:
            if not self.is_stale:
                return
            heard = self._heard
            rows = await self._database.hot.read(listing)
            self._roles = self._merged([Role(name, about, frozenset(words.split())) for name, about, words in rows])
            self._read = heard
            for subscriber in self._subscribers:
                subscriber()

    def permissions_of(self, roles: frozenset[str]) -> frozenset[str]:
        """Return what roles allow together, whatever the credential."""
        known = self._roles
        return frozenset().union(*(known[role].permissions for role in roles if role in known))

    def effective(self, roles: frozenset[str], scopes: frozenset[str]) -> frozenset[str]:
        """Return what a credential with these scopes may do for a user with these roles."""
        return effective_permissions(self.permissions_of(roles), scopes, self.policy.scopes)

    def listing(self) -> list[Role]:
        """Return every defined role by name."""
        return [self._roles[name] for name in sorted(self._roles)]

    def _merged(self, stored: list[Role]) -> dict[str, Role]:
        """Settings win: nobody widens at run time what the operator wrote down."""
        fixed = [Role(name, "", permissions, is_fixed=True) for name, permissions in self.policy.fixed.items()]
        return {role.name: role for role in (*stored, *fixed)}
