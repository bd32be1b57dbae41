"""What can be done to users, each in one transaction. Epochs move first: a sign-in under way then cannot outlive it."""

import uuid
from collections.abc import Awaitable, Callable, Collection
from typing import Generic

from gatepost.core.api_keys.ending import carry_over
from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.audit.domain import NOWHERE
from gatepost.core.changes import Change, ChangeFeed, ChangeKind, record_change
from gatepost.core.changes.store import GRACE_MS
from gatepost.core.roles.domain import check_role
from gatepost.core.sessions.ending import end_all_sessions
from gatepost.core.users import store
from gatepost.core.users.administrators import claim_first_administrator, set_verified
from gatepost.core.users.domain import NewUser, OwnFields, P, Profile, User, user_from_row, write_profile
from gatepost.core.users.events import RolesChanged, UserDeleted, UserDisabled, UserEnabled, UserRegistered
from gatepost.kernel.errors import NotFound
from gatepost.kernel.events import Listeners
from gatepost.kernel.ids import uuid7
from gatepost.storage.database import Database
from gatepost.storage.unit_of_work import UnitOfWork, Within, nothing, unit_of_work

FIRST_ID = uuid.UUID(int=0)
WithinUser = Callable[[UnitOfWork, uuid.UUID], Awaitable[None]]


async def nothing_for(_: UnitOfWork, __: uuid.UUID) -> None:
    """Belongs to the transaction of who has nothing to add to it."""


