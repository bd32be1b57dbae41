"""A folder to work in and a terminal in it."""

from pathlib import Path

import pytest

from tests.server.terminal import Terminal


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory: no `.env`, no database, no secret of the developer's."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def is_migrated() -> bool:
    """Commands make the tables, or a start in development does."""
    return False


@pytest.fixture
def terminal(sqlite_url: str) -> Terminal:
    """A terminal on a database file that does not exist yet, in development."""
    return Terminal(sqlite_url)
