"""The audit trail: a closed set of events, append-only, without secrets."""

from gatepost.core.audit.domain import AuditEvent, Origin
from gatepost.core.audit.store import audit_step

__all__ = ["AuditEvent", "Origin", "audit_step"]
