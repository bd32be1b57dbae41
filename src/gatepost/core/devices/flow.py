"""Remembering devices, and telling a user of one that is new."""

import uuid
from typing import Any

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.devices import store
from gatepost.core.devices.domain import (
    DevicePolicy,
    is_worth_a_mail,
    names_of,
    names_of_cookie,
    new_device_id,
)
from gatepost.core.outbox import Job, MailKind, enqueue_step
from gatepost.kernel.purpose import PurposeKeys
from gatepost.kernel.tokens import mint_device, read_device
from gatepost.storage.database import Database
from gatepost.storage.unit_of_work import UnitOfWork


class Devices:
    """The devices on which the users of one Gatepost have signed in."""

    def __init__(self, database: Database, keys: PurposeKeys, policy: DevicePolicy) -> None:
        self._database = database
        self._keys = keys
        self._policy = policy

    def cookie(self, presented: str | None, *, is_given: bool = True) -> str | None:
        """Return the value of the device cookie that a client is to hold after it has signed in.

        Args:
            presented: what it holds now, whoever wrote that; one of ours keeps its id.
            is_given: a client that holds none of ours gets one; otherwise None.
        """
        device_id = read_device(self._keys, presented) if presented is not None else None
        if device_id is None and not is_given:
            return None
        return mint_device(self._keys, device_id or new_device_id())

    async def device_of(self, presented: str | None, user_id: uuid.UUID | None) -> str | None:
        """Return the name of the device that shows this cookie, if THIS user has signed in on it before.

        For an attempt budget of its own: strangers who spend a user's budget do not keep out who comes from a known
        device. The name is stable for the device and the user's to forget (password reset, "this was not me"); a
        copied cookie gives its thief that budget and nothing else. None for a forged cookie, for another user's
        device, for an unknown user, and where there is no cookie (a network and a user agent can be imitated, so they
        never earn a budget). Reads one row by its key, for nobody as for a user.
        """
        names = names_of_cookie(self._keys, presented)
        for name in names:
            values = {"user_id": user_id or uuid.UUID(int=0), "device": name}
            if await self._database.hot.read(store.is_known, values):
                return names[0]
        return None

    async def signed_in(
        self, work: UnitOfWork, user_id: uuid.UUID, device: str | None, session_id: uuid.UUID, origin: Origin
    ) -> None:
        """Remember the device of a sign-in, in the session's transaction; audit and mail one that is new.

        The first device of a user is no news, nor is one that was known under the secret before.
        """
        name, *former = names_of(self._keys, device, origin)
        created_at, seen_at = (await work.run(store.saw, user_id=user_id, device=name))[0]
        was_known = [await work.run(store.take_former, user_id=user_id, device=old) for old in former]
        if created_at != seen_at or any(was_known):
            return
        others, recent = (await work.run(store.count_others, user_id=user_id, device=name))[0]
        if others == 0:
            return
        clock = self._database.clock
        event = AuditEvent.DEVICE_NEW
        await work.steps(
            audit_step(clock, event, subject_id=user_id, actor_id=user_id, session_id=session_id, origin=origin),
            (store.trim, {"user_id": user_id}),
        )
        if self._policy.is_told and is_worth_a_mail(others, recent):
            job = Job(kind=MailKind.NEW_DEVICE, user_id=user_id, details=origin.words)
            await work.steps(enqueue_step(clock, self._keys, job))

    async def forget(self, work: UnitOfWork, user_id: uuid.UUID) -> None:
        """Forget every device of a user: after a password reset and "this was not me" nobody is known."""
        await work.run(store.forget, user_id=user_id)

    async def prune(self) -> int:
        """Forget devices that were not seen for a year; return how many."""
        rows: list[Any] = (await self._database.hot.run((store.prune, {})))[0]
        return len(rows)
