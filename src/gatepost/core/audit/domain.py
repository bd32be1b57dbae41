"""What is recorded, and where a request came from. A name, once published, is never reused for something else."""

from dataclasses import dataclass
from enum import StrEnum


class AuditEvent(StrEnum):
    """Every security-relevant thing that happens here."""

    USER_REGISTERED = "user.registered"
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


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, as far as it can be believed.

    Attributes:
        ip: the client's address, by the configured count of proxies.
        user_agent: what the client calls itself, cut to 400 characters.
        request_id: ours, or the proxy's where it is a plain token.
    """

    ip: str | None = None
    user_agent: str | None = None
    request_id: str | None = None


NOWHERE = Origin()
