"""What a proved mailbox does to its user: within the transaction that uses the proof up."""

import uuid
from dataclasses import dataclass

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.audit.domain import NOWHERE
from gatepost.core.changes import Change, ChangeFeed, ChangeKind, record_change
from gatepost.core.changes.store import GRACE_MS
from gatepost.core.users import store
from gatepost.core.users.events import EmailVerified
from gatepost.storage.database import Database
from gatepost.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class VerificationPolicy:
    """Whether new addresses are verified.

    Attributes:
        is_asked: whoever signs up with an address gets a mail.
        is_required: nobody signs in before the address is verified.
    """

    is_asked: bool = True
    is_required: bool = False


async def note_change(work: UnitOfWork, database: Database, feed: ChangeFeed, user_id: uuid.UUID) -> None:
    """Tell every process that what it remembers of a user is old."""
    change = Change(ChangeKind.USER_CHANGED, user_id, None, database.clock.now_ms() + GRACE_MS)
    await record_change(work, database, feed.apply_own, change)


async def mark_verified(
    work: UnitOfWork,
    database: Database,
    feed: ChangeFeed,
    *,
    user_id: uuid.UUID,
    email: str | None,
    origin: Origin = NOWHERE,
) -> bool:
    """Mark a user's address as verified if it is still the one that was proved; return whether that was news."""
    if email is None or not await work.run(store.verify_email, user_id=user_id, email=email):
        return False
    await note_change(work, database, feed, user_id)
    record = audit_step(database.clock, AuditEvent.EMAIL_VERIFIED, subject_id=user_id, actor_id=user_id, origin=origin)
    await work.steps(record)
    await work.publish(EmailVerified(user_id=user_id, email=email))
    return True
