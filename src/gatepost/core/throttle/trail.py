"""The trail of spent budgets. Refusals are free for who causes them, so what they leave behind is bounded."""

import uuid
from collections.abc import Sequence

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.audit.noted import Noted
from gatepost.core.throttle.domain import Unit
from gatepost.kernel.errors import ThrottleSpent
from gatepost.storage.database import Database
from gatepost.storage.unit_of_work import record_evidence


class Trail:
    """Records that a budget is spent, once a minute and key in each process."""

    __slots__ = ("_database", "_noted")

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted = Noted(database.clock)

    async def record(
        self, refusal: ThrottleSpent, units: Sequence[Unit], origin: Origin, user_id: uuid.UUID | None = None
    ) -> None:
        """Write the evidence of a refusal, unless the same key left some in the last minute."""
        if not self._is_news(refusal.budget, units):
            return
        step = audit_step(
            self._database.clock,
            AuditEvent.THROTTLE_SPENT,
            subject_id=user_id,
            origin=origin,
            detail={"budget": refusal.budget},
        )
        refusal.evidence = (step,)
        await record_evidence(self._database, refusal)

    def _is_news(self, budget: str, units: Sequence[Unit]) -> bool:
        return self._noted.is_news(next((unit.name for unit in units if unit.budget.name == budget), budget))
