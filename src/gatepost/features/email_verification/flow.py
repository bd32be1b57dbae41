"""Who is asked to verify an address, what the mail holds, and what a proof of it does.

Where verification comes before sign-in, a session of somebody whose address is not verified is taken back in the
transaction that would open it. So no way in can forget to ask, and only who proved everything else learns of it.
"""

import uuid
from typing import Any

from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.login import SignedIn
from gatepost.core.outbox import Job, MailKind, enqueue_step
from gatepost.core.outbox.desk import Composer, Letter
from gatepost.core.proofs import Consumed, ProofKind, ProofRefused
from gatepost.core.runtime import Core
from gatepost.core.users import User, UserRegistered
from gatepost.core.users import store as users
from gatepost.core.users.verification import VerificationPolicy, mark_verified
from gatepost.feature import FeatureHost
from gatepost.kernel.errors import EmailNotVerified
from gatepost.kernel.events import Listeners
from gatepost.storage.schema import user as user_table
from gatepost.storage.statement import Statement
from gatepost.storage.unit_of_work import UnitOfWork, unit_of_work

_is_unverified = Statement(
    select(user_table.c.id).where(
        user_table.c.id == bindparam("user_id", type_=Uuid),
        user_table.c.email.is_not(None),
        user_table.c.email_verified.is_(False),
    )
)


def listeners(host: FeatureHost, on: Listeners) -> None:
    """Ask whoever signs up for a proof, and refuse a sign-in that has to wait for one."""
    policy = host.policy(VerificationPolicy)

    async def ask(event: UserRegistered, connection: AsyncConnection) -> None:
        if event.email is None or event.email_verified or event.is_invited:  # an invitation proves the address
            return
        work = await UnitOfWork.of(host.core.database, connection)
        job = Job(kind=MailKind.VERIFY_EMAIL, user_id=event.user_id)
        await work.steps(enqueue_step(host.core.clock, host.core.keys, job))

    async def refuse(event: SignedIn, connection: AsyncConnection) -> None:
        work = await UnitOfWork.of(host.core.database, connection)
        if await work.run(_is_unverified, user_id=event.user_id):
            origin, detail = Origin(ip=event.ip), {"reason": EmailNotVerified.code}
            record = audit_step(
                host.core.clock, AuditEvent.LOGIN_FAILED, subject_id=event.user_id, origin=origin, detail=detail
            )
            raise EmailNotVerified(evidence=[record])

    if policy.is_asked:
        on.on(UserRegistered, within=True)(ask)
    if policy.is_required:
        on.on(SignedIn, within=True)(refuse)


async def send(core: Core, address: str) -> None:
    """Enqueue the mail for an address, whoever has it; the worker finds out."""
    job = Job(kind=MailKind.VERIFY_EMAIL, address=address)
    await core.database.hot.run(enqueue_step(core.clock, core.keys, job))


async def verify(core: Core, proof: Consumed, origin: Origin) -> None:
    """Use a proof up, and mark the address as verified if it is still the one that was proved.

    Raises:
        ProofRefused: it is used up, too old, or the address is another one now.
    """
    async with unit_of_work(core.database, core.listeners) as work:
        await work.run(users.by_id_for_update, user_id=proof.user_id)  # the user first, as everywhere: no deadlock
        proved = await core.proofs.consume(work, ProofKind.VERIFY_EMAIL, proof.proof_id)
        if not await mark_verified(
            work, core.database, core.feed, user_id=proved.user_id, email=proved.email, origin=origin
        ):
            raise ProofRefused


def composer(host: FeatureHost) -> Composer:
    """Return who composes the mail; nobody gets it who has verified already, is disabled, or is unknown."""

    async def compose(job_id: uuid.UUID, job: Job) -> Letter | None:
        desk = host.core.desk
        user = await _recipient(host.core, job)
        if user is None or user.email is None or user.email_verified or user.is_disabled:
            return None
        return await desk.proof_letter(
            ProofKind.VERIFY_EMAIL, user.id, job_id=job_id, email=user.email, page="verify-email"
        )

    return compose


async def _recipient(core: Core, job: Job) -> User[Any] | None:
    if job.user_id is not None:
        return await core.users.get(job.user_id)
    return await core.users.find(job.address) if job.address is not None else None
