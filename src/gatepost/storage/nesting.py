"""A transaction inside a transaction is refused.

On SQLite it would wait for itself for ever, on PostgreSQL it would not be atomic with the one around it. A listener
that runs within a transaction uses the connection that it is given.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class _Transaction:
    """One that is under way; tasks that are started in it see it, and see it end."""

    is_open = True


_around: ContextVar[_Transaction | None] = ContextVar("gatepost_transaction", default=None)


def refuse_nesting() -> None:
    """Refuse to begin to write where a transaction is open around.

    Raises:
        RuntimeError: always a mistake in a program.
    """
    around = _around.get()
    if around is not None and around.is_open:
        msg = "this runs within a transaction of Gatepost: use the connection that the listener is given"
        raise RuntimeError(msg)


@contextmanager
def inside_transaction() -> Iterator[None]:
    """Mark the block as the inside of a transaction."""
    refuse_nesting()
    transaction = _Transaction()
    token = _around.set(transaction)
    try:
        yield
    finally:
        transaction.is_open = False
        _around.reset(token)
