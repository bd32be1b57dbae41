"""Accounts elsewhere of whoever registered an address that was not his: none is inherited by who proves the mailbox."""

import uuid

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.identities import store
from gatepost.core.identities.events import IdentityUnlinked
from gatepost.kernel.clock import Clock
from gatepost.storage.unit_of_work import UnitOfWork


async def void_identities(work: UnitOfWork, clock: Clock, user_id: uuid.UUID, origin: Origin) -> None:
    """Disconnect all of them, in a transaction in which every session of the user ends."""
    for issuer, subject, provider in await work.run(store.remove_all, user_id=user_id):
        detail = {"provider": provider or "", "issuer": issuer, "reason": "unverified"}
        event = AuditEvent.IDENTITY_UNLINKED
        await work.steps(audit_step(clock, event, subject_id=user_id, origin=origin, detail=detail))
        await work.publish(IdentityUnlinked(user_id=user_id, issuer=issuer, subject=subject))
