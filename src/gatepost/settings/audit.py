"""The audit trail, its retention, and who else is told."""

from typing import Annotated

from pydantic import Field

from gatepost.core.audit.pruning import AuditPolicy
from gatepost.kernel.errors import ConfigurationError
from gatepost.settings.place import PlaceSettings

_DAY_S = 86_400


class AuditSettings(PlaceSettings):
    """The audit trail."""

    audit_retention: Annotated[int, Field(ge=0)] = 400 * _DAY_S

    def audit_policy(self) -> AuditPolicy:
        """Return how long the trail is kept.

        Raises:
            ConfigurationError: less than a day in production: more likely a mistake of units than a wish.
        """
        if self.is_production and 0 < self.audit_retention < _DAY_S:
            msg = "GATEPOST_AUDIT_RETENTION is in seconds: keep the trail for a day (86400) at least, or 0 for ever"
            raise ConfigurationError(msg)
        return AuditPolicy(retention_ms=self.audit_retention * 1000 or None)
