"""Proofs by mail, devices, roles with permissions, API keys."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_REFUSE = "SELECT RAISE(ABORT, 'gatepost_audit is append-only');"
_PRUNED = "(SELECT position FROM gatepost_audit_mark WHERE name = 'pruned')"
_IS_PRUNED = f"""
EXISTS (SELECT 1 FROM gatepost_audit_link WHERE audit_id = OLD.id AND position <= {_PRUNED})
"""  # noqa: S608 - constants
# `INSERT OR REPLACE` deletes without asking the triggers of DELETE.
_TRIGGERS_SQLITE = {
    "gatepost_audit_is_queued AFTER INSERT ON gatepost_audit": (
        "INSERT INTO gatepost_audit_queue (audit_id) VALUES (NEW.id);"
    ),
    "gatepost_audit_is_not_replaced BEFORE INSERT ON gatepost_audit "
    "WHEN EXISTS (SELECT 1 FROM gatepost_audit WHERE id = NEW.id)": _REFUSE,
    f"gatepost_audit_is_kept BEFORE DELETE ON gatepost_audit WHEN NOT {_IS_PRUNED}": _REFUSE,
    "gatepost_audit_link_is_append_only BEFORE UPDATE ON gatepost_audit_link": _REFUSE,
    f"gatepost_audit_link_is_kept BEFORE DELETE ON gatepost_audit_link WHEN OLD.position > coalesce({_PRUNED}, 0)": (
        _REFUSE
    ),
    "gatepost_audit_mark_goes_on BEFORE UPDATE ON gatepost_audit_mark WHEN NEW.position < OLD.position": _REFUSE,
    "gatepost_audit_mark_is_kept BEFORE DELETE ON gatepost_audit_mark": _REFUSE,
}
_TRIGGERS_POSTGRESQL = f"""
CREATE FUNCTION gatepost_audit_enqueue() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO gatepost_audit_queue (audit_id) VALUES (NEW.id); RETURN NULL; END $$;
CREATE FUNCTION gatepost_audit_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF {_IS_PRUNED} THEN RETURN OLD; END IF;
RAISE EXCEPTION 'gatepost_audit is append-only'; END $$;
CREATE FUNCTION gatepost_audit_keep_link() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF OLD.position <= {_PRUNED} THEN RETURN OLD; END IF;
RAISE EXCEPTION 'gatepost_audit is append-only'; END $$;
CREATE TRIGGER gatepost_audit_is_queued AFTER INSERT ON gatepost_audit
FOR EACH ROW EXECUTE FUNCTION gatepost_audit_enqueue();
CREATE TRIGGER gatepost_audit_is_kept BEFORE DELETE ON gatepost_audit
FOR EACH ROW EXECUTE FUNCTION gatepost_audit_keep();
CREATE TRIGGER gatepost_audit_is_not_emptied BEFORE TRUNCATE ON gatepost_audit
FOR EACH STATEMENT EXECUTE FUNCTION gatepost_refuse_change();
CREATE TRIGGER gatepost_audit_link_is_append_only BEFORE UPDATE ON gatepost_audit_link
FOR EACH ROW EXECUTE FUNCTION gatepost_refuse_change();
CREATE TRIGGER gatepost_audit_link_is_kept BEFORE DELETE ON gatepost_audit_link
FOR EACH ROW EXECUTE FUNCTION gatepost_audit_keep_link();
CREATE TRIGGER gatepost_audit_link_is_not_emptied BEFORE TRUNCATE ON gatepost_audit_link
FOR EACH STATEMENT EXECUTE FUNCTION gatepost_refuse_change();
CREATE TRIGGER gatepost_audit_mark_goes_on BEFORE UPDATE ON gatepost_audit_mark
FOR EACH ROW WHEN (NEW.position < OLD.position) EXECUTE FUNCTION gatepost_refuse_change();
CREATE TRIGGER gatepost_audit_mark_is_kept BEFORE DELETE ON gatepost_audit_mark
FOR EACH ROW EXECUTE FUNCTION gatepost_refuse_change();
"""  # noqa: S608 - constants


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
    _add_seals()


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
        sa.Column("bound_session", sa.Uuid(), nullable=True),
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
            op.alter_column("gatepost_user", name, type_=sa.String(length, collation="C"))


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


def _add_seals() -> None:
    op.create_index("ix_gatepost_audit_actor", "gatepost_audit", ["actor_id", "at"], unique=False)
    op.create_table(
        "gatepost_audit_queue",
        sa.Column("audit_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_gatepost_audit_queue")),
    )
    op.create_table(
        "gatepost_audit_link",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("audit_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_at", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.String(length=8), nullable=False),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_gatepost_audit_link")),
        sa.UniqueConstraint("audit_id", name=op.f("uq_gatepost_audit_link_audit_id")),
    )
    op.create_table(
        "gatepost_audit_mark",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.String(length=8), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=32), nullable=False),
        sa.Column("leased_by", sa.Uuid(), nullable=True),
        sa.Column("leased_until", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_gatepost_audit_mark")),
    )
    op.create_table(
        "gatepost_audit_key",
        sa.Column("id", sa.String(length=8), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gatepost_audit_key")),
    )
    op.execute("INSERT INTO gatepost_audit_queue (audit_id) SELECT id FROM gatepost_audit")
    if op.get_bind().dialect.name == "sqlite":
        for head, body in _TRIGGERS_SQLITE.items():
            op.execute(f"CREATE TRIGGER {head} BEGIN {body} END")
    else:
        op.execute(_TRIGGERS_POSTGRESQL)
