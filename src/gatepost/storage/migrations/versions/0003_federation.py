"""Signing in with others."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# What fastapi-users calls the providers whose ids of accounts are the subjects that Gatepost sees.
_ISSUERS = {
    "google": "https://accounts.google.com",
    "github": "https://github.com",
    "discord": "https://discord.com",
}


def upgrade() -> None:
    """Apply."""
    _name_issuers()
    _add_requests()
    _add_sessions()
    _add_tokens()
    _add_logouts()


def _name_issuers() -> None:
    with op.batch_alter_table("gatepost_identity") as batch:
        batch.alter_column(
            "provider",
            new_column_name="issuer",
            existing_type=sa.String(length=100),
            existing_nullable=False,
            type_=sa.String(length=255),
        )
    with op.batch_alter_table("gatepost_identity") as batch:  # another one: the first takes this name away
        batch.add_column(sa.Column("provider", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("name", sa.String(length=200), nullable=True))
        batch.add_column(sa.Column("used_at", sa.BigInteger(), nullable=True))
    identity = sa.table("gatepost_identity", sa.column("issuer", sa.String))
    for name, issuer in _ISSUERS.items():
        op.execute(sa.update(identity).where(identity.c.issuer == name).values(issuer=issuer))


def _add_requests() -> None:
    op.create_table(
        "gatepost_federation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("return_to", sa.Text(), nullable=True),
        sa.Column("error_to", sa.Text(), nullable=True),
        sa.Column("redirect_uri", sa.Text(), nullable=True),
        sa.Column("client_state", sa.Text(), nullable=True),
        sa.Column("code_challenge", sa.String(length=64), nullable=True),
        sa.Column("scope", sa.Text(), nullable=True),
        sa.Column("max_age", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("identity_id", sa.Uuid(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=True),
        sa.Column("upstream_sid", sa.String(length=255), nullable=True),
        sa.Column("parked", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("consumed_at", sa.BigInteger(), nullable=True),
        sa.Column("redeemed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["gatepost_user.id"], name=op.f("fk_gatepost_federation_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gatepost_federation")),
    )
    op.create_index(op.f("ix_gatepost_federation_expires_at"), "gatepost_federation", ["expires_at"], unique=False)
    op.create_index(op.f("ix_gatepost_federation_user_id"), "gatepost_federation", ["user_id"], unique=False)


def _add_sessions() -> None:
    table = "gatepost_identity_session"
    op.create_table(
        table,
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("identity_id", sa.Uuid(), nullable=False),
        sa.Column("upstream_sid", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["gatepost_session.id"], name=op.f(f"fk_{table}_session_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["gatepost_identity.id"], name=op.f(f"fk_{table}_identity_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_identity_id"), table, ["identity_id"], unique=False)
    op.create_index(op.f(f"ix_{table}_upstream_sid"), table, ["upstream_sid"], unique=False)


def _add_tokens() -> None:
    table = "gatepost_provider_token"
    op.create_table(
        table,
        sa.Column("identity_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("leased_until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["gatepost_identity.id"], name=op.f(f"fk_{table}_identity_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("identity_id", name=op.f(f"pk_{table}")),
    )


def _add_logouts() -> None:
    table = "gatepost_upstream_logout"
    op.create_table(
        table,
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("jti", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=320), nullable=True),
        sa.Column("upstream_sid", sa.String(length=255), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "jti", name=op.f(f"pk_{table}")),
    )
    for column in ("subject", "upstream_sid", "expires_at"):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)
