"""A transaction inside a transaction is refused.

On SQLite it would wait for itself for ever, on PostgreSQL it would not be atomic with the one around it. A listener
that runs within a transaction uses the connection that it is given.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_is_inside: ContextVar[bool] = ContextVar("gatepost_transaction", default=False)


def refuse_nesting() -> None:
    """Refuse to begin to write where the same task has a transaction open.

    Raises:
        RuntimeError: always a mistake in a program.
    """
    if _is_inside.get():
        msg = "this runs within a transaction of Gatepost: use the connection that the listener is given"
        raise RuntimeError(msg)


@contextmanager
def inside_transaction() -> Iterator[None]:
    """Mark the block as the inside of a transaction."""
    refuse_nesting()
    token = _is_inside.set(True)
    try:
        yield
    finally:
        _is_inside.reset(token)
