"""Which failures of a driver mean «the store cannot be reached», as opposed to a mistake of ours."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from gatepost.kernel.errors import Unavailable

_log = logging.getLogger("gatepost.storage")


def _first_line(error: BaseException) -> str:
    """Return what a driver says, without the statement and its parameters."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0][:200]


def _unreachable() -> tuple[type[BaseException], ...]:
    found: list[type[BaseException]] = [
        sqlite3.OperationalError,
        exc.OperationalError,
        exc.InterfaceError,
        exc.TimeoutError,
        OSError,
        TimeoutError,
    ]
    try:
        import psycopg  # noqa: PLC0415 - an extra
        import psycopg_pool  # noqa: PLC0415 - an extra
    except ImportError:
        return tuple(found)
    return (*found, psycopg.OperationalError, psycopg.InterfaceError, psycopg_pool.PoolTimeout, psycopg_pool.PoolClosed)


UNREACHABLE = _unreachable()


@contextmanager
def unavailable_when_unreachable() -> Iterator[None]:
    """Turn the driver's ways of saying «not now» into one refusal with a status of its own."""
    try:
        yield
    except UNREACHABLE as error:
        _log.warning("the store cannot be reached: %s: %s", type(error).__name__, _first_line(error))
        raise Unavailable(type(error).__name__, retry_after=1) from error
