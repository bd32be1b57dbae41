"""People of another system, and whether they can sign in here."""

import asyncio
import csv
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import bcrypt
from sqlalchemy import Engine, NullPool, create_engine

from tests.harness import Running, running
from tests.server.terminal import Terminal

T = TypeVar("T")
WORDS = "plum tuba of a quiet lighthouse"
HASH = bcrypt.hashpw(WORDS.encode(), bcrypt.gensalt(4)).decode()


def old_database(address: str) -> Engine:
    """Return an engine that leaves no connection open."""
    driver = address.replace("postgresql://", "postgresql+psycopg://")
    return create_engine(driver, poolclass=NullPool)


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]]) -> str:
    """Write a CSV file and return its name."""
    found = list(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for row in found for name in row)))
        writer.writeheader()
        writer.writerows(found)
    return path.name


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> str:
    """Write a file of JSON lines and return its name."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path.name


async def statuses(terminal: Terminal, *identifiers: str, password: str = WORDS) -> list[int]:
    """Return what a sign-in of each answers."""
    async with running(str(terminal.settings["database_url"])) as house:
        return [(await house.token(identifier, password)).status_code for identifier in identifiers]


def signed_in(terminal: Terminal, *identifiers: str, password: str = WORDS) -> list[int]:
    """Return what a sign-in of each answers; from a test that has no loop."""
    return asyncio.run(statuses(terminal, *identifiers, password=password))


def arranged(terminal: Terminal, work: Callable[[Running], Awaitable[T]]) -> T:
    """Do something in a running house; from a test that has no loop."""

    async def story() -> T:
        async with running(str(terminal.settings["database_url"])) as house:
            return await work(house)

    return asyncio.run(story())
