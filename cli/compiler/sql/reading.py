"""Shows compiled SQL to people: with the parameters of the template, and the tables that it reads."""

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
    """Return the tables that compiled SQL reads, each once, in the order of the SQL. Empty if it cannot be parsed."""
    try:
        root = sqlglot.parse_one(sql, read="mysql")
    except UNREADABLE:
        return ()
    own = {one.alias for one in root.find_all(exp.CTE)} | {"", "DUAL", "dual"}
    return tuple(name for name in dict.fromkeys(table.name for table in root.find_all(exp.Table)) if name not in own)
