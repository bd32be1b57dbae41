"""Our tables, all named `gatepost_…`. Times are milliseconds since the Unix epoch by the database's clock.

Integers instead of timestamps: one arithmetic on both databases, no time zones, no conversion on the hot path.
Ids are `sqlalchemy.Uuid`: native on PostgreSQL, 32 hex digits on SQLite.
"""

from gatepost.storage.schema.credentials import api_key, proof
from gatepost.storage.schema.federation import federation, identity, identity_session, provider_token, upstream_logout
from gatepost.storage.schema.metadata import metadata
from gatepost.storage.schema.origins import imported
from gatepost.storage.schema.people import device, password, role, user, user_role
from gatepost.storage.schema.records import audit, dev_mail, outbox, throttle
from gatepost.storage.schema.sessions import change, meta, session, signing_key
from gatepost.storage.schema.trail import audit_key, audit_link, audit_mark, audit_queue

__all__ = [
    "api_key",
    "audit",
    "audit_key",
    "audit_link",
    "audit_mark",
    "audit_queue",
    "change",
    "dev_mail",
    "device",
    "federation",
    "identity",
    "identity_session",
    "imported",
    "meta",
    "metadata",
    "outbox",
    "password",
    "proof",
    "provider_token",
    "role",
    "session",
    "signing_key",
    "throttle",
    "upstream_logout",
    "user",
    "user_role",
]
