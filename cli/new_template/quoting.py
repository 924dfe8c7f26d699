"""Names of tables and columns: quoted for SQL, and converted for expressions."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from sqlglot.dialects.mysql import MySQL

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# MariaDB's reserved words that are not reserved in MySQL.
_RESERVED: Final = frozenset({"offset", "portion", "returning"}) | {
    one.lower() for one in MySQL.Generator.RESERVED_KEYWORDS
}
# What a name must not contain in a template's SQL, even in backquotes.
_UNWRITABLE: Final = ("{{", "{%", "{#", "`", "\\")


def quoted(name: str) -> str:
    """Return a name for SQL, in backquotes if it needs them."""
    if _PLAIN.fullmatch(name) and name.lower() not in _RESERVED:
        return name
    return f"`{name.replace('`', '``')}`"


def is_writable(name: str) -> bool:
    """Return whether a template's SQL can contain the name."""
    return name.isprintable() and not any(one in name for one in _UNWRITABLE)


def as_name(name: str) -> str:
    """Return a name for a column in expressions: its own, or a similar one; empty if no character can be used."""
    plain = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", name)).strip("_")
    return plain if plain.isidentifier() else f"c_{plain}" if f"c_{plain}".isidentifier() and plain else ""


def singular(table: str) -> str:
    """Return a name for one row of a table: `order` for orders, `category` for categories."""
    name = as_name(table)
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if name.lower().endswith(ending):
            return name[: -len(ending)] + instead
    is_plural = name.lower().endswith("s") and not name.lower().endswith(("ss", "us", "is"))
    return name[:-1] if is_plural else name


def words(name: str) -> list[str]:
    """Return the words of a name in small letters: `customerName`, `customer_name` and `Customer Name` have two."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", unicodedata.normalize("NFKC", name))
    return [one.casefold() for one in re.split(r"[\W_]+", spaced) if one]
