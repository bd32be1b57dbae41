"""Our tables, all named `gatepost_…`. Times are milliseconds since the Unix epoch by the database's clock.

Integers instead of timestamps: one arithmetic on both databases, no time zones, no conversion on the hot path.
Ids are `sqlalchemy.Uuid`: native on PostgreSQL, 32 hex digits on SQLite.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_BIG_SERIAL = BigInteger().with_variant(Integer, "sqlite")

user = Table(
    "gatepost_user",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", String(254), unique=True),
    Column("email_verified", Boolean, nullable=False, default=False),
    Column("username", String(64), unique=True),
    Column("full_name", String(200)),
    Column("profile", Text),
    Column("epoch", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    CheckConstraint("email IS NOT NULL OR username IS NOT NULL", name="has_identifier"),
)

password = Table(
    "gatepost_password",
    metadata,
    Column("user_id", Uuid, ForeignKey(user.c.id, ondelete="CASCADE"), primary_key=True),
    Column("hash", Text, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)

user_role = Table(
    "gatepost_user_role",
    metadata,
    Column("user_id", Uuid, ForeignKey(user.c.id, ondelete="CASCADE"), primary_key=True),
    Column("role", String(64), primary_key=True),
)

session = Table(
    "gatepost_session",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey(user.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("client_id", String(64), nullable=False),
    Column("scope", Text, nullable=False),
    Column("salt", LargeBinary(16), nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("rotated_at", BigInteger, nullable=False),
    Column("access_exp", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("idle_expires_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("revoked_at", BigInteger),
    Column("epoch", BigInteger, nullable=False),
    Column("global_epoch", BigInteger, nullable=False),
    Column("amr", String(200), nullable=False),
    Column("auth_time", BigInteger, nullable=False),
    Column("ip", String(45)),
    Column("user_agent", String(400)),
)

# No foreign keys: a deleted user's changes must outlive the user, until the last token has died.
change = Table(
    "gatepost_change",
    metadata,
    Column("id", _BIG_SERIAL, primary_key=True, autoincrement=True),
    Column("xid", BigInteger, nullable=False, index=True),
    Column("kind", SmallInteger, nullable=False),
    Column("subject", Uuid),
    Column("epoch", BigInteger),
    Column("keep_until", BigInteger, nullable=False, index=True),
    sqlite_autoincrement=True,
)

signing_key = Table(
    "gatepost_key",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("kid", String(128), nullable=False, unique=True),
    Column("algorithm", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("active_from", BigInteger, nullable=False),
    Column("removed_at", BigInteger),
)

meta = Table(
    "gatepost_meta",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

throttle = Table(
    "gatepost_throttle",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("tat", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
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
)

outbox = Table(
    "gatepost_outbox",
    metadata,
    Column("id", Uuid, primary_key=True),
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
    Column("sent_at", BigInteger, nullable=False),
)
