"""Signing up so that nobody learns who has an account.

Where sign-in waits for the proof of an address, who signs up with one is always told the same: look at your mailbox.
A stranger's address costs one hash, one transaction and five statements, and so does an address that is taken; its
owner is mailed that somebody tried, without a word that the stranger chose. Usernames are public names, and told.

Two who sign up with one address before it is proved cannot both have its mailbox, and nothing says which of them has:
neither's password counts. Otherwise the owner, who is mailed a link as he expects, would verify the account for the
password of whoever came first. Who reads the mailbox sets a new one.
"""

import uuid

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.outbox import Job, MailKind, enqueue_step
from gatepost.core.outbox.desk import Composer, Letter
from gatepost.core.runtime import Core
from gatepost.core.users import store
from gatepost.feature import FeatureHost
from gatepost.storage.unit_of_work import UnitOfWork, Within


def tell_owner(core: Core, address: str, origin: Origin) -> Within:
    """Return what a sign-up does in its transaction where its address is taken: as much as one that makes a user."""

    async def tell(work: UnitOfWork) -> None:
        rows = await work.run(store.by_identifier, identifier=address)
        owner: uuid.UUID | None = rows[0][0] if rows else None
        await work.run(store.remove_unproved_password, user_id=owner)
        job = Job(kind=MailKind.ALREADY_REGISTERED, address=address)
        await work.steps(
            audit_step(core.clock, AuditEvent.USER_REGISTERED_AGAIN, subject_id=owner, origin=origin),
            enqueue_step(core.clock, core.keys, job),
        )

    return tell


def composer(host: FeatureHost) -> Composer:
    """Return who composes the mail to the owner of an address that somebody signed up with."""

    async def compose(_: uuid.UUID, job: Job) -> Letter | None:
        user = await host.core.users.find(job.address) if job.address is not None else None
        if user is None or user.email is None or user.is_disabled:
            return None
        return Letter(user.email)

    return compose
