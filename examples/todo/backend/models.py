"""The app's own table. Users belong to Gatepost; a todo points at its owner by foreign key.

What could go wrong: naming Gatepost's table by string would break the day it is renamed, hence `user_fk()`.
"""

import datetime as dt
import uuid

from sqlalchemy import DateTime, Index, String, Uuid, false, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gatepost.tables import user_fk

TITLE_MAX = 200
ID_MAX = 2**31 - 1


class Base(DeclarativeBase):
    """The app's metadata, apart from Gatepost's."""


class Todo(Base):
    """One thing to do, seen by its owner only."""

    __tablename__ = "todo"
    # AUTOINCREMENT: a deleted id is never given to another todo.
    __table_args__ = (Index("ix_todo_owner_id_id", "owner_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[uuid.UUID] = mapped_column(Uuid, user_fk())
    title: Mapped[str] = mapped_column(String(TITLE_MAX))
    done: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
