"""A password set by who proved the mailbox: a reset, or the first one of somebody who was invited.

The epoch moves first, which locks the user's row: of several at once, and of a sign-in or another change at the same
time, one goes before the other. A proof that is refused rolls all of it back.
"""

import uuid

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.devices.store import forget
from gatepost.core.identities.voiding import void_identities
from gatepost.core.outbox import Job, MailKind, enqueue_step
from gatepost.core.proofs import Consumed, ProofKind, ProofRefused, Proofs
from gatepost.core.sessions.ending import end_all_sessions
from gatepost.core.sessions.events import PasswordChanged
from gatepost.core.sessions.flow import Services
from gatepost.core.users import store
from gatepost.core.users.verification import mark_verified
from gatepost.kernel.events import Listeners
from gatepost.storage.unit_of_work import unit_of_work

# What a mailbox or a session could still do with the account as it was. "This was not me" stays: it is the owner's.
_DIES = tuple(kind for kind in ProofKind if kind is not ProofKind.DISOWN)


async def reset_password(
    services: Services,
    listeners: Listeners,
    proofs: Proofs,
    *,
    kind: ProofKind,
    proof_id: uuid.UUID,
    user_id: uuid.UUID,
    new_hash: str,
    origin: Origin,
) -> Consumed:
    """Use a proof up, set its user's password, end every session and every other proof, forget every device of theirs.

    Args:
        services: what sessions work with.
        listeners: who wants to know.
        proofs: to use the proof up with.
        kind: what the proof must be for.
        proof_id: from `look` or `guess`.
        user_id: whose it is, as `look` or `guess` said.
        new_hash: of the new password.
        origin: where it was asked for.

    Raises:
        ProofRefused: it is used up, too old, void since something changed, or another user's.
    """
    database = services.database
    async with unit_of_work(database, listeners) as work:
        epochs = await work.run(store.bump_epoch, user_id=user_id)
        proved = await proofs.consume(work, kind, proof_id)
        if not epochs or proved.user_id != user_id:
            raise ProofRefused
        await work.run(store.set_password, user_id=user_id, hash=new_hash)
        await end_all_sessions(work, database, services.feed.apply_own, user_id=user_id, epoch=epochs[0][0])
        await work.run(forget, user_id=user_id)
        for other in _DIES:
            if other is not kind:
                await proofs.void(work, other, user_id)
        # Whoever registered an address that was not his may have connected an account of his own to come back with.
        if await mark_verified(work, database, services.feed, user_id=user_id, email=proved.email, origin=origin):
            await void_identities(work, database.clock, user_id, origin)
        await work.steps(
            audit_step(database.clock, AuditEvent.PASSWORD_RESET, subject_id=user_id, actor_id=user_id, origin=origin),
            enqueue_step(
                database.clock,
                services.keys,
                Job(kind=MailKind.PASSWORD_CHANGED, user_id=user_id, details=origin.words),
            ),
        )
        await work.publish(PasswordChanged(user_id=user_id))
    return proved
