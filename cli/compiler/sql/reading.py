"""What a SELECT that the compiler has converted says to people: its words as the template has them, and its tables."""

from __future__ import annotations

import re
from typing import Final

import sqlglot
from sqlglot import exp

from cli.compiler.sql.tree import UNREADABLE

_CONVERTED: Final = re.compile(r"%\((\w+)\)s|%%")


def written(sql: str) -> str:
    """Return the SQL with `:name` for each of PyMySQL's parameters, as in the template."""
    return _CONVERTED.sub(lambda match: f":{match[1]}" if match[1] else "%", sql)


def tables(sql: str) -> tuple[str, ...]:
    """Return the tables that the SQL of a template reads, each once, in the order in which it names them."""
    try:
        root = sqlglot.parse_one(sql, read="mysql")
    except UNREADABLE:
        return ()
    own = {one.alias for one in root.find_all(exp.CTE)} | {"", "DUAL", "dual"}
    return tuple(name for name in dict.fromkeys(table.name for table in root.find_all(exp.Table)) if name not in own)
