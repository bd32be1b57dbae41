"""Our tables for a host's own queries and foreign keys. Read them freely; write through `gate.users`."""

from sqlalchemy import ForeignKey

from gatepost.storage.schema import metadata, session, user, user_role

__all__ = ["metadata", "session", "user", "user_fk", "user_role"]


def user_fk(*, ondelete: str | None = "CASCADE") -> ForeignKey:
    """Return a foreign key to a user's id, for a column of type `sqlalchemy.Uuid` in the host's own metadata.

    Args:
        ondelete: what becomes of the row when its user is deleted; by default it goes too.
    """
    return ForeignKey(user.c.id, ondelete=ondelete)
