"""Proofs by mail, devices, roles with permissions, API keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import VARCHAR

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("gatepost_user", sa.Column("locale", sa.String(length=35), nullable=True))
    op.add_column(
        "gatepost_password", sa.Column("must_change", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("gatepost_session", sa.Column("actor_id", sa.Uuid(), nullable=True))
    op.add_column("gatepost_dev_mail", sa.Column("html", sa.Text(), nullable=True))
    op.add_column("gatepost_outbox", sa.Column("channel", sa.String(length=16), server_default="mail", nullable=False))
    _add_proofs()
    _add_devices()
    _add_roles()
    _add_api_keys()
    _order_identifiers()
    _add_locks()
    _add_origins()


def _add_proofs() -> None:
    op.create_table(
        "gatepost_proof",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("slot", sa.String(length=36), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("bound_email", sa.String(length=254), nullable=True),
        sa.Column("bound_password", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("consumed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gatepost_user.id"], name=op.f("fk_gatepost_proof_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "purpose", "slot", name=op.f("pk_gatepost_proof")),
        sa.UniqueConstraint("id", name=op.f("uq_gatepost_proof_id")),
    )
    op.create_index(op.f("ix_gatepost_proof_expires_at"), "gatepost_proof", ["expires_at"], unique=False)


def _add_devices() -> None:
    op.create_table(
        "gatepost_device",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gatepost_user.id"], name=op.f("fk_gatepost_device_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "device", name=op.f("pk_gatepost_device")),
    )
    op.create_index(op.f("ix_gatepost_device_seen_at"), "gatepost_device", ["seen_at"], unique=False)


def _add_roles() -> None:
    op.create_table(
        "gatepost_role",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("permissions", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_gatepost_role")),
    )


def _add_api_keys() -> None:
    op.create_table(
        "gatepost_api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gatepost_user.id"], name=op.f("fk_gatepost_api_key_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gatepost_api_key")),
        sa.UniqueConstraint("hash", name=op.f("uq_gatepost_api_key_hash")),
    )
    op.create_index(op.f("ix_gatepost_api_key_expires_at"), "gatepost_api_key", ["expires_at"], unique=False)
    op.create_index(op.f("ix_gatepost_api_key_user_id"), "gatepost_api_key", ["user_id"], unique=False)


def _order_identifiers() -> None:
    """Let the indexes of identifiers answer for their beginnings; SQLite compares byte by byte anyway."""
    if op.get_bind().dialect.name == "postgresql":
        for name, length in (("email", 254), ("username", 64)):
            op.alter_column("gatepost_user", name, type_=VARCHAR(length, collation="C"))


def _add_locks() -> None:
    for name in ("lock_us", "locked_until"):
        op.add_column("gatepost_throttle", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))


def _add_origins() -> None:
    op.create_table(
        "gatepost_imported",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("foreign_id", sa.String(length=320), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gatepost_user.id"], name=op.f("fk_gatepost_imported_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("source", "foreign_id", name=op.f("pk_gatepost_imported")),
    )
    op.create_index(op.f("ix_gatepost_imported_user_id"), "gatepost_imported", ["user_id"], unique=False)
    op.create_table(
        "gatepost_identity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.String(length=320), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gatepost_user.id"], name=op.f("fk_gatepost_identity_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gatepost_identity")),
        sa.UniqueConstraint("provider", "subject", name="uq_gatepost_identity_subject"),
    )
    op.create_index(op.f("ix_gatepost_identity_user_id"), "gatepost_identity", ["user_id"], unique=False)
