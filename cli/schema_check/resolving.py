"""Resolves the names in a SELECT to columns of tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope

from cli.schema_check.schema import Column, Schema, Table

# Comparisons that are never true if one side is NULL.
_COMPARISONS: Final = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Like, exp.In, exp.Between)


@dataclass(frozen=True, slots=True)
class Found:
    """A column, with the alias that its table has in the SELECT."""

    alias: str
    table: Table
    column: Column

    def __str__(self) -> str:
        return f"{self.table.name}.{self.column.name}"


@dataclass(frozen=True, slots=True)
class Output:
    """A column of the result that comes from a table. `nullable`: it may be NULL in the result."""

    name: str
    found: Found
    nullable: bool


def scopes(tree: exp.Expr) -> tuple[Scope, ...]:
    """Return the SELECTs in a statement, the outermost last; empty if sqlglot cannot resolve them."""
    try:
        return tuple(traverse_scope(tree))
    except (SqlglotError, RecursionError):
        return ()


def tables(scope: Scope, schema: Schema) -> dict[str, Table | None]:
    """Return the tables of a SELECT by alias; None for a subquery, or a table that is not in the schema."""
    return {
        name: schema.table(source.name) if isinstance(source, exp.Table) else None
        for name, source in scope.sources.items()
    }


def find(column: exp.Column, scope: Scope, schema: Schema) -> Found | None:
    """Return the column that a name refers to; None if it is unknown or ambiguous."""
    around: Scope | None = scope
    while around is not None:
        sources = tables(around, schema)
        if column.table:
            sources = {name: table for name, table in sources.items() if name.casefold() == column.table.casefold()}
        found = [
            Found(name, table, one)
            for name, table in sources.items()
            if table is not None and (one := table.column(column.name))
        ]
        if len(found) == 1:
            return found[0]
        if found or (column.table and sources):
            return None
        around = around.parent
    return None


def outputs(tree: exp.Expr, schema: Schema) -> tuple[Output, ...]:
    """Return the result columns of a plain SELECT that come from tables; none for a UNION."""
    found = scopes(tree)
    if not found or not isinstance(found[-1].expression, exp.Select):
        return ()
    scope, select = found[-1], found[-1].expression
    present = {(one.alias, one.column.name) for one in _not_null(select, scope, schema)}
    absent = _outer(select) - {alias for alias, _ in present}
    made = []
    for projection in select.expressions:
        inner = projection.unalias()
        if isinstance(inner, exp.Column) and (one := find(inner, scope, schema)):
            may_be = one.column.nullable and (one.alias, one.column.name) not in present
            made.append(Output(projection.alias_or_name, one, may_be or one.alias in absent))
    return tuple(made)


def made_by_another(tree: exp.Expr) -> bool:
    """Whether a column of the result comes from a SELECT within: of a UNION, a WITH, or one in brackets."""
    found = scopes(tree)
    if not found or not isinstance(found[-1].expression, exp.Select):
        return True
    scope = found[-1]
    within = {name.casefold() for name, source in scope.sources.items() if isinstance(source, Scope)}
    for projection in scope.expression.expressions:
        inner = projection.unalias()
        if isinstance(inner, exp.Subquery) or (within and projection.is_star):
            return True
        if isinstance(inner, exp.Column) and (inner.table.casefold() in within or (within and not inner.table)):
            return True
    return False


def _outer(select: exp.Select) -> frozenset[str]:
    """Return the aliases of the tables that a LEFT or RIGHT JOIN may find no row of."""
    before = [one.alias_or_name for one in [select.args.get("from_")] if one]
    absent: set[str] = set()
    for join in select.args.get("joins", ()):
        side = (join.side or "").upper()
        absent |= {join.alias_or_name} if side == "LEFT" else set(before) if side == "RIGHT" else set()
        before.append(join.alias_or_name)
    return frozenset(absent)


def conditions(select: exp.Select) -> Iterator[exp.Expr]:
    """Yield the conditions of WHERE that hold for every row."""
    where = select.args.get("where")
    if where is not None:
        yield from where.this.flatten() if isinstance(where.this, exp.And) else (where.this,)


def _not_null(select: exp.Select, scope: Scope, schema: Schema) -> Iterator[Found]:
    """Yield the columns that are never NULL in the result, because WHERE compares them."""
    for condition in conditions(select):
        sides: tuple[object, ...] = ()
        if isinstance(condition, _COMPARISONS):
            sides = (condition.this, condition.args.get("expression"))
        elif isinstance(condition, exp.Not) and isinstance(condition.this, exp.Is):
            sides = (condition.this.this,)
        for side in sides:
            if isinstance(side, exp.Column) and (one := find(side, scope, schema)):
                yield one
