"""`gatepost db backup`: a whole copy of a SQLite database, while it is in use."""

import asyncio
import sqlite3
import stat
from pathlib import Path

import pytest

from tests.harness import PASSWORD, running
from tests.imports.people import statuses
from tests.server.terminal import Terminal


@pytest.mark.anyio
async def test_a_copy_made_under_load_is_whole_and_its_owner_s_alone(here: Terminal, folder: Path) -> None:
    async with running(str(here.settings["database_url"])) as house:
        await house.register("first@example.com")
        writers = [asyncio.create_task(house.register(f"user{number}@example.com")) for number in range(40)]
        said = await here.aside("db", "backup", "copy.db")
        await asyncio.gather(*writers)
    copy = folder / "copy.db"
    assert said == f"{copy.stat().st_size} bytes written to copy.db"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with sqlite3.connect(copy) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        users, passwords = (
            connection.execute(f"SELECT count(*) FROM gatepost_{name}").fetchone()[0] for name in ("user", "password")
        )
        assert users == passwords >= 1  # no half of a transaction
    assert await statuses(Terminal(f"sqlite:///{copy}"), "first@example.com", password=PASSWORD) == [200]
    assert not (folder / "copy.db.part").exists()


@pytest.mark.parametrize("taken", ["copy.db", "copy.db.part"])
def test_it_overwrites_nothing(taken: str, here: Terminal, folder: Path) -> None:
    (folder / taken).write_text("mine")
    result = here("db", "backup", "copy.db")
    assert (result.exit_code, "exists already" in result.stderr) == (1, True)
    assert (folder / taken).read_text() == "mine"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [("sqlite:///nowhere.db", "there is no database"), ("postgresql://localhost:1/x", "pg_dump")],
)
def test_what_it_is_not_for_is_said(url: str, sentence: str) -> None:
    result = Terminal(url)("db", "backup", "copy.db")
    assert (result.exit_code, sentence in result.stderr) == (1, True)
