"""Finds plans that read a whole table for one event, and suggests an index."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from cli.compiler.problems import Parts
from cli.language import say
from cli.schema_check.resolving import find, scopes
from cli.schema_check.schema import Schema, Table
from cli.schema_check.statements import Statement
from handler.model import Value

CODE: Final = "QUERY_SCAN"
# This many rows are read in an instant, so the server is right not to use an index.
FEW_ROWS: Final = 1_000
# A text column longer than an index key gets an index on a prefix of this many characters, enough to tell rows apart.
_LONG: Final = 700
_PREFIX: Final = 100
_MAX_NAME: Final = 64
_PLAIN: Final = re.compile(r"[a-z_][a-z0-9_]*")
_WHOLE: Final = ("ALL", "index")
_EQUAL: Final = (exp.EQ, exp.NullSafeEQ, exp.In)
_RANGE: Final = (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between)

Plan = Sequence[Mapping[str, Value]]


def finds_nothing(plan: Plan) -> bool:
    """Return whether the server knew, without a plan, that no row matches."""
    return not any(step.get("table") for step in plan)


def whole_tables(statement: Statement, plan: Plan, schema: Schema) -> Iterator[Parts]:
    """Yield each large table that a plan reads completely."""
    for step in plan:
        name, rows = str(step.get("table") or ""), int(str(step.get("rows") or 0))
        if step.get("type") in _WHOLE and rows > FEW_ROWS and not name.startswith("<"):
            yield from _scanned(statement, name, rows, schema)


def _scanned(statement: Statement, alias: str, rows: int, schema: Schema) -> Iterator[Parts]:
    for scope in scopes(statement.tree):
        source = scope.sources.get(alias)
        table = schema.table(source.name) if isinstance(source, exp.Table) else None
        if table and isinstance(source, exp.Table):
            columns = _compared(scope, alias, schema)
            message = say(
                "the database reads all of {table} for each event, about {rows} rows{where}",
                table=table.name,
                rows=_rounded(rows),
                where=say(": no index is used for {columns}", columns=", ".join(columns)) if columns else "",
            )
            yield Parts(statement.place(source.this), CODE, message, _fix(table, columns))
            return


def _fix(table: Table, columns: Sequence[str]) -> str:
    if not columns:
        return say("compare a column of {table} that has an index with `:id` or a bound value", table=table.name)
    if any(index[0] == columns[0].lower() for index in table.indexes):
        return say(
            "{column} has an index: compare the column alone, without a function, with a value of its type",
            column=columns[0],
        )
    name = _quoted("_".join(("by", *columns))[:_MAX_NAME])
    parts = ", ".join(_indexed(table, column) for column in columns)
    index = f"CREATE INDEX {name} ON {_quoted(table.name)} ({parts});"
    return say("ask the developers for an index: {index}", index=index)


def _indexed(table: Table, name: str) -> str:
    """Return a column as in CREATE INDEX; a long text with a prefix length."""
    column = table.column(name)
    return f"{_quoted(name)}({_PREFIX})" if column and (column.width or 0) > _LONG else _quoted(name)


def _quoted(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else f"`{name.replace('`', '``')}`"


def _compared(scope: Scope, alias: str, schema: Schema) -> list[str]:
    """Return the columns of a table that its SELECT compares, in the order that an index on them needs."""
    found: dict[str, None] = {}
    for kinds, most in ((_EQUAL, None), (_RANGE, 1)):
        names = dict.fromkeys(
            one.column.name
            for comparison in scope.find_all(*kinds)
            for side in (comparison.this, comparison.args.get("expression"))
            if isinstance(side, exp.Column) and (one := find(side, scope, schema)) and one.alias == alias
        )
        found.update(dict.fromkeys([name for name in names if name not in found][:most]))
    return [*found]


def _rounded(rows: int) -> str:
    """Return an estimate with two significant digits."""
    size = 10 ** max(len(str(rows)) - 2, 0)
    return f"{round(rows / size) * size:,}"
