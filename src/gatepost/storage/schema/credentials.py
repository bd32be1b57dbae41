"""What proves something once (links and codes by mail), and what opens a program's way in (API keys)."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, Text, Uuid

from gatepost.storage.schema.metadata import metadata
from gatepost.storage.schema.people import user

# One row for each user, purpose and slot: a newer proof takes the place of the older one, which is thereby void. No
# token or code stands here: both are computed from the id under a key of their purpose.
proof = Table(
    "gatepost_proof",
    metadata,
    Column("user_id", Uuid, ForeignKey(user.c.id, ondelete="CASCADE"), primary_key=True),
    Column("purpose", String(32), primary_key=True),
    Column("slot", String(36), primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("email", String(254)),  # where it was sent
    Column("bound_email", String(254)),  # what the user's address must still be; NULL: whatever it is
    Column("bound_password", BigInteger),  # when the password must have been changed last, 0 for none; NULL: whenever
    Column("bound_session", Uuid),  # which session must not have been ended; NULL: whichever
    Column("attempts", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("consumed_at", BigInteger),
)

# Scopes are words in one string. `hash` is a keyed hash of the whole key.
api_key = Table(
    "gatepost_api_key",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey(user.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("prefix", String(16), nullable=False),
    Column("scope", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, index=True),
    Column("last_used_at", BigInteger),
    Column("revoked_at", BigInteger),
)
