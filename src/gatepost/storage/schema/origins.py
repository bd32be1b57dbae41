"""Where users came from: other systems that were imported."""

from sqlalchemy import Column, ForeignKey, String, Table, Uuid

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
