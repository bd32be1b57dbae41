"""Deleting oneself: everything goes in one transaction, with the mail that says so."""

import uuid

from gatepost.core.audit import Origin
from gatepost.core.outbox import Job, MailKind, enqueue_step
from gatepost.core.runtime import Core
from gatepost.core.users.administrators import keep_an_administrator
from gatepost.kernel.errors import NotFound
from gatepost.storage.unit_of_work import UnitOfWork


async def delete_oneself(core: Core, user_id: uuid.UUID, origin: Origin, admin_role: str) -> None:
    """Delete a user who asked for it, and tell the mailbox: afterwards nobody knows whose it was.

    Raises:
        NotFound: there is no such user.
        LastAdministrator: nobody would be left who can administer.
    """
    user = await core.users.get(user_id)
    if user is None:
        raise NotFound

    async def tell(work: UnitOfWork) -> None:
        if user.email is not None:
            words, locale = origin.words, user.locale  # nobody can look them up afterwards
            job = Job(kind=MailKind.ACCOUNT_DELETED, address=user.email, locale=locale, details=words)
            await work.steps(enqueue_step(core.clock, core.keys, job))
        if admin_role in user.roles:
            await keep_an_administrator(work, admin_role)

    if not await core.users.delete(user_id, origin=origin, within=tell):
        raise NotFound
