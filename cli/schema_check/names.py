"""Finds tables and columns that a database does not have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from typing import Final

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from cli.compiler.problems import Parts
from cli.language import say
from cli.schema_check.resolving import find, scopes, tables
from cli.schema_check.schema import Schema, Table
from cli.schema_check.statements import Statement

CODE: Final = "SCHEMA_UNKNOWN"
# The words of handler/adapters/database/dialect.py.
_UNKNOWN_TABLE: Final = "unknown table"
_UNKNOWN_COLUMN: Final = "unknown column"


def unknown(statement: Statement, schema: Schema, detail: str) -> Iterator[Parts]:
    """Yield each name of a statement that the server does not know, as the `detail` of its error says.

    The schema has what the account may read, so a name that it lacks is not yet wrong.
    """
    if _UNKNOWN_TABLE in detail:
        yield from [*_tables(statement, schema, schema.table)] or _tables(statement, schema, schema.tables.get)
    elif _UNKNOWN_COLUMN in detail:
        for scope in scopes(statement.tree):
            yield from _columns(statement, scope, schema)


def _tables(statement: Statement, schema: Schema, known: Callable[[str], Table | None]) -> Iterator[Parts]:
    """The tables that are not known: by any spelling, else by this one, where the server tells cases apart."""
    made = {one.alias_or_name for one in statement.tree.find_all(exp.CTE)}
    for table in statement.tree.find_all(exp.Table):
        if table.name not in made and known(table.name) is None:
            message = say("the database has no table `{name}`", name=table.name)
            yield _parts(statement, table.this, message, schema.names)


def _columns(statement: Statement, scope: Scope, schema: Schema) -> Iterator[Parts]:
    own = {one.alias for one in scope.expression.expressions}
    for column in scope.columns:
        if find(column, scope, schema) or column.name in own or not _is_at_home(column, scope):
            continue
        near = tables(scope, schema)
        if column.table and not any(name.casefold() == column.table.casefold() for name in near):
            message = say("no table of this SELECT is called `{name}`", name=column.table)
            yield _parts(statement, column.args["table"], message, near)
            continue
        owners = [
            table for name, table in near.items() if not column.table or name.casefold() == column.table.casefold()
        ]
        known = [table for table in owners if table is not None]
        if not known or len(known) < len(owners) or any(table.column(column.name) for table in known):
            continue  # it comes from a subquery, or is ambiguous: the server's message says more
        joined = "`, `".join(one.name for one in known)
        message = say("`{table}` has no column `{name}`", table=joined, name=column.name)
        yield _parts(statement, column.this, message, [one.name for table in known for one in table.columns.values()])


def _is_at_home(column: exp.Column, scope: Scope) -> bool:
    """Return whether a column belongs to this scope. A subquery's column of an outer table is listed in both scopes."""
    return column.find_ancestor(exp.Select) is scope.expression


def _parts(statement: Statement, part: exp.Expr, message: str, among: Iterable[str]) -> Parts:
    known = [*among]
    nearest = get_close_matches(part.name.lower(), [one.lower() for one in known], n=3, cutoff=0.5)
    names = [next(one for one in known if one.lower() == name) for name in nearest]
    fix = say("write {name}; nearest: {names}", name=names[0], names=", ".join(names)) if names else ""
    edit = statement.edit(part, names[0]) if names else None
    return Parts(statement.place(part), CODE, message, fix or _known(known), edit)


def _known(known: list[str]) -> str:
    some = ", ".join(known[:20])
    return say("there are: {names}", names=some) if some else ""
