"""Which columns a SELECT returns, as far as its text says so."""

from __future__ import annotations

import re
from typing import Final

import sqlglot

from cli.compiler.sql.tree import UNREADABLE

_PARAMETER: Final = re.compile(r"%\([A-Za-z_][A-Za-z0-9_]*\)s")


def columns(sql: str) -> tuple[str, ...]:
    """Return the names of the columns of a lookup's SQL, with PyMySQL's parameters in it.

    Empty where only the server knows them: `*`, an expression without a name, or SQL that cannot be read.
    """
    try:
        tree = sqlglot.parse_one(_PARAMETER.sub("NULL", sql).replace("%%", "%"), read="mysql")
    except UNREADABLE:
        return ()
    names = tuple(getattr(tree, "named_selects", ()))
    return () if any(name in ("", "*") for name in names) else names
