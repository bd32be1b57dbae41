"""Our tables with nothing in them, made once a process by the migrations and copied for each test.

Migrations cost more than most tests. What could go wrong: a test of migrations that finds everything done would prove
nothing, so those say that their databases are not migrated (`is_migrated` in `conftest.py`).
"""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import NullPool, create_engine

from gatepost.storage.migrate import upgrade


def make_tables(database_url: str) -> None:
    """Migrate a database by a connection that is gone afterwards."""
    with create_engine(database_url, poolclass=NullPool).begin() as connection:
        upgrade(connection)


@cache
def migrated_sqlite() -> bytes:
    """Return the content of a database file of SQLite."""
    with TemporaryDirectory(prefix="gatepost-") as folder:
        file = Path(folder) / "tables.db"
        make_tables(f"sqlite:///{file}")
        return file.read_bytes()
