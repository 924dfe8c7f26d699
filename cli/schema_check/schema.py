"""The facts about a database that the checks need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["number", "text", "other"]

# The names of information_schema for types that hold numbers, and for those that hold characters.
_NUMBERS: Final = frozenset(
    {"tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double", "year", "bit"}
)
_TEXTS: Final = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"})


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `written` is its type as CREATE TABLE has it, `width` the most characters of a text.

    `width` is None for everything that is no text.
    """

    name: str
    type: str
    written: str
    nullable: bool
    width: int | None = None

    @property
    def kind(self) -> Kind:
        """How the server compares it."""
        return "number" if self.type in _NUMBERS else "text" if self.type in _TEXTS else "other"


@dataclass(frozen=True, slots=True)
class Table:
    """A table or a view. `columns` are by their names in small letters; `indexes` has the columns of each index."""

    name: str
    columns: Mapping[str, Column]
    indexes: tuple[tuple[str, ...], ...] = ()

    def column(self, name: str) -> Column | None:
        """Return a column. The case of its name does not matter to the server."""
        return self.columns.get(name.lower())


@dataclass(frozen=True, slots=True)
class Schema:
    """A database. `tables` has those that templates read, by their exact names; `names` those of all tables."""

    tables: Mapping[str, Table] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    def table(self, name: str) -> Table | None:
        """Return a table by its name. A server may or may not care about its case; it says so itself."""
        folded = {one.casefold(): table for one, table in self.tables.items()}
        return self.tables.get(name) or folded.get(name.casefold())
