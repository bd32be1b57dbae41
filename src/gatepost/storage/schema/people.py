"""Users, their passwords, roles and devices."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    String,
    Table,
    Text,
    Uuid,
    false,
)

from gatepost.storage.schema.metadata import metadata


def _identifier(length: int) -> String:
    """Return the type of what is compared byte by byte, whatever the language; its index answers for beginnings."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


user = Table(
    "gatepost_user",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", _identifier(254), unique=True),
    Column("email_verified", Boolean, nullable=False, default=False),
    Column("username", _identifier(64), unique=True),
    Column("full_name", String(200)),
    Column("profile", Text),
    Column("epoch", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    Column("locale", String(35)),
    Column("created_at", BigInteger, nullable=False),
    CheckConstraint("email IS NOT NULL OR username IS NOT NULL", name="has_identifier"),
)

password = Table(
    "gatepost_password",
    metadata,
    Column("user_id", Uuid, ForeignKey(user.c.id, ondelete="CASCADE"), primary_key=True),
    Column("hash", Text, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("must_change", Boolean, nullable=False, server_default=false()),
)

user_role = Table(
    "gatepost_user_role",
    metadata,
    Column("user_id", Uuid, ForeignKey(user.c.id, ondelete="CASCADE"), primary_key=True),
    Column("role", String(64), primary_key=True),
)

# What a role allows, where the settings do not say it: permissions are words in one string, separated by spaces.
role = Table(
    "gatepost_role",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("description", String(200), nullable=False),
    Column("permissions", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

# Where a user has signed in before. `device` is a keyed hash: of the device's cookie, or of what a client without
# cookies shows of itself.
device = Table(
    "gatepost_device",
    metadata,
    Column("user_id", Uuid, ForeignKey(user.c.id, ondelete="CASCADE"), primary_key=True),
    Column("device", String(64), primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False, index=True),
)
