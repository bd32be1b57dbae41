"""Moving what refers to the old ids: a column of the application that holds them, or one beside them.

All of it is one transaction of the application's database, and a second run finds nothing left to move.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Integer, MetaData, Table, Uuid, bindparam, cast, update
from sqlalchemy.dialects.postgresql import UUID as POSTGRESQL_UUID
from sqlalchemy.exc import IntegrityError, NoSuchTableError, SQLAlchemyError

from gatepost.core.imports import Importer
from gatepost.server.importing.sources import explained
from gatepost.server.outcome import NOT_UNDERSTOOD, CommandFailed

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Place:
    """A column of the application: `table.column`."""

    table: str
    column: str

    @classmethod
    def of(cls, text: str) -> "Place":
        """Return the place of `table.column`.

        Raises:
            CommandFailed: it is none.
        """
        table, dot, column = text.rpartition(".")
        if not dot or not table or not column:
            raise CommandFailed(f"{text}: write table.column, for example todos.user_id", NOT_UNDERSTOOD)
        return cls(table, column)


async def move(engine: Engine, importer: Importer, place: Place) -> int:
    """Put our ids in the place of the old ones; return how many rows were changed.

    Raises:
        CommandFailed: there is no such column, it cannot hold our ids, or a foreign key forbids it.
    """
    return await _rewrite(engine, importer, place, place.column)


async def fill(engine: Engine, importer: Importer, place: Place, old_id: str) -> int:
    """Write our ids into a column beside the one that holds the old ids (`old_id`); return how many rows."""
    return await _rewrite(engine, importer, place, old_id)


async def _rewrite(engine: Engine, importer: Importer, place: Place, old_id: str) -> int:
    pairs = [pair async for pair in importer.mapping()]
    try:
        with engine.begin() as connection:
            table = _table(connection, place.table)
            return _written(connection, table, place.column, old_id, pairs)
    except IntegrityError as error:
        msg = f"{place.table}.{place.column} is held by a constraint, drop that first: {explained(error)}"
        raise CommandFailed(msg) from None
    except SQLAlchemyError as error:
        raise explained(error) from None


def _table(connection: Connection, name: str) -> Table:
    schema, _, table = name.rpartition(".")
    try:
        return Table(table, MetaData(), autoload_with=connection, schema=schema or None, resolve_fks=False)
    except NoSuchTableError:
        raise CommandFailed(f"there is no table {name}") from None


def _written(connection: Connection, table: Table, column: str, old_id: str, pairs: list[tuple[str, uuid.UUID]]) -> int:
    for name in (column, old_id):
        if name not in table.c:
            raise CommandFailed(f"the table {table.name} has no column {name}")
    target, old = table.c[column], table.c[old_id]
    if isinstance(target.type, Integer):
        raise CommandFailed(
            f"{table.name}.{column} holds integers, and an id of Gatepost is a UUID: keep the column, and fill "
            "another one beside it (--fill)"
        )
    given: Any = bindparam("old_value")
    wanted = given if not isinstance(old.type, Integer) else cast(given, Integer)
    statement = update(table).where(old == wanted).values({target: bindparam("new_value")})
    count = 0
    for start in range(0, len(pairs), _BATCH):
        batch: list[dict[str, Any]] = [
            {"old_value": _as_in(old.type, foreign_id), "new_value": _as_stored(connection, target.type, user_id)}
            for foreign_id, user_id in pairs[start : start + _BATCH]
        ]
        for values in batch:
            count += connection.execute(statement, values).rowcount
    return count


def _as_in(kind: Any, foreign_id: str) -> Any:  # noqa: ANN401 - a type of SQLAlchemy's, and a value of it
    if isinstance(kind, (Uuid, POSTGRESQL_UUID)):
        return uuid.UUID(foreign_id)
    return int(foreign_id) if isinstance(kind, Integer) else foreign_id


def _as_stored(connection: Connection, kind: Any, user_id: uuid.UUID) -> Any:  # noqa: ANN401 - likewise
    """Return an id as `sqlalchemy.Uuid` keeps it in such a column: native, or 32 digits where there is no such type."""
    if isinstance(kind, (Uuid, POSTGRESQL_UUID)):
        return user_id
    return user_id.hex if connection.dialect.name == "sqlite" else str(user_id)
