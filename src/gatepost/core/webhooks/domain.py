"""Endpoints, what they are told, and how it is signed (Standard Webhooks 1.0).

The payload is small on purpose: ids, no addresses, no names, no secret. Who needs more asks the API, and gets what is
true then.
"""

import base64
import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass, field

from gatepost.core.audit import AuditEvent
from gatepost.core.audit.reading import AuditRow
from gatepost.core.audit.rendering import written

VERSION = 1
GONE = 410
_ROLE_EVENTS = frozenset({AuditEvent.ROLE_GRANTED.value, AuditEvent.ROLE_REMOVED.value})

# What is told, by the name that it has for others: names here are a contract, and never mean something else.
EVENTS: frozenset[str] = frozenset(
    event.value
    for event in (
        AuditEvent.USER_REGISTERED,
        AuditEvent.USER_CHANGED,
        AuditEvent.USER_DISABLED,
        AuditEvent.USER_ENABLED,
        AuditEvent.USER_DELETED,
        AuditEvent.USER_INVITED,
        AuditEvent.USER_IMPORTED,
        AuditEvent.USER_IMPERSONATED,
        AuditEvent.EMAIL_VERIFIED,
        AuditEvent.EMAIL_CHANGED,
        AuditEvent.PASSWORD_CHANGED,
        AuditEvent.PASSWORD_RESET,
        AuditEvent.ROLE_GRANTED,
        AuditEvent.ROLE_REMOVED,
        AuditEvent.LOGIN_SUCCEEDED,
        AuditEvent.DEVICE_NEW,
        AuditEvent.LOGIN_LOCKED,
        AuditEvent.SESSION_ENDED,
        AuditEvent.SESSIONS_ENDED,
        AuditEvent.SESSION_REUSED,
        AuditEvent.EVERYBODY_SIGNED_OUT,
        AuditEvent.API_KEY_MADE,
        AuditEvent.API_KEY_REVOKED,
        AuditEvent.ACCOUNT_DISOWNED,
        AuditEvent.IDENTITY_LINKED,
        AuditEvent.IDENTITY_UNLINKED,
        AuditEvent.UPSTREAM_LOGOUT,
    )
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who is told.

    Attributes:
        url: where.
        secrets: every one signs, the newest first: a receiver needs to know one of them.
        events: what it is told; empty for everything in `EVENTS`.
    """

    url: str
    secrets: tuple[bytes, ...] = field(repr=False)
    events: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """What rows and logs call it: neither the address, which may hold a key, nor a secret."""
        return hashlib.sha256(self.url.encode() + b"\0" + self.secrets[0]).hexdigest()[:32]

    def wants(self, event: str) -> bool:
        """Whether it is told of this."""
        return event in EVENTS and (not self.events or event in self.events)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookPolicy:
    """Who is told, and how far the network is open to it.

    Attributes:
        allows_private: addresses of private networks are not refused.
        allows_http: plain http is not refused; for development.
    """

    endpoints: tuple[Endpoint, ...] = ()
    allows_private: bool = False
    allows_http: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that one endpoint is told."""

    endpoint: str
    body: bytes

    def packed(self) -> bytes:
        """Return it as bytes to be sealed."""
        return self.endpoint.encode() + b"\n" + self.body

    @classmethod
    def unpacked(cls, raw: bytes) -> "Message":
        """Return the message of packed bytes."""
        endpoint, _, body = raw.partition(b"\n")
        return cls(endpoint.decode(), body)


def payload(row: AuditRow) -> bytes:
    """Return what is said of an event."""
    data: dict[str, object] = {
        "id": str(row.id),
        "user_id": row.subject_id and str(row.subject_id),
        "actor_id": row.actor_id and str(row.actor_id),
        "session_id": row.session_id and str(row.session_id),
    }
    if row.event in _ROLE_EVENTS and row.detail:
        data["role"] = row.detail.get("role")
    members = {"type": row.event, "timestamp": written(row.at), "version": VERSION, "data": data}
    return json.dumps(members, separators=(",", ":")).encode()


def message_id(job_id: uuid.UUID) -> str:
    """Return the id of a message: the same at every attempt, so that a receiver can drop what it has."""
    return f"msg_{job_id.hex}"


def headers(endpoint: Endpoint, identifier: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers that prove a message (HMAC-SHA256 over id, time and body, one for each secret)."""
    signed = f"{identifier}.{timestamp}.".encode() + body
    signatures = [
        "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode() for secret in endpoint.secrets
    ]
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


class NotDelivered(Exception):
    """Nobody took it; the message says why, and nothing of the inside of a network."""
