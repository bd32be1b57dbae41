"""Where users came from: other systems that were imported, and identities at others."""

from sqlalchemy import BigInteger, Column, ForeignKey, String, Table, UniqueConstraint, Uuid

from gatepost.storage.schema.metadata import metadata
from gatepost.storage.schema.people import user

# The id that a user had elsewhere: an import that is run again makes nobody twice, and what refers to the old id can be
# moved later.
imported = Table(
    "gatepost_imported",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("foreign_id", String(320), primary_key=True),
    Column("user_id", Uuid, ForeignKey(user.c.id, ondelete="CASCADE"), nullable=False, index=True),
)

# Who a user is at somebody else's. `subject` is that provider's own id of the account, never an address.
identity = Table(
    "gatepost_identity",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey(user.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("provider", String(100), nullable=False),
    Column("subject", String(320), nullable=False),
    Column("email", String(320)),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("provider", "subject", name="uq_gatepost_identity_subject"),
)
