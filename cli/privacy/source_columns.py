"""Which columns of tables stand behind the columns of a SELECT: behind `code` of `SELECT c.email AS code` an e-mail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from cli.compiler.sql.tree import UNREADABLE
from cli.privacy.rules import Path
from handler.model import Notification, SqlLookup

_PARAMETER: Final = re.compile(r"%\(([A-Za-z_][A-Za-z0-9_]*)\)s")
# What is compared, counted or sorted is not shown.
_UNSHOWN: Final = (
    exp.Predicate, exp.Count, exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Ordered, exp.With,
)  # fmt: skip
_WATCHED: Final = ("old", "new")

_Behind = tuple[Path, ...]


def behind(notification: Notification) -> Mapping[Path, _Behind]:
    """Return the columns, as (table, column), behind each (lookup, column), each watched value, and the id."""
    found: dict[Path, _Behind] = {}
    ids: list[Path] = []
    for lookup in notification.lookups:
        if isinstance(lookup, SqlLookup) and (scopes := _scopes(lookup.sql)):
            found |= {(lookup.name, name): columns for name, columns in _outputs(scopes[-1], scopes, ())}
            ids += _compared_with_id(scopes)
    if notification.poll and (scopes := _scopes(notification.poll.sql)):
        watched = dict(_outputs(scopes[-1], scopes, ())).get("watched", ())
        found |= {("data", name): watched for name in _WATCHED}
    return found | {("id",): tuple(ids)}


def _scopes(sql: str) -> list[Scope]:
    """The SELECTs of a lookup, the outermost last; none of what cannot be read."""
    try:
        return traverse_scope(sqlglot.parse_one(_PARAMETER.sub(r":\1", sql).replace("%%", "%"), read="mysql"))
    except UNREADABLE:
        return []


def _outputs(scope: Scope, scopes: list[Scope], around: tuple[Scope, ...]) -> list[tuple[str, _Behind]]:
    """The columns of a SELECT's result, each with those behind it. `around` ends a WITH that reads itself."""
    if scope in around:
        return []
    around = (*around, scope)
    if scope.set_operation_scopes:
        parts = [_outputs(one, scopes, around) for one in scope.set_operation_scopes]
        rows = zip(*parts, strict=False)
        return [(same[0][0], tuple(path for _, paths in same for path in paths)) for same in rows]
    found = []
    for projection in scope.expression.expressions:
        if projection.is_star:
            inner = [one for one in scope.sources.values() if isinstance(one, Scope)]
            found += [output for one in inner for output in _outputs(one, scopes, around)]
        else:
            columns = (one for one in projection.find_all(exp.Column) if _is_shown(one, projection))
            paths = tuple(path for one in columns for path in _paths(one, scopes, around))
            found.append((projection.alias_or_name, paths))
    return found


def _is_shown(column: exp.Expr, projection: exp.Expr) -> bool:
    part: Any = column
    while part is not projection:
        if isinstance(part, _UNSHOWN):
            return False
        part = part.parent
    return not isinstance(part, _UNSHOWN)


def _paths(column: exp.Column, scopes: list[Scope], around: tuple[Scope, ...]) -> Iterator[Path]:
    """The columns of tables that a name means: in its own SELECT, else in one around it."""
    select = column.find_ancestor(exp.Select)
    scope = next((one for one in scopes if one.expression is select), None)
    while scope is not None:
        names = {name: one for name, one in scope.sources.items() if column.table.casefold() in ("", name.casefold())}
        if names:
            for source in names.values():
                if isinstance(source, Scope):
                    made = _outputs(source, scopes, around)
                    yield from (path for name, paths in made if _is_same(name, column.name) for path in paths)
                else:
                    yield (source.name, column.name)
            return
        scope = scope.parent
    yield (column.table, column.name)


def _compared_with_id(scopes: list[Scope]) -> Iterator[Path]:
    for scope in scopes:
        for comparison in scope.expression.find_all(exp.EQ, exp.NullSafeEQ, exp.In, exp.Like):
            names = {one.name for one in comparison.find_all(exp.Placeholder)}
            if "id" in names and not comparison.find(exp.Select):
                for column in comparison.find_all(exp.Column):
                    yield from _paths(column, scopes, ())


def _is_same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
