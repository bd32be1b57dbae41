"""The table of notes."""

import sqlalchemy as sa
from alembic import op

from gatepost.tables import user_fk

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "note",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("author_id", sa.Uuid, user_fk(), nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
    )
    op.create_index("ix_note_author_id", "note", ["author_id"])


def downgrade() -> None:
    op.drop_table("note")
