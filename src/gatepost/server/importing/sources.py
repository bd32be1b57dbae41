"""Where records come from: a file of CSV or JSON lines, or any query on any database that SQLAlchemy can reach.

A source is read twice: once to judge every record, once to write them. It is never read whole into memory.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO

from sqlalchemy import Engine, NullPool, create_engine, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from gatepost.server.outcome import NOT_UNDERSTOOD, CommandFailed

_CHUNK = 1_000
_MAX_LINE = 1_000_000
Record = Mapping[str, Any]


class Source(Protocol):
    """Something that yields records, and yields them again when asked again."""

    def columns(self) -> list[str]:
        """Return the names of its columns."""
        ...

    def records(self) -> Iterator[Record]:
        """Yield each record, from the first."""
        ...


@contextmanager
def _opened(path: Path, encoding: str) -> Iterator[TextIO]:
    """Open a file for reading; what it holds that cannot be read is said in a sentence, and not repeated."""
    with path.open(encoding=encoding, newline="") as file:
        try:
            yield file
        except UnicodeDecodeError:
            raise CommandFailed(f"{path.name} is not UTF-8", NOT_UNDERSTOOD) from None
        except csv.Error as error:
            raise CommandFailed(f"{path.name} is no CSV: {error}", NOT_UNDERSTOOD) from None


@dataclass(frozen=True, slots=True)
class CsvSource:
    """A file with a first line of names (RFC 4180), in UTF-8."""

    path: Path

    def columns(self) -> list[str]:
        """Return the names of its columns."""
        with _opened(self.path, "utf-8-sig") as file:
            return list(csv.DictReader(file).fieldnames or [])

    def records(self) -> Iterator[Record]:
        """Yield each record; an empty cell is no value."""
        with _opened(self.path, "utf-8-sig") as file:
            reader = csv.DictReader(file)
            for row in reader:
                if None in row:
                    raise CommandFailed(f"line {reader.line_num} has more cells than names", NOT_UNDERSTOOD)
                yield {name: value if value != "" else None for name, value in row.items()}


@dataclass(frozen=True, slots=True)
class JsonLinesSource:
    """A file with an object on each line."""

    path: Path

    def columns(self) -> list[str]:
        """Return every name that any of its lines has."""
        return sorted({name for record in self.records() for name in record})

    def records(self) -> Iterator[Record]:
        """Yield each record."""
        with _opened(self.path, "utf-8") as file:
            number = 0
            while line := file.readline(_MAX_LINE):
                number += 1
                if not line.strip():
                    continue
                try:
                    record = json.loads(line)
                except (ValueError, RecursionError):
                    record = None
                if not isinstance(record, dict):
                    raise CommandFailed(f"line {number} is no JSON object", NOT_UNDERSTOOD)
                yield record


@dataclass(frozen=True, slots=True)
class QuerySource:
    """The rows of a query."""

    engine: Engine
    query: str

    def columns(self) -> list[str]:
        """Return the names of its columns."""
        with self.engine.connect() as connection:
            return list(connection.execute(text(self.query)).keys())

    def records(self) -> Iterator[Record]:
        """Yield each row."""
        with self.engine.connect() as connection:
            result = connection.execution_options(stream_results=True, yield_per=_CHUNK).execute(text(self.query))
            for row in result.mappings():
                yield dict(row)


def open_source(place: str, *, query: str | None, form: str | None) -> Source:
    """Return the source of a path or a database's address.

    Raises:
        CommandFailed: it cannot be read, or it is not clear how.
    """
    if "://" in place:
        if query is None:
            raise CommandFailed("a database needs --query, for example --query 'SELECT * FROM users'", NOT_UNDERSTOOD)
        return QuerySource(engine_of(place), query)
    path = Path(place)
    if not path.is_file():
        raise CommandFailed(f"there is no file {place}")
    match form or path.suffix.lower().lstrip("."):
        case "csv":
            return CsvSource(path)
        case "jsonl" | "ndjson":
            return JsonLinesSource(path)
        case _:
            raise CommandFailed("say what the file is: --format csv or --format jsonl", NOT_UNDERSTOOD)


def engine_of(address: str) -> Engine:
    """Return an engine for somebody else's database; `sqlite:///` and `postgresql://` need no driver's name.

    Raises:
        CommandFailed: the address cannot be used.
    """
    known = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg", "sqlite+aiosqlite": "sqlite"}
    scheme, _, rest = address.partition("://")
    if scheme.startswith("sqlite") and not Path(rest.lstrip("/") if rest.startswith("/") else rest).exists():
        path = rest.removeprefix("/")
        if not Path(path).is_file():
            raise CommandFailed(f"there is no database {path}")
    try:
        return create_engine(f"{known.get(scheme, scheme)}://{rest}", poolclass=NullPool)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise CommandFailed(f"this address of a database cannot be used ({type(error).__name__})") from None


def explained(error: SQLAlchemyError) -> CommandFailed:
    """Return a sentence for what a database said: its first line, without the statement's values."""
    first = str(getattr(error, "orig", None) or error).partition("\n")[0][:300]
    return CommandFailed(f"the database said: {first}")
