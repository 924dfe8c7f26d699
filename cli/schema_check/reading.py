"""Reads facts from a database: tables from information_schema, and plans of SELECTs with EXPLAIN."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from cli.schema_check.schema import Column, Schema, Table
from handler.errors import SourceError
from handler.model import Row, Value
from handler.ports import Database

# The most table names for suggestions; and for how many tables at a time the columns are read.
MAX_TABLES: Final = 5_000
_AT_A_TIME: Final = 20
_MOST: Final = 10_000

_NAMES: Final = (
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()"
    " ORDER BY table_name LIMIT %(most)s"
)
_COLUMNS: Final = (
    "SELECT table_name AS of_table, column_name AS name, data_type AS type, column_type AS written,"
    " is_nullable AS nullable, character_maximum_length AS width FROM information_schema.columns"
    " WHERE table_schema = DATABASE() AND table_name IN ({}) ORDER BY table_name, ordinal_position"
)
_INDEXES: Final = (
    "SELECT table_name AS of_table, index_name AS name, column_name AS indexed FROM information_schema.statistics"
    " WHERE table_schema = DATABASE() AND table_name IN ({}) ORDER BY table_name, index_name, seq_in_index"
)
# The column name for an index on an expression, which has no column. No real column has it.
_EXPRESSION: Final = "(expression)"


def read_schema(database: Database, name: str, wanted: Collection[str]) -> Schema:
    """Return the facts about the `wanted` tables, and the names of all tables. Raises SourceError."""
    names = tuple(_text(row["name"]) for row in database.select(name, _NAMES, {"most": MAX_TABLES}, MAX_TABLES))
    folded = {one.casefold() for one in wanted}
    known = [one for one in names if one.casefold() in folded] if len(names) < MAX_TABLES else [*wanted]
    columns: dict[str, dict[str, Column]] = defaultdict(dict)
    for row in _of_tables(database, name, _COLUMNS, known):
        column = _column(row)
        columns[_text(row["of_table"])][column.name.lower()] = column
    indexes: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in _of_tables(database, name, _INDEXES, known):
        indexes[_text(row["of_table"])][_text(row["name"])].append(_text(row["indexed"] or _EXPRESSION).lower())
    tables = {
        one: Table(one, found, tuple(tuple(each) for each in indexes[one].values())) for one, found in columns.items()
    }
    return Schema(tables, names)


def _of_tables(database: Database, name: str, sql: str, tables: list[str]) -> Iterator[Row]:
    for start in range(0, len(tables), _AT_A_TIME):
        bound: dict[str, Value] = {f"t{at}": one for at, one in enumerate(tables[start : start + _AT_A_TIME])}
        yield from database.select(name, sql.format(_placeholders(bound)), bound, _MOST)


def _placeholders(bound: Iterable[str]) -> str:
    return ", ".join(f"%({one})s" for one in bound)


def _column(row: Row) -> Column:
    width = row["width"]
    found = Column(
        _text(row["name"]), _text(row["type"]).lower(), _text(row["written"]), _text(row["nullable"]).upper() == "YES"
    )
    if width is None or found.kind != "text":
        return found
    return Column(found.name, found.type, found.written, found.nullable, int(str(width)))


def _text(value: Any) -> str:
    return str(value)


def plan(database: Database, name: str, sql: str, parameters: Mapping[str, Value]) -> list[Row]:
    """Return the steps of a SELECT's plan. Raises SourceError, as the SELECT itself would."""
    return database.select(name, f"EXPLAIN FORMAT=TRADITIONAL {sql}", parameters, _MOST)


def highest(database: Database, name: str, table: str, column: str) -> Value:
    """Return the highest value of an indexed column; None if there is none, or it cannot be a parameter.

    Raises SourceError.
    """
    quoted = [f"`{one.replace('`', '``')}`".replace("%", "%%") for one in (column, table)]
    try:
        rows = database.select(name, "SELECT MAX({}) AS found FROM {}".format(*quoted), {}, 1)  # noqa: S608 - its own names
    except SourceError as error:
        if error.code == "ROW_VALUE_UNSUPPORTED":  # such as an id in BINARY(16)
            return None
        raise
    return rows[0]["found"] if rows else None
