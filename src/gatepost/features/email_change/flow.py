"""From one address to another: nothing changes before the new mailbox is proved, and the old one is told.

The proof is issued when it is asked for, not when its mail is composed, and dies with the session that asked: a mailbox
that takes its mail hours later, from a thief who had a session for a minute, gets a proof that the owner's new password
has made void, or the end of that session.
"""

import uuid
from dataclasses import dataclass

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.outbox import Job, MailKind, enqueue_step
from gatepost.core.outbox.desk import Composer, Letter
from gatepost.core.proofs import Consumed, ProofKind, ProofRefused
from gatepost.core.runtime import Core
from gatepost.core.users import EmailChanged, store
from gatepost.core.users.verification import note_change
from gatepost.feature import FeatureHost
from gatepost.kernel.errors import NotFound
from gatepost.kernel.ids import uuid7
from gatepost.kernel.principal import Principal
from gatepost.storage.errors import is_conflict
from gatepost.storage.unit_of_work import UnitOfWork, unit_of_work

# Sent to the address that was, or to prove it. "This was not me" stays good where the old mailbox had been proved;
# where not, it may be a stranger's (a typing error), who would say it in good faith and be given the account.
_OF_THE_OLD_ADDRESS = (ProofKind.VERIFY_EMAIL, ProofKind.RESET_PASSWORD, ProofKind.SIGN_IN, ProofKind.INVITATION)


@dataclass(frozen=True, slots=True)
class _Moved:
    """Who has moved, from where to where."""

    user_id: uuid.UUID
    old_email: str | None
    was_verified: bool
    email: str


async def ask(core: Core, caller: Principal, address: str, origin: Origin) -> None:
    """Issue a proof for a new address and enqueue its mail; whether somebody has the address is the worker's affair."""
    job_id, user_id, session_id = uuid7(core.clock.now_ms()), caller.user_id, caller.session_id
    job = Job(kind=MailKind.CHANGE_EMAIL, user_id=user_id, address=address)
    async with unit_of_work(core.database, core.listeners) as work:
        if not await work.run(store.by_id_for_update, user_id=user_id):
            raise NotFound
        await work.steps(
            core.proofs.issue_step(
                ProofKind.CHANGE_EMAIL, user_id, proof_id=job_id, email=address, session_id=session_id
            ),
            audit_step(
                core.clock,
                AuditEvent.EMAIL_CHANGE_REQUESTED,
                subject_id=user_id,
                actor_id=user_id,
                origin=origin,
            ),
            enqueue_step(core.clock, core.keys, job, job_id=job_id),
        )


async def confirm(core: Core, proof: Consumed, origin: Origin) -> None:
    """Use the proof up and move the account to the address that it was sent to.

    Raises:
        ProofRefused: it is used up, too old, void since something changed, or somebody has the address by now.
    """
    try:
        await _move(core, proof, origin)
    except Exception as error:
        if is_conflict(error):
            raise ProofRefused from None
        raise


async def _move(core: Core, proof: Consumed, origin: Origin) -> None:
    async with unit_of_work(core.database, core.listeners) as work:
        before = await work.run(store.by_id_for_update, user_id=proof.user_id)
        proved = await core.proofs.consume(work, ProofKind.CHANGE_EMAIL, proof.proof_id)
        if not before or proved.email is None or proved.user_id != proof.user_id:
            raise ProofRefused
        if not await work.run(store.change_email, user_id=proof.user_id, email=proved.email):
            raise ProofRefused
        _, old_email, was_verified, *_ = before[0]
        await _follow(work, core, _Moved(proof.user_id, old_email, bool(was_verified), proved.email), origin)


async def _follow(work: UnitOfWork, core: Core, moved: _Moved, origin: Origin) -> None:
    """Void what was sent to the old address, and tell every process, the trail, the old mailbox and the listeners."""
    user_id, old_email, email = moved.user_id, moved.old_email, moved.email
    for kind in _OF_THE_OLD_ADDRESS:
        await core.proofs.void(work, kind, user_id)
    if not moved.was_verified:
        await core.proofs.void(work, ProofKind.DISOWN, user_id)
    await note_change(work, core.database, core.feed, user_id)
    await work.steps(
        audit_step(core.clock, AuditEvent.EMAIL_CHANGED, subject_id=user_id, actor_id=user_id, origin=origin)
    )
    if old_email is not None:
        told = user_id if moved.was_verified else None  # a job that names nobody carries no "this was not me"
        job = Job(kind=MailKind.EMAIL_CHANGED, user_id=told, address=old_email, details=origin.words)
        await work.steps(enqueue_step(core.clock, core.keys, job))
    await work.publish(EmailChanged(user_id=user_id, email=email, old_email=old_email))


def composer(host: FeatureHost) -> Composer:
    """Return who composes the mail to the new address; an address that somebody has gets none."""

    async def compose(job_id: uuid.UUID, job: Job) -> Letter | None:
        core = host.core
        if job.address is None or await core.users.find(job.address) is not None:
            return None
        words = await core.desk.issued_words(ProofKind.CHANGE_EMAIL, job_id=job_id, page="confirm-email")
        return Letter(job.address, words) if words is not None else None

    return compose