class Users(Generic[P]):
    """Users of one Gatepost.

    `within`, where a verb takes one, is what else belongs to its transaction: it runs last, and may refuse it all.
    """

    def __init__(self, database: Database, listeners: Listeners, profile: type[P], admin_role: str) -> None:
        self._database = database
        self._listeners = listeners
        self.profile = profile
        self.admin_role = admin_role
        self.feed: ChangeFeed | None = None

    async def get(self, user_id: uuid.UUID) -> User[P] | None:
        """Read a user by id."""
        return self._one(await self._database.hot.read(store.by_id, {"user_id": user_id}))

    async def find(self, identifier: str) -> User[P] | None:
        """Read a user by a normalized e-mail address or username."""
        return self._one(await self._database.hot.read(store.by_identifier, {"identifier": identifier}))

    async def page(self, after: uuid.UUID = FIRST_ID, size: int = 100) -> list[User[P]]:
        """Read users in order of creation, after one of them."""
        rows = await self._database.hot.read(store.listing, {"after": after, "page_size": size})
        return [user_from_row(row, self.profile) for row in rows]

    async def create(
        self,
        new: NewUser,
        *,
        origin: Origin = NOWHERE,
        within: WithinUser = nothing_for,
        otherwise: Within = nothing,
    ) -> User[P] | None:
        """Make a user; return None where an identifier is taken.

        Args:
            new: what it is made from.
            origin: where it was asked for.
            otherwise: what belongs to the same transaction where an identifier is taken.

        Raises:
            Refused: a listener within the transaction does not want this user.
        """
        user_id = uuid7(self._database.clock.now_ms())
        async with unit_of_work(self._database, self._listeners) as work:
            if not await self.insert(work, user_id, new, origin=origin, within=within):
                await otherwise(work)
                return None
            rows = await work.run(store.by_id, user_id=user_id)
        return self._one(rows)

    async def insert(
        self,
        work: UnitOfWork,
        user_id: uuid.UUID,
        new: NewUser,
        *,
        origin: Origin = NOWHERE,
        within: WithinUser = nothing_for,
    ) -> bool:
        """Make a user in a transaction that is under way; return whether no identifier was taken.

        Raises:
            Refused: a listener within the transaction does not want this user.
        """
        for role in new.roles:
            check_role(role)
        fields = {"email": new.email, "username": new.username, "full_name": new.full_name}
        row = {"user_id": user_id, "email_verified": new.email_verified, "locale": new.locale, **fields}
        if not await work.run(store.insert_user, **row):
            return False
        if new.password_hash is not None:
            await work.run(store.insert_password, user_id=user_id, hash=new.password_hash)
        for role in new.roles:
            await work.run(store.grant_role, user_id=user_id, role=role)
        await self._record(work, AuditEvent.USER_REGISTERED, user_id, origin)
        await work.publish(
            UserRegistered(user_id=user_id, email_verified=new.email_verified, is_invited=new.is_invited, **fields)
        )
        await within(work, user_id)
        await self._note_administrator(work, new.roles)
        return True

    async def update(
        self, user_id: uuid.UUID, *, full_name: str | None, profile: Profile, origin: Origin = NOWHERE
    ) -> User[P]:
        """Write an owner's name and profile."""
        return await self.edit(user_id, lambda user: OwnFields(full_name, profile, user.locale), origin=origin)

    async def edit(
        self, user_id: uuid.UUID, change: Callable[[User[P]], OwnFields], *, origin: Origin = NOWHERE
    ) -> User[P]:
        """Write what an owner may write as a function of what it is; two at once lose nothing of either.

        Raises:
            NotFound: there is no such user.
            InvalidInput: the function refused, or the profile cannot be stored.
        """
        async with unit_of_work(self._database, self._listeners) as work:
            user = self._one(await work.run(store.by_id_for_update, user_id=user_id))
            if user is None:
                raise NotFound
            own = change(user)
            fields = {"full_name": own.full_name, "profile": write_profile(own.profile), "locale": own.locale}
            await work.run(store.write_profile_fields, user_id=user_id, **fields)
            await self._changed(work, user_id)
            await self._record(work, AuditEvent.USER_CHANGED, user_id, origin)
            rows = await work.run(store.by_id, user_id=user_id)
        return user_from_row(rows[0], self.profile)

    async def disable(self, user_id: uuid.UUID, *, origin: Origin = NOWHERE, within: Within = nothing) -> bool:
        """End every session and refuse new ones; return whether the user was enabled before."""
        async with unit_of_work(self._database, self._listeners) as work:
            rows = await work.run(store.disable, user_id=user_id)
            if not rows:
                return False
            await self._sign_out(work, user_id, rows[0][0])
            await self._record(work, AuditEvent.USER_DISABLED, user_id, origin)
            await work.publish(UserDisabled(user_id=user_id))
            await within(work)
        return True

    async def enable(self, user_id: uuid.UUID, *, origin: Origin = NOWHERE, within: Within = nothing) -> bool:
        """Let a disabled user sign in again; return whether that changed anything."""
        async with unit_of_work(self._database, self._listeners) as work:
            if not await work.run(store.enable, user_id=user_id):
                return False
            await self._changed(work, user_id)
            await self._record(work, AuditEvent.USER_ENABLED, user_id, origin)
            await work.publish(UserEnabled(user_id=user_id))
            await within(work)
        return True

    async def delete(self, user_id: uuid.UUID, *, origin: Origin = NOWHERE, within: Within = nothing) -> bool:
        """Delete a user with everything of theirs in our tables; return whether there was one."""
        async with unit_of_work(self._database, self._listeners) as work:
            rows = await work.run(store.bump_epoch, user_id=user_id)
            if not rows:
                return False
            await self._sign_out(work, user_id, rows[0][0])
            await work.publish(UserDeleted(user_id=user_id))
            await work.run(store.remove, user_id=user_id)
            await self._record(work, AuditEvent.USER_DELETED, user_id, origin)
            await within(work)
        return True

    async def grant_role(
        self, user_id: uuid.UUID, role: str, *, origin: Origin = NOWHERE, within: Within = nothing
    ) -> bool:
        """Give a role; return whether the user did not have it."""
        check_role(role)
        async with unit_of_work(self._database, self._listeners) as work:
            before = await work.run(store.by_id, user_id=user_id)
            if not before:
                raise NotFound
            if not await work.run(store.grant_role, user_id=user_id, role=role):
                return False
            await self._changed(work, user_id)
            await self._record(work, AuditEvent.ROLE_GRANTED, user_id, origin, role=role)
            await self._publish_roles(work, user_id)
            await within(work)
            await self._note_administrator(work, {role})
        return True

    async def remove_role(
        self, user_id: uuid.UUID, role: str, *, origin: Origin = NOWHERE, within: Within = nothing
    ) -> bool:
        """Take a role away and end every session that was opened with it; return whether the user had it."""
        user = await self.get(user_id)
        if user is None:
            raise NotFound
        if role not in user.roles:
            return False
        async with unit_of_work(self._database, self._listeners) as work:
            epochs = await work.run(store.bump_epoch, user_id=user_id)
            if not epochs or not await work.run(store.remove_role, user_id=user_id, role=role):
                raise NotFound
            await carry_over(work, user_id, epochs[0][0])  # keys go on, with the roles that are left
            await self._sign_out(work, user_id, epochs[0][0])
            await self._record(work, AuditEvent.ROLE_REMOVED, user_id, origin, role=role)
            await self._publish_roles(work, user_id)
            await within(work)
        return True

    async def set_verified(self, user_id: uuid.UUID, is_verified: bool, *, origin: Origin = NOWHERE) -> bool:  # noqa: FBT001
        """Say whether a user's address is known to be theirs; return whether there is one."""
        async with unit_of_work(self._database, self._listeners) as work:
            if not await work.run(set_verified, user_id=user_id, is_verified=is_verified):
                return False
            await self._changed(work, user_id)
            await self._record(work, AuditEvent.USER_CHANGED, user_id, origin, email_verified=str(is_verified).lower())
        return True

    async def sign_out_everywhere(
        self, user_id: uuid.UUID, *, origin: Origin = NOWHERE, within: Within = nothing
    ) -> bool:
        """End every session of a user; return whether there is such a user."""
        async with unit_of_work(self._database, self._listeners) as work:
            epochs = await work.run(store.bump_epoch, user_id=user_id)
            if not epochs:
                return False
            await self._sign_out(work, user_id, epochs[0][0])
            await self._record(work, AuditEvent.SESSIONS_ENDED, user_id, origin)
            await within(work)
        return True

    async def _sign_out(self, work: UnitOfWork, user_id: uuid.UUID, epoch: int) -> None:
        await end_all_sessions(work, self._database, self._apply, user_id=user_id, epoch=epoch)

    async def _note_administrator(self, work: UnitOfWork, roles: Collection[str]) -> None:
        """Close the set-up for ever where somebody becomes administrator, whichever way."""
        if self.admin_role in roles:
            await claim_first_administrator(work)

    async def _changed(self, work: UnitOfWork, user_id: uuid.UUID) -> None:
        keep_until = self._database.clock.now_ms() + GRACE_MS
        change = Change(ChangeKind.USER_CHANGED, user_id, None, keep_until)
        await record_change(work, self._database, self._apply, change)

    async def _publish_roles(self, work: UnitOfWork, user_id: uuid.UUID) -> None:
        user = self._one(await work.run(store.by_id, user_id=user_id))
        await work.publish(RolesChanged(user_id=user_id, roles=user.roles if user else frozenset()))

    async def _record(
        self, work: UnitOfWork, event: AuditEvent, user_id: uuid.UUID, origin: Origin, **detail: str
    ) -> None:
        await work.steps(audit_step(self._database.clock, event, subject_id=user_id, origin=origin, detail=detail))

    def _apply(self, change: Change) -> None:
        if self.feed is not None:
            self.feed.apply_own(change)

    def _one(self, rows: list[tuple[object, ...]]) -> User[P] | None:
        return user_from_row(rows[0], self.profile) if rows else None
