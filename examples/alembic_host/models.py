"""The application's own table, which points at Gatepost's users."""

import uuid

from sqlalchemy import String, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gatepost.tables import user_fk


class Base(DeclarativeBase):
    """The application's metadata, apart from Gatepost's."""


class Note(Base):
    """One note of one user; it goes when its user goes."""

    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[uuid.UUID] = mapped_column(Uuid, user_fk(), index=True)
    text: Mapped[str] = mapped_column(String(500))
