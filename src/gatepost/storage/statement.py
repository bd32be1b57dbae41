"""Statements of SQLAlchemy Core, compiled once per dialect and run straight on the driver.

SQLAlchemy's asynchronous execution costs about a millisecond of CPU a statement; what it gives (portable SQL, typed
columns) is kept here at a hundredth of that. A statement has no state; values come by name at each run.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Text, bindparam
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement

Row = tuple[Any, ...]
Values = Mapping[str, Any]
CLOCK_OFFSET = "gp_clock_offset_ms"


@cache
def _dialect(name: str) -> tuple[Dialect, Callable[[Any], Any]]:
    """Return a dialect and its `insert`; the modules of the other one, some MB, are not loaded."""
    if name == "sqlite":
        from sqlalchemy.dialects import sqlite  # noqa: PLC0415 - see above

        return sqlite.dialect(paramstyle="named"), sqlite.insert
    from sqlalchemy.dialects.postgresql import insert, psycopg  # noqa: PLC0415 - see above

    made: Dialect = psycopg.dialect()  # type: ignore[no-untyped-call]
    return made, insert


class _DatabaseNow(FunctionElement[int]):
    """The database's clock in milliseconds; the same value throughout one statement."""

    type = BigInteger()
    inherit_cache = True


@compiles(_DatabaseNow, "sqlite")
def _sqlite_now(*_: object, **__: object) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000.0 AS INTEGER)"


@compiles(_DatabaseNow, "postgresql")
def _postgresql_now(*_: object, **__: object) -> str:
    return "CAST(extract(epoch FROM statement_timestamp()) * 1000 AS BIGINT)"


class CurrentXid(FunctionElement[int]):
    """The id of the running transaction (PostgreSQL); 0 where writers are serialized and ids need none (SQLite)."""

    type = BigInteger()
    inherit_cache = True


@compiles(CurrentXid, "sqlite")
def _sqlite_xid(*_: object, **__: object) -> str:
    return "0"


@compiles(CurrentXid, "postgresql")
def _postgresql_xid(*_: object, **__: object) -> str:
    return "CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)"


class JoinedWords(FunctionElement[str]):
    """Every value of a column of words, separated by spaces; NULL where there is none."""

    type = Text()
    inherit_cache = True


@compiles(JoinedWords, "sqlite")
def _sqlite_words(element: JoinedWords, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"group_concat({compiler.process(element.clauses, **options)}, ' ')"


@compiles(JoinedWords, "postgresql")
def _postgresql_words(element: JoinedWords, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"string_agg({compiler.process(element.clauses, **options)}, ' ')"


def store_now_ms() -> ColumnElement[int]:
    """Return the SQL expression for the store's clock: the database's, moved by the injected clock's offset."""
    return _DatabaseNow() + bindparam(CLOCK_OFFSET, type_=BigInteger)


class Statement:
    """One statement of Core with named parameters (`bindparam`), ready to run on either driver.

    Args:
        source: a statement, or a function from the dialect's `insert` to one (for `ON CONFLICT`).
    """

    __slots__ = ("_compiled", "_source")

    def __init__(self, source: Any) -> None:  # noqa: ANN401 - any executable of Core, or a function that makes one
        self._source = source
        self._compiled: dict[str, Compiled] = {}

    def on(self, dialect_name: str) -> "Compiled":
        """Return the statement as compiled for `sqlite` or `postgresql`."""
        found = self._compiled.get(dialect_name)
        if found is None:
            source, (dialect, insert) = self._source, _dialect(dialect_name)
            statement = source(insert) if callable(source) else source
            found = self._compiled[dialect_name] = Compiled(statement, dialect)
        return found


Step = tuple[Statement, Values]


class Compiled:
    """SQL text, the conversion of its parameters, and the conversion of its rows."""

    __slots__ = ("_binders", "_constants", "_processors", "_takes_clock", "returns_rows", "sql")

    def __init__(self, statement: Any, dialect: Dialect) -> None:  # noqa: ANN401 - any executable of Core
        compiled: SQLCompiler = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        self._constants: dict[str, Any] = {}
        self._binders: dict[str, Callable[[Any], Any]] = {}
        self._takes_clock = CLOCK_OFFSET in compiled.binds
        for name, parameter in compiled.binds.items():
            process = parameter.type.dialect_impl(dialect).bind_processor(dialect)
            if process is not None:
                self._binders[name] = process
            if not parameter.required and name != CLOCK_OFFSET:
                value = parameter.effective_value
                self._constants[name] = process(value) if process is not None else value
        columns = list(statement.exported_columns) if hasattr(statement, "exported_columns") else []
        self.returns_rows = bool(columns)
        found = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._processors = found if any(found) else None

    def parameters(self, values: Values, clock_offset_ms: int) -> dict[str, Any]:
        """Return the driver's parameters."""
        result = dict(self._constants)
        for name, value in values.items():
            process = self._binders.get(name)
            result[name] = value if process is None else process(value)
        if self._takes_clock:
            result[CLOCK_OFFSET] = clock_offset_ms
        return result

    def rows(self, raw: Sequence[Row]) -> list[Row]:
        """Return the rows with every value in its Python type."""
        processors = self._processors
        if processors is None:
            return list(raw)
        return [
            tuple(value if process is None else process(value) for value, process in zip(row, processors, strict=True))
            for row in raw
        ]
