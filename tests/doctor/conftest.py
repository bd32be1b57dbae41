"""An empty folder to work in: no `.env`, no secret, no database of the developer's."""

from pathlib import Path

import pytest


@pytest.fixture
def is_migrated() -> bool:
    """A command makes the tables."""
    return False


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path
