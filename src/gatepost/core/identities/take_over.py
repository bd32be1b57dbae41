"""An account that was made with an address which nobody had proved, and whose mailbox somebody else proves.

Whoever registered it chose the password and may hold sessions, keys and links of it. None of that is inherited: it
goes in the transaction that opens the account to who has the mailbox. API keys die with the epoch. What stays is what
nobody can sign in with: the username, the profile, and whatever the application keeps for this user.
"""

import uuid

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.devices.flow import Devices
from gatepost.core.identities.voiding import void_identities
from gatepost.core.outbox import Job, MailKind, enqueue_step
from gatepost.core.proofs import ProofKind, Proofs
from gatepost.core.sessions.ending import end_all_sessions
from gatepost.core.sessions.flow import Services
from gatepost.core.users import store
from gatepost.core.users.verification import mark_verified
from gatepost.storage.unit_of_work import UnitOfWork


async def take_over(
    services: Services,
    proofs: Proofs,
    devices: Devices,
    work: UnitOfWork,
    *,
    user_id: uuid.UUID,
    email: str | None,
    epoch: int,
    origin: Origin,
) -> bool:
    """Leave nothing of whoever registered an address that was not his, and mark it as verified.

    Args:
        services: what sessions work with.
        proofs: all of theirs are void.
        devices: none of theirs is known.
        work: the transaction, in which the user's epoch has just moved.
        user_id: whose account.
        email: the address that is proved.
        epoch: to which it moved.
        origin: where the one who proves the mailbox is.

    Returns:
        Whether the address was still the user's and unverified; otherwise the transaction must not be committed.
    """
    database, clock = services.database, services.database.clock
    if not await mark_verified(work, database, services.feed, user_id=user_id, email=email, origin=origin):
        return False
    is_removed = await work.run(store.remove_password, user_id=user_id)
    await void_identities(work, clock, user_id, origin)
    await end_all_sessions(work, database, services.feed.apply_own, user_id=user_id, epoch=epoch)
    await devices.forget(work, user_id)
    for kind in ProofKind:
        await proofs.void(work, kind, user_id)
    if is_removed:
        event, detail = AuditEvent.PASSWORD_CHANGED, {"reason": "unverified"}
        notice = Job(kind=MailKind.PASSWORD_CHANGED, user_id=user_id, details=origin.words)
        await work.steps(
            audit_step(clock, event, subject_id=user_id, actor_id=user_id, origin=origin, detail=detail),
            enqueue_step(clock, services.keys, notice),
        )
    return True
