"""Attempt budgets, the audit trail, and what waits to be sent."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text, Uuid

from gatepost.storage.schema.metadata import metadata

throttle = Table(
    "gatepost_throttle",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("tat", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("lock_us", BigInteger, nullable=False, server_default="0"),
    Column("locked_until", BigInteger, nullable=False, server_default="0"),
)

audit = Table(
    "gatepost_audit",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("event", String(64), nullable=False),
    Column("actor_id", Uuid),
    Column("subject_id", Uuid),
    Column("session_id", Uuid),
    Column("ip", String(45)),
    Column("user_agent", String(400)),
    Column("request_id", String(64)),
    Column("detail", Text),
    Index("ix_gatepost_audit_subject", "subject_id", "at"),
    Index("ix_gatepost_audit_actor", "actor_id", "at"),
)

outbox = Table(
    "gatepost_outbox",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("channel", String(16), nullable=False, server_default="mail"),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("leased_until", BigInteger, nullable=False),
)

# Only ever written in development, by the sender of the development mailbox.
dev_mail = Table(
    "gatepost_dev_mail",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("recipient", String(254), nullable=False, index=True),
    Column("subject", String(400), nullable=False),
    Column("body", Text, nullable=False),
    Column("html", Text),
    Column("sent_at", BigInteger, nullable=False),
)
