"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The trail is append-only: the database itself refuses to change a row of it.
_GUARD_SQLITE = """
CREATE TRIGGER gatepost_audit_is_append_only BEFORE UPDATE ON gatepost_audit
BEGIN SELECT RAISE(ABORT, 'gatepost_audit is append-only'); END
"""
_GUARD_FUNCTION = """
CREATE FUNCTION gatepost_refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'gatepost_audit is append-only'; END $$
"""
_GUARD_POSTGRESQL = """
CREATE TRIGGER gatepost_audit_is_append_only BEFORE UPDATE ON gatepost_audit
FOR EACH ROW EXECUTE FUNCTION gatepost_refuse_change()
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "gatepost_audit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("ip", sa.String(length=45), nullable=True),
        sa.Column("user_agent", sa.String(length=400), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gatepost_audit")),
    )
    op.create_index(op.f("ix_gatepost_audit_at"), "gatepost_audit", ["at"], unique=False)
    op.create_index("ix_gatepost_audit_subject", "gatepost_audit", ["subject_id", "at"], unique=False)
    op.create_table(
        "gatepost_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("xid", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=True),
        sa.Column("keep_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gatepost_change")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_gatepost_change_keep_until"), "gatepost_change", ["keep_until"], unique=False)
    op.create_index(op.f("ix_gatepost_change_xid"), "gatepost_change", ["xid"], unique=False)
    op.create_table(
        "gatepost_dev_mail",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=400), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gatepost_dev_mail")),
    )
    op.create_index(op.f("ix_gatepost_dev_mail_recipient"), "gatepost_dev_mail", ["recipient"], unique=False)
    op.create_table(
        "gatepost_key",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kid", sa.String(length=128), nullable=False),
        sa.Column("algorithm", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("active_from", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_gatepost_key")),
        sa.UniqueConstraint("kid", name=op.f("uq_gatepost_key_kid")),
    )
    op.create_table(
        "gatepost_meta",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_gatepost_meta")),
    )
    op.create_table(
        "gatepost_outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gatepost_outbox")),
    )
    op.create_index(op.f("ix_gatepost_outbox_due_at"), "gatepost_outbox", ["due_at"], unique=False)
    op.create_table(
        "gatepost_throttle",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("tat", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_gatepost_throttle")),
    )
    op.create_index(op.f("ix_gatepost_throttle_expires_at"), "gatepost_throttle", ["expires_at"], unique=False)
    op.create_table(
        "gatepost_user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("email_verified", sa.Boolean(), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=True),
        sa.Column("full_name", sa.String(length=200), nullable=True),
        sa.Column("profile", sa.Text(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("email IS NOT NULL OR username IS NOT NULL", name=op.f("ck_gatepost_user_has_identifier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gatepost_user")),
        sa.UniqueConstraint("email", name=op.f("uq_gatepost_user_email")),
        sa.UniqueConstraint("username", name=op.f("uq_gatepost_user_username")),
    )
    op.create_table(
        "gatepost_password",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gatepost_user.id"], name=op.f("fk_gatepost_password_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_gatepost_password")),
    )
    op.create_table(
        "gatepost_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("rotated_at", sa.BigInteger(), nullable=False),
        sa.Column("access_exp", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("idle_expires_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("global_epoch", sa.BigInteger(), nullable=False),
        sa.Column("amr", sa.String(length=200), nullable=False),
        sa.Column("auth_time", sa.BigInteger(), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=True),
        sa.Column("user_agent", sa.String(length=400), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gatepost_user.id"], name=op.f("fk_gatepost_session_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gatepost_session")),
    )
    op.create_index(op.f("ix_gatepost_session_expires_at"), "gatepost_session", ["expires_at"], unique=False)
    op.create_index(op.f("ix_gatepost_session_user_id"), "gatepost_session", ["user_id"], unique=False)
    op.create_table(
        "gatepost_user_role",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gatepost_user.id"], name=op.f("fk_gatepost_user_role_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "role", name=op.f("pk_gatepost_user_role")),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(_GUARD_SQLITE)
    else:
        op.execute(_GUARD_FUNCTION)
        op.execute(_GUARD_POSTGRESQL)
