"""Sessions, the change feed, signing keys, and single numbers."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
)

from gatepost.storage.schema.metadata import BIG_SERIAL, metadata
from gatepost.storage.schema.people import user

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
    Column("actor_id", Uuid),  # who acts as this user, where it is somebody else (RFC 8693, `act`)
)

# No foreign keys: a deleted user's changes must outlive the user, until the last token has died.
change = Table(
    "gatepost_change",
    metadata,
    Column("id", BIG_SERIAL, primary_key=True, autoincrement=True),
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
