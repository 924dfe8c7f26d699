"""Names of tables and columns in SQL, and what expressions can call them."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from sqlglot.dialects.mysql import MySQL

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Those that MariaDB reserves beside MySQL's.
_RESERVED: Final = frozenset({"offset", "portion", "returning"}) | {
    one.lower() for one in MySQL.Generator.RESERVED_KEYWORDS
}
# What a template's SQL cannot hold in a name, even in backquotes.
_UNWRITABLE: Final = ("{{", "{%", "{#", "`", "\\")


def quoted(name: str) -> str:
    """Return a name as SQL has it, in backquotes where it needs them."""
    if _PLAIN.fullmatch(name) and name.lower() not in _RESERVED:
        return name
    return f"`{name.replace('`', '``')}`"


def is_writable(name: str) -> bool:
    """Whether a template can have the name in its SQL."""
    return name.isprintable() and not any(one in name for one in _UNWRITABLE)


def as_name(name: str) -> str:
    """Return what expressions can call a column: its name, or the nearest to it; empty where nothing is left."""
    plain = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", name)).strip("_")
    return plain if plain.isidentifier() else f"c_{plain}" if f"c_{plain}".isidentifier() and plain else ""


def singular(table: str) -> str:
    """Return the name of one row of a table: `order` for orders, `category` for categories."""
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
