"""From a forgotten password to a new one.

Whoever has the address, asking costs one sealed job of one size; only the worker looks, so that neither the answer nor
its time says whether there is such a user.
"""

import contextlib
import uuid

from gatepost.core.audit import Origin
from gatepost.core.outbox import Job, MailKind, enqueue_step
from gatepost.core.outbox.desk import Composer, Letter
from gatepost.core.proofs import Consumed, ProofKind, ProofRefused
from gatepost.core.runtime import Core
from gatepost.core.sessions.password_reset import reset_password
from gatepost.feature import FeatureHost
from gatepost.kernel.errors import Unavailable


async def forget(core: Core, address: str, origin: Origin) -> None:
    """Enqueue the mail for an address, whoever has it."""
    job = Job(kind=MailKind.RESET_PASSWORD, address=address, details=origin.words)
    await core.database.hot.run(enqueue_step(core.clock, core.keys, job))


async def reset(core: Core, proof: Consumed, password: str, *, origin: Origin) -> None:
    """Set an accepted password by a proof that was presented; the proof is used up only if all of it succeeds.

    Raises:
        WeakPassword: for this user it is easy to guess.
        ProofRefused: the proof is used up, too old, or void since something changed.
        Busy: the hash queue is full.
    """
    user = await core.users.get(proof.user_id)
    if user is None:
        raise ProofRefused
    words = (user.email, user.username, user.full_name)
    await core.password_policy.suit(password, field="new_password", words=words)
    await reset_password(
        core.services,
        core.listeners,
        core.proofs,
        kind=ProofKind.RESET_PASSWORD,
        proof_id=proof.proof_id,
        user_id=proof.user_id,
        new_hash=await core.passwords.hash(password),
        origin=origin,
    )
    with contextlib.suppress(Unavailable):  # the password is set: that is not to be answered as a failure
        await core.login.clear_budgets(user.id)


def composer(host: FeatureHost) -> Composer:
    """Return who composes the mail; it goes to an enabled user, with or without a password so far."""

    async def compose(job_id: uuid.UUID, job: Job) -> Letter | None:
        core = host.core
        user = await core.users.find(job.address) if job.address is not None else None
        if user is None or user.email is None or user.is_disabled:
            return None
        return await core.desk.proof_letter(
            ProofKind.RESET_PASSWORD, user.id, job_id=job_id, email=user.email, page="reset-password"
        )

    return compose
