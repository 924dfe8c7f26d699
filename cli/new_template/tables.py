"""Reads the facts about tables: from information_schema, and codes from the newest rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from cli.new_template.quoting import quoted
from handler.model import Row, Value
from handler.ports import Database

_MOST: Final = 5_000  # tables, or columns of one table
# This many rows show which codes are in use, however large the table is.
_NEWEST: Final = 1_000
_FEW: Final = 12

_TABLES: Final = (
    "SELECT table_name AS name, table_rows AS estimate, table_comment AS comment, table_type AS type"
    " FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name LIMIT %(most)s"
)
_COLUMNS: Final = (
    "SELECT column_name AS name, data_type AS type, column_type AS written, is_nullable AS nullable,"
    " column_comment AS comment, character_maximum_length AS width FROM information_schema.columns"
    " WHERE table_schema = DATABASE() AND table_name = %(of_table)s ORDER BY ordinal_position"
)
_UNIQUE: Final = (
    "SELECT index_name AS name, column_name AS indexed FROM information_schema.statistics"
    " WHERE table_schema = DATABASE() AND table_name = %(of_table)s AND non_unique = 0"
    " ORDER BY index_name, seq_in_index"
)
_REFERENCES: Final = (
    "SELECT column_name AS name, referenced_table_name AS to_table, referenced_column_name AS to_column"
    " FROM information_schema.key_column_usage WHERE table_schema = DATABASE() AND table_name = %(of_table)s"
    " AND referenced_table_schema = DATABASE()"
)
_PRIMARY: Final = "PRIMARY"


@dataclass(frozen=True, slots=True)
class TableName:
    """A table or view in the list, with its approximate number of rows (None: unknown) and its comment."""

    name: str
    rows: int | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `type` is its data type in small letters, `written` as in CREATE TABLE, `width` the most characters."""

    name: str
    type: str
    written: str
    nullable: bool = False
    comment: str = ""
    width: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its columns, in order.

    `primary` are the columns of its primary key, `unique` the columns that are unique on their own. `references` has
    the table and column of each foreign key.
    """

    name: str
    comment: str
    columns: tuple[Column, ...]
    primary: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    references: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def column(self, name: str) -> Column | None:
        """Return a column. The server ignores the case of its name."""
        return next((one for one in self.columns if one.name.casefold() == name.casefold()), None)


def names(database: Database, name: str) -> tuple[TableName, ...]:
    """Return the tables and views of a database. Raises SourceError."""
    rows = database.select(name, _TABLES, {"most": _MOST}, _MOST)
    return tuple(_named(row) for row in rows)


def _named(row: Row) -> TableName:
    is_view = "VIEW" in str(row["type"])
    estimate = None if row["estimate"] is None else int(str(row["estimate"]))
    return TableName(str(row["name"]), estimate, "" if is_view else str(row["comment"] or ""))


def read(database: Database, name: str, table: TableName) -> Table:
    """Return the facts about a table. Raises SourceError."""
    asked: dict[str, Value] = {"of_table": table.name}
    columns = tuple(_column(row) for row in database.select(name, _COLUMNS, asked, _MOST))
    indexes: dict[str, list[str]] = {}
    for row in database.select(name, _UNIQUE, asked, _MOST):
        indexes.setdefault(str(row["name"]), []).append(str(row["indexed"] or ""))
    references = {
        str(row["name"]): (str(row["to_table"]), str(row["to_column"]))
        for row in database.select(name, _REFERENCES, asked, _MOST)
    }
    primary = tuple(indexes.pop(_PRIMARY, ()))
    required = {one.name for one in columns if not one.nullable}
    single = [primary, *map(tuple, indexes.values())]
    unique = tuple(found[0] for found in single if len(found) == 1 and found[0] in required)
    return Table(table.name, table.comment, columns, primary, unique, references)


def _column(row: Row) -> Column:
    return Column(
        str(row["name"]),
        str(row["type"]).lower(),
        str(row["written"]),
        str(row["nullable"]).upper() == "YES",
        str(row["comment"] or ""),
        int(str(row["width"] or 0)),
    )


def newest_id(database: Database, name: str, table: Table, column: str) -> int | str | None:
    """Return the highest value of a column; None if the table has no row. Raises SourceError."""
    key = _literal(column)
    sql = f"SELECT {key} AS found FROM {_literal(table.name)} ORDER BY {key} DESC LIMIT 1"  # noqa: S608 - its own names
    rows = database.select(name, sql, {}, 1)
    found = rows[0]["found"] if rows else None
    return found if isinstance(found, int) or found is None else str(found)


def codes(
    database: Database, name: str, table: Table, key: str, wanted: Iterable[Column]
) -> dict[str, tuple[int, ...]]:
    """Return the different numbers of these columns in the newest rows, if they are few. Raises SourceError."""
    columns = [one.name for one in wanted]
    if not columns or key not in table.unique:
        return {}
    selected = ", ".join(f"{_literal(one)} AS c{at}" for at, one in enumerate(columns))
    newest = f"FROM {_literal(table.name)} ORDER BY {_literal(key)} DESC LIMIT {_NEWEST}"
    rows = database.select(name, f"SELECT {selected} {newest}", {}, _NEWEST)
    found = {one: {row[f"c{at}"] for row in rows} - {None} for at, one in enumerate(columns)}
    return {
        one: tuple(sorted(int(str(value)) for value in values)) for one, values in found.items() if len(values) <= _FEW
    }


def _literal(name: str) -> str:
    """Return a name for SQL with `%` doubled, because the driver formats the statement."""
    return quoted(name).replace("%", "%%")
