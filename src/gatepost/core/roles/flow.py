"""Defining, changing and deleting roles, each in a transaction that tells every process.

A permission that is taken from a role is gone within the revocation bound, at no cost to anybody's session: what a
role allows is looked up, and stands in no credential that this server believes. Deleting a role is losing it, for
everybody who has it: their epochs move and their sessions end (`docs/decisions/0005-losing-a-role-ends-sessions.md`).
"""

import uuid
from collections.abc import Iterable

from gatepost.core.api_keys.ending import carry_over
from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.audit.domain import NOWHERE
from gatepost.core.changes import Change, ChangeFeed, ChangeKind, record_change
from gatepost.core.changes.store import GRACE_MS
from gatepost.core.roles import store
from gatepost.core.roles.domain import MAX_DESCRIPTION, Role, RoleFixed, check_role, checked_permissions
from gatepost.core.roles.table import RoleTable
from gatepost.core.sessions.ending import end_all_sessions
from gatepost.core.users import store as users
from gatepost.core.users.domain import split_roles
from gatepost.core.users.events import RolesChanged
from gatepost.kernel.events import Listeners
from gatepost.kernel.text import clean_text
from gatepost.storage.database import Database
from gatepost.storage.unit_of_work import UnitOfWork, unit_of_work

_BATCH = 50
_FIRST = uuid.UUID(int=0)


class Roles:
    """The roles of one Gatepost."""

    def __init__(
        self, database: Database, listeners: Listeners, feed: ChangeFeed, table: RoleTable, admin_role: str
    ) -> None:
        self._database = database
        self._listeners = listeners
        self._feed = feed
        self._table = table
        self._admin_role = admin_role

    async def define(
        self, name: str, description: str, permissions: Iterable[str], *, origin: Origin = NOWHERE
    ) -> Role:
        """Make a role, or give one that is there another description and other permissions.

        Raises:
            InvalidInput: a name that is no word, or a text that cannot be shown.
            RoleFixed: the settings say what this role allows.
        """
        check_role(name)
        allowed = checked_permissions(permissions)
        about = clean_text(description, field="description", max_length=MAX_DESCRIPTION)
        self._refuse_fixed(name)
        words = " ".join(sorted(allowed))
        async with unit_of_work(self._database, self._listeners) as work:
            await work.run(store.define, name=name, description=about, permissions=words)
            await self._changed(work)
            await self._record(work, AuditEvent.ROLE_DEFINED, origin, role=name, permissions=words)
        return Role(name, about, allowed)

    async def delete(self, name: str, *, origin: Origin = NOWHERE) -> bool:
        """Delete a role and take it from everybody who has it; return whether there was anything to delete.

        The definition goes first, so that it allows nothing any more; then it is taken from its holders, some to a
        transaction. One that is broken off leaves holders of a role that allows nothing: delete it again.

        Raises:
            InvalidInput: not a role's name.
            RoleFixed: the settings name this role, or it is the administrators'.
        """
        check_role(name)
        self._refuse_fixed(name)
        if name == self._admin_role:  # nobody would be left who can administer
            raise RoleFixed(public="The administrators' role cannot be deleted: take it from one after the other.")
        async with unit_of_work(self._database, self._listeners) as work:
            was_there = bool(await work.run(store.remove, name=name))
            if was_there:
                await self._changed(work)
                await self._record(work, AuditEvent.ROLE_DELETED, origin, role=name)
        last, count = _FIRST, 0
        while batch := await self._holders(name, last):
            count, last = count + await self._take_from(batch, name, origin), batch[-1]
        return was_there or count > 0

    async def listing(self) -> list[Role]:
        """Return every defined role by name, those of the settings too."""
        if self._table.is_stale:
            await self._table.freshen()
        return self._table.listing()

    def permissions_of(self, roles: frozenset[str]) -> frozenset[str]:
        """Return what roles allow together, from memory."""
        return self._table.permissions_of(roles)

    def _refuse_fixed(self, name: str) -> None:
        if name in self._table.policy.fixed:
            raise RoleFixed(public=f"The role {name} stands in GATEPOST_ROLE_PERMISSIONS: change it there.")

    async def _holders(self, name: str, after: uuid.UUID) -> list[uuid.UUID]:
        values = {"name": name, "after": after, "batch": _BATCH}
        return [user_id for (user_id,) in await self._database.hot.read(store.holders, values)]

    async def _take_from(self, batch: Iterable[uuid.UUID], name: str, origin: Origin) -> int:
        """Take a role from some users in one transaction; return how many still had it."""
        count = 0
        async with unit_of_work(self._database, self._listeners) as work:
            for user_id in batch:
                epochs = await work.run(users.bump_epoch, user_id=user_id)
                if not epochs:
                    continue
                await carry_over(work, user_id, epochs[0][0])
                await end_all_sessions(work, self._database, self._feed.apply_own, user_id=user_id, epoch=epochs[0][0])
                if await work.run(users.remove_role, user_id=user_id, role=name):
                    count += 1
                    await self._record(work, AuditEvent.ROLE_REMOVED, origin, user_id, role=name)
                    ((left,),) = await work.run(users.roles_by_id, user_id=user_id)
                    await work.publish(RolesChanged(user_id=user_id, roles=split_roles(left)))
        return count

    async def _changed(self, work: UnitOfWork) -> None:
        keep_until = self._database.clock.now_ms() + GRACE_MS
        change = Change(ChangeKind.ROLES, None, None, keep_until)
        await record_change(work, self._database, self._feed.apply_own, change)

    async def _record(
        self, work: UnitOfWork, event: AuditEvent, origin: Origin, user_id: uuid.UUID | None = None, **detail: str
    ) -> None:
        await work.steps(audit_step(self._database.clock, event, subject_id=user_id, origin=origin, detail=detail))
