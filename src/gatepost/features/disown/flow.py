"""What "this was not me" does, in one transaction (see `docs/decisions/0009-this-was-not-me.md`).

The epoch moves first: every session, key and sign-in under way is over. The password goes, so that nobody signs in
with it until its reset; devices and proofs are forgotten. Where the account has lost the mailbox in which this was
said, it gets it back; where somebody else has that address now, the account is disabled, since the mailbox that it has
is the thief's.
"""

import uuid

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.outbox import Job, MailKind, enqueue_step
from gatepost.core.outbox.desk import Composer, Letter
from gatepost.core.proofs import Consumed, ProofKind, ProofRefused
from gatepost.core.runtime import Core
from gatepost.core.sessions.ending import end_all_sessions
from gatepost.core.users import AccountDisowned, EmailChanged, UserDisabled, store
from gatepost.feature import FeatureHost
from gatepost.storage.errors import is_conflict
from gatepost.storage.unit_of_work import UnitOfWork, unit_of_work


async def disown(core: Core, token: str, origin: Origin) -> None:
    """Take an account from whoever has broken into it, by the token of a notice.

    Raises:
        ProofRefused: the token is wrong, used up, too old, or void since another one was used.
    """
    proof = await core.proofs.look(ProofKind.DISOWN, token)
    try:
        await _disown(core, proof, origin)
    except Exception as error:
        if not is_conflict(error):
            raise
        await _disown(core, proof, origin)  # somebody took the address at this moment: now it is seen to be taken


def composer(host: FeatureHost) -> Composer:
    """Return who composes the notice: it goes where the job says, and carries no link that could undo what it tells."""
    del host

    async def compose(job_id: uuid.UUID, job: Job) -> Letter | None:
        del job_id
        return Letter(job.address) if job.address is not None else None

    return compose


async def _disown(core: Core, proof: Consumed, origin: Origin) -> None:
    user_id = proof.user_id
    async with unit_of_work(core.database, core.listeners) as work:
        epochs = await work.run(store.bump_epoch, user_id=user_id)
        proved = await core.proofs.consume(work, ProofKind.DISOWN, proof.proof_id)
        if proved.email is None:  # it was sent nowhere
            raise ProofRefused
        lost_to = await _lost_to(work, proved)
        is_taken = lost_to is not None and not await _give_back(work, proved, lost_to)
        if is_taken:
            epochs = await work.run(store.disable, user_id=user_id)
            await work.publish(UserDisabled(user_id=user_id))
        await work.run(store.remove_password, user_id=user_id)
        await end_all_sessions(work, core.database, core.feed.apply_own, user_id=user_id, epoch=epochs[0][0])
        await core.devices.forget(work, user_id)
        await core.proofs.void_after(work, proved)
        await _tell(core, work, proved, lost_to, is_disabled=is_taken)
        detail = {"address": "kept" if lost_to is None else "taken" if is_taken else "given back"}
        event = AuditEvent.ACCOUNT_DISOWNED
        await work.steps(audit_step(core.clock, event, subject_id=user_id, origin=origin, detail=detail))
        await work.publish(AccountDisowned(user_id=user_id))


async def _lost_to(work: UnitOfWork, proved: Consumed) -> str | None:
    """Return the address that the account has now in the place of the proved one ("" for none), or None."""
    email: str | None = (await work.run(store.by_id, user_id=proved.user_id))[0][1]
    return None if email == proved.email else email or ""


async def _give_back(work: UnitOfWork, proved: Consumed, lost_to: str) -> bool:
    email = proved.email or ""
    if not await work.run(store.give_back_email, user_id=proved.user_id, email=email):
        return False
    await work.publish(EmailChanged(user_id=proved.user_id, email=email, old_email=lost_to or None))
    return True


async def _tell(core: Core, work: UnitOfWork, proved: Consumed, lost_to: str | None, *, is_disabled: bool) -> None:
    """Tell the mailbox that said it, and the one that the account has lost by it; the first may set a new password."""
    told = [proved.email, *([lost_to] if lost_to else [])]
    jobs = [Job(kind=MailKind.ACCOUNT_DISOWNED, address=address) for address in told]
    if not is_disabled:
        jobs.append(Job(kind=MailKind.RESET_PASSWORD, address=proved.email))
    await work.steps(*(enqueue_step(core.clock, core.keys, job) for job in jobs))
