"""The trail of denied access: a known caller asked for what they may not have."""

from gatepost.core.audit.domain import AuditEvent, Origin
from gatepost.core.audit.noted import Noted
from gatepost.core.audit.store import audit_step
from gatepost.kernel.errors import AuthError
from gatepost.kernel.principal import Principal
from gatepost.storage.database import Database
from gatepost.storage.unit_of_work import record_evidence


class Denials:
    """Records a denial, once a minute for each user and route in each process."""

    __slots__ = ("_database", "_noted")

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted = Noted(database.clock)

    async def record(self, principal: Principal, route: str, refusal: AuthError, origin: Origin) -> None:
        """Write the evidence of a refusal.

        Args:
            principal: who was refused.
            route: method and path as they are declared, so that ids in a path make no new routes.
            refusal: why.
            origin: where the request came from.

        Raises:
            Unavailable: it could not be written.
        """
        key = f"{principal.user_id} {route}"
        if not self._noted.is_news(key):
            return
        detail = {"route": route, "code": refusal.code, "needs": refusal.detail}
        refusal.evidence = (
            audit_step(
                self._database.clock,
                AuditEvent.ACCESS_DENIED,
                subject_id=principal.user_id,
                actor_id=principal.actor_id or principal.user_id,
                session_id=principal.session_id,
                origin=origin,
                detail={name: value for name, value in detail.items() if value},
            ),
        )
        try:
            await record_evidence(self._database, refusal)
        except BaseException:
            self._noted.forget(key)
            raise
