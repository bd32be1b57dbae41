"""A password that has to be changed before it opens anything: because an administrator says so, or a list does.

Every session of the user ends with the requirement: whoever knows the password may have opened them. NIST SP 800-63B-4,
section 3.1.1.2: a change is asked for on evidence of compromise, never by age.
"""

import uuid

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.audit.domain import NOWHERE
from gatepost.core.passwords.policy import PasswordPolicy
from gatepost.core.sessions.ending import end_all_sessions
from gatepost.core.sessions.flow import Services
from gatepost.core.users import store
from gatepost.kernel.events import Listeners
from gatepost.storage.unit_of_work import Within, nothing, unit_of_work


class PasswordRequirement:
    """Requires changes of passwords.

    Args:
        services: what sessions work with.
        listeners: for the transaction.
        policy: whose lists are asked at a sign-in, where the settings say so.
    """

    def __init__(self, services: Services, listeners: Listeners, policy: PasswordPolicy) -> None:
        self._services = services
        self._listeners = listeners
        self._policy = policy

    async def require_password_change(
        self,
        user_id: uuid.UUID,
        *,
        origin: Origin = NOWHERE,
        actor_id: uuid.UUID | None = None,
        only_hash: str | None = None,
        within: Within = nothing,
    ) -> bool:
        """Let a password open nothing until it is changed; end its user's sessions.

        Args:
            user_id: whose password.
            origin: where the request came from.
            actor_id: who requires it, where that is a person.
            only_hash: of the password that is meant; one that was changed meanwhile is let be.
            within: what else belongs to the transaction, if anything changes.

        Returns:
            Whether that changed anything: False for a user without a password, or one who has to change it already.
        """
        services = self._services
        async with unit_of_work(services.database, self._listeners) as work:
            await work.run(store.by_id_for_update, user_id=user_id)  # a change of password locks in this order too
            if not await work.run(store.require_password_change, user_id=user_id, only_hash=only_hash):
                return False
            epoch = (await work.run(store.bump_epoch, user_id=user_id))[0][0]
            await end_all_sessions(work, services.database, services.feed.apply_own, user_id=user_id, epoch=epoch)
            event, clock = AuditEvent.PASSWORD_CHANGE_REQUIRED, services.database.clock
            detail = {"because": "listed"} if only_hash is not None else None
            step = audit_step(clock, event, subject_id=user_id, actor_id=actor_id, origin=origin, detail=detail)
            await work.steps(step)
            await within(work)
        return True

    async def is_due(self, user_id: uuid.UUID, password: str, stored: str, origin: Origin) -> bool:
        """Whether a password that was just proved stands in a list, where the settings ask; then it has to be changed.

        Raises:
            Busy: the hash queue is full.
        """
        if not self._policy.rules.check_at_sign_in or not await self._policy.is_listed(password):
            return False
        await self.require_password_change(user_id, origin=origin, only_hash=stored)
        return True
