"""An empty folder to work in, and a terminal on a database whose tables are there."""

from pathlib import Path

import pytest

from tests.server.terminal import Terminal


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def is_migrated() -> bool:
    """A command makes the tables, beside those of others."""
    return False


@pytest.fixture
def terminal(database_url: str) -> Terminal:
    made = Terminal(database_url)
    made.says("db", "upgrade")
    return made


@pytest.fixture
def here(sqlite_url: str) -> Terminal:
    """As `terminal`, on SQLite alone: for what no database can make different."""
    made = Terminal(sqlite_url)
    made.says("db", "upgrade")
    return made
