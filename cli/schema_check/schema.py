"""The facts about a database that the checks use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["number", "text", "other"]

# Names of types in information_schema: those that hold numbers, and those that hold text.
_NUMBERS: Final = frozenset(
    {"tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double", "year", "bit"}
)
_TEXTS: Final = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"})


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `written` is its type as in CREATE TABLE, `width` the most characters of a text.

    `width` is None for other types.
    """

    name: str
    type: str
    written: str
    nullable: bool
    width: int | None = None

    @property
    def kind(self) -> Kind:
        """Return how the server compares it: as a number, a text, or otherwise."""
        return "number" if self.type in _NUMBERS else "text" if self.type in _TEXTS else "other"


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view. `columns` are by name in small letters; `indexes` has the columns of each index."""

    name: str
    columns: Mapping[str, Column]
    indexes: tuple[tuple[str, ...], ...] = ()

    def column(self, name: str) -> Column | None:
        """Return a column. The server ignores the case of its name."""
        return self.columns.get(name.lower())


@dataclass(frozen=True, slots=True)
class Schema:
    """A database. `tables` has those that templates read, by their exact names; `names` are those of all tables."""

    tables: Mapping[str, Table] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    def table(self, name: str) -> Table | None:
        """Return a table by name. Whether case matters depends on the server, which checks it itself."""
        folded = {one.casefold(): table for one, table in self.tables.items()}
        return self.tables.get(name) or folded.get(name.casefold())
