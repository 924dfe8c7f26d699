"""Finds out which columns a SELECT returns, from its text alone."""

from __future__ import annotations

import re
from typing import Final

import sqlglot

from cli.compiler.sql.tree import UNREADABLE

_PARAMETER: Final = re.compile(r"%\([A-Za-z_][A-Za-z0-9_]*\)s")


def columns(sql: str) -> tuple[str, ...]:
    """Return the column names of a lookup's SQL, which has PyMySQL's parameters.

    Empty if only the server knows them: with `*`, an expression without a name, or SQL that cannot be parsed.
    """
    try:
        tree = sqlglot.parse_one(_PARAMETER.sub("NULL", sql).replace("%%", "%"), read="mysql")
    except UNREADABLE:
        return ()
    names = tuple(getattr(tree, "named_selects", ()))
    return () if any(name in ("", "*") for name in names) else names
