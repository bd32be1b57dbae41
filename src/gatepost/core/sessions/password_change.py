"""A change of password: the epoch moves first, every session ends, and the caller's browser gets a new one."""

from dataclasses import replace

from gatepost.core.api_keys.ending import carry_over
from gatepost.core.audit import AuditEvent, audit_step
from gatepost.core.outbox import Job, MailKind, enqueue_step
from gatepost.core.sessions.ending import end_all_sessions
from gatepost.core.sessions.events import PasswordChanged
from gatepost.core.sessions.flow import Opened, Opening, Services, Sessions
from gatepost.core.users import store
from gatepost.kernel.errors import LoginFailed
from gatepost.kernel.events import Listeners
from gatepost.storage.unit_of_work import unit_of_work


async def change_password(
    services: Services,
    sessions: Sessions,
    listeners: Listeners,
    *,
    opening: Opening,
    old_hash: str,
    new_hash: str,
    reopens: bool,
) -> Opened | None:
    """Replace a password that was proved as `old_hash`, and end every session of its user.

    Args:
        services: what sessions work with.
        sessions: to open the new one with.
        listeners: who wants to know.
        opening: the session that the caller would get, under the epoch that was read with `old_hash`.
        old_hash: as it was when the caller proved it; a change made meanwhile wins.
        new_hash: of the new password.
        reopens: open a new session in the same transaction.

    Raises:
        LoginFailed: the password was changed, or the user disabled, while this one was being hashed.
    """
    database, user_id = services.database, opening.user_id
    notice = Job(kind=MailKind.PASSWORD_CHANGED, user_id=user_id, details=opening.origin.words)
    async with unit_of_work(database, listeners) as work:
        epochs = await work.run(store.bump_epoch, user_id=user_id)
        if not epochs or epochs[0][0] != opening.epoch + 1:
            raise LoginFailed
        if not await work.run(store.replace_password, user_id=user_id, old_hash=old_hash, hash=new_hash):
            raise LoginFailed
        epoch = epochs[0][0]
        await carry_over(work, user_id, epoch)  # programs go on
        await end_all_sessions(work, database, services.feed.apply_own, user_id=user_id, epoch=epoch)
        await work.steps(
            audit_step(
                database.clock,
                AuditEvent.PASSWORD_CHANGED,
                subject_id=user_id,
                actor_id=user_id,
                origin=opening.origin,
            ),
            enqueue_step(database.clock, services.keys, notice),
        )
        await work.publish(PasswordChanged(user_id=user_id))
        opened = await sessions.open(work, replace(opening, epoch=epoch)) if reopens else None
        if reopens and opened is None:
            raise LoginFailed
    return opened
