"""The table of todos."""

import sqlalchemy as sa
from alembic import op

from gatepost.tables import user_fk

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create it, with the index that the list reads: one owner, newest first."""
    op.create_table(
        "todo",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("owner_id", sa.Uuid, user_fk(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("done", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_todo_owner_id_id", "todo", ["owner_id", "id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("todo")
