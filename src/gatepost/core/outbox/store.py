"""Rows of the outbox. A worker takes a row by a lease, so that two workers do not send it at once."""

import uuid

from sqlalchemy import BigInteger, String, Uuid, bindparam, delete, insert, select, update

from gatepost.core.outbox.domain import Job
from gatepost.crypto.sealed import seal
from gatepost.kernel.clock import Clock
from gatepost.kernel.ids import uuid7
from gatepost.kernel.purpose import PurposeKeys
from gatepost.storage.schema import outbox
from gatepost.storage.statement import Statement, Step, store_now_ms

MAIL = "mail"
# Longer than all attempts at one message take: what still waits then would never have had its turn.
MAX_WAIT_MS = 2 * 86_400_000
_channel = bindparam("channel", type_=String)

insert_job = Statement(
    insert(outbox).values(
        id=bindparam("job_id", type_=Uuid),
        channel=_channel,
        sealed=bindparam("sealed", type_=outbox.c.sealed.type),
        created_at=store_now_ms(),
        due_at=store_now_ms(),
        attempts=0,
        leased_until=0,
    )
)
_next_due = (
    select(outbox.c.id)
    .where(outbox.c.channel == _channel, outbox.c.due_at <= store_now_ms(), outbox.c.leased_until <= store_now_ms())
    .order_by(outbox.c.due_at)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
lease = Statement(
    update(outbox)
    .where(outbox.c.id == _next_due, outbox.c.leased_until <= store_now_ms())
    .values(leased_until=store_now_ms() + bindparam("lease_ms", type_=BigInteger), attempts=outbox.c.attempts + 1)
    .returning(outbox.c.id, outbox.c.sealed, outbox.c.attempts)
)
postpone = Statement(
    update(outbox)
    .where(outbox.c.id == bindparam("job_id", type_=Uuid))
    .values(due_at=store_now_ms() + bindparam("wait_ms", type_=BigInteger), leased_until=0)
)
remove = Statement(delete(outbox).where(outbox.c.id == bindparam("job_id", type_=Uuid)))
give_up = Statement(
    delete(outbox)
    .where(
        outbox.c.channel == _channel,
        outbox.c.created_at < store_now_ms() - bindparam("max_wait_ms", MAX_WAIT_MS, type_=BigInteger),
    )
    .returning(outbox.c.id)
)
# A cheap look before the writing statement: an idle worker takes no lock.
any_due = Statement(
    select(outbox.c.id)
    .where(outbox.c.channel == _channel, outbox.c.due_at <= store_now_ms(), outbox.c.leased_until <= store_now_ms())
    .limit(1)
)


def context(job_id: uuid.UUID) -> str:
    """Return what a job's seal is bound to."""
    return f"outbox:{job_id}"


def enqueue_step(clock: Clock, keys: PurposeKeys, job: Job, *, job_id: uuid.UUID | None = None) -> Step:
    """Return the statement that enqueues a mail, to be run in the transaction of its cause.

    Args:
        clock: for the id.
        keys: to seal it with.
        job: the mail.
        job_id: where the same transaction issues the proof that the mail holds; a new one by default.
    """
    job_id = job_id or uuid7(clock.now_ms())
    return insert_job, {"job_id": job_id, "channel": MAIL, "sealed": seal(keys, job.packed(), context=context(job_id))}
