"""What is recorded. A name, once published, is never reused for something else."""

from enum import StrEnum

from gatepost.kernel.origin import NOWHERE, Origin


class AuditEvent(StrEnum):
    """Every security-relevant thing that happens here."""

    USER_REGISTERED = "user.registered"
    USER_REGISTERED_AGAIN = "user.registered_again"
    USER_CHANGED = "user.changed"
    USER_DISABLED = "user.disabled"
    USER_ENABLED = "user.enabled"
    USER_DELETED = "user.deleted"
    ROLE_GRANTED = "role.granted"
    ROLE_REMOVED = "role.removed"
    LOGIN_SUCCEEDED = "login.succeeded"
    LOGIN_FAILED = "login.failed"
    LOGIN_OUTRUN = "login.outrun"
    THROTTLE_SPENT = "throttle.spent"
    SESSION_REFRESHED = "session.refreshed"
    SESSION_RETRIED = "session.retried"
    SESSION_FORWARDED = "session.forwarded"
    SESSION_REUSED = "session.reused"
    SESSION_ENDED = "session.ended"
    SESSIONS_ENDED = "session.all_ended"
    EVERYBODY_SIGNED_OUT = "session.everybody_ended"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - the name of an event
    KEY_ROTATED = "key.rotated"
    EMAIL_VERIFIED = "email.verified"
    EMAIL_CHANGE_REQUESTED = "email.change_requested"
    EMAIL_CHANGED = "email.changed"
    PASSWORD_RESET = "password.reset"  # noqa: S105 - the name of an event
    PASSWORD_CHANGE_REQUIRED = "password.change_required"  # noqa: S105 - likewise
    PROOF_REFUSED = "proof.refused"
    ACCOUNT_DISOWNED = "account.disowned"
    DEVICE_NEW = "login.new_device"
    LOGIN_LOCKED = "login.locked"
    LOGIN_MANY_FAILED = "login.many_failed"
    ACCESS_DENIED = "access.denied"
    API_KEY_MADE = "api_key.made"
    API_KEY_REVOKED = "api_key.revoked"
    ROLE_DEFINED = "role.defined"
    ROLE_DELETED = "role.deleted"
    USER_INVITED = "user.invited"
    USER_IMPORTED = "user.imported"
    USER_EXPORTED = "user.exported"
    USER_IMPERSONATED = "user.impersonated"
    FIRST_ADMIN_MADE = "admin.first"
    BUDGET_CLEARED = "budget.cleared"
    AUDIT_EXPORTED = "audit.exported"
    AUDIT_PRUNED = "audit.pruned"
    IDENTITY_LINKED = "identity.linked"
    IDENTITY_UNLINKED = "identity.unlinked"
    IDENTITY_REFUSED = "identity.refused"
    UPSTREAM_LOGOUT = "session.upstream_logout"
    WEBHOOK_FAILED = "webhook.failed"
    WEBHOOK_STOPPED = "webhook.stopped"


__all__ = ["NOWHERE", "AuditEvent", "Origin"]
