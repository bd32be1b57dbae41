"""Which failures of a driver mean «the store cannot be reached», as opposed to a mistake of ours."""

import logging
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from gatepost.kernel.errors import Unavailable

_log = logging.getLogger("gatepost.storage")


def _first_line(error: BaseException) -> str:
    """Return what a driver says, without the statement and its parameters."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0][:200]


_ALWAYS: tuple[type[BaseException], ...] = (
    sqlite3.OperationalError,
    exc.OperationalError,
    exc.InterfaceError,
    exc.TimeoutError,
    OSError,
    TimeoutError,
)
_OF_THE_EXTRA = (
    ("psycopg", ("OperationalError", "InterfaceError")),
    ("psycopg.errors", ("ReadOnlySqlTransaction",)),  # a primary that has become a standby
    ("psycopg_pool", ("PoolTimeout", "PoolClosed")),
)


def is_unreachable(error: BaseException) -> bool:
    """Whether an error means that the store cannot be reached; asks for no driver that is not loaded already."""
    if isinstance(error, _ALWAYS):
        return True
    for module, names in _OF_THE_EXTRA:
        loaded = sys.modules.get(module)
        if loaded is not None and isinstance(error, tuple(getattr(loaded, name) for name in names)):
            return True
    wrapped = getattr(error, "orig", None)  # SQLAlchemy's, around the driver's
    return isinstance(wrapped, BaseException) and is_unreachable(wrapped)


@contextmanager
def unavailable_when_unreachable() -> Iterator[None]:
    """Turn the driver's ways of saying «not now» into one refusal with a status of its own."""
    try:
        yield
    except Exception as error:
        if not is_unreachable(error):
            raise
        _log.warning("the store cannot be reached: %s: %s", type(error).__name__, _first_line(error))
        raise Unavailable(type(error).__name__, retry_after=1) from error


def is_conflict(error: BaseException) -> bool:
    """Whether somebody else wrote at the same moment what may exist only once, so that trying again sees it."""
    if isinstance(error, sqlite3.IntegrityError):
        return True
    loaded = sys.modules.get("psycopg.errors")
    return loaded is not None and isinstance(error, loaded.UniqueViolation)
