"""Finds parameters that are compared with a column of another type: a number with a text, or a text with a number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from sqlglot import exp

from cli.compiler.problems import Parts
from cli.compiler.template import Template
from cli.language import say
from cli.schema_check.resolving import Found, Output, find, scopes
from cli.schema_check.schema import Kind, Schema
from cli.schema_check.statements import Statement

CODE: Final = "QUERY_TYPE"
_COMPARISONS: Final = (exp.EQ, exp.NullSafeEQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In)
_COLUMN: Final = re.compile(r"([A-Za-z_]\w*)\.([A-Za-z_]\w*)")


def mismatched(
    template: Template, statement: Statement, schema: Schema, known: Mapping[str, tuple[Output, ...]]
) -> Iterator[Parts]:
    """Yield each comparison of a parameter with a column of another type. `known` has the lookups' output columns."""
    for parameter, column, part in compared(statement, schema):
        kind = _kind(template, statement, parameter, known)
        if kind == "number" and column.column.kind == "text":
            message = say(
                "`:{name}` is a number, and {column} is {type}: 7 finds 7, and neither 007 nor 7.0",
                name=parameter, column=column, type=column.column.written,
            )  # fmt: skip
            fix = say("declare the id as the column has it, as a pattern, or compare a column that holds numbers")
            yield Parts(statement.place(part.this), CODE, message, fix)
        elif kind == "text" and column.column.kind == "number":
            message = say(
                "`:{name}` is a text, and {column} is {type}: the server would compare the digits it begins with, "
                "and the event is parked",
                name=parameter, column=column, type=column.column.written,
            )  # fmt: skip
            yield Parts(statement.place(part.this), CODE, message, say("compare a column that holds texts"))


def compared(statement: Statement, schema: Schema) -> Iterator[tuple[str, Found, exp.Column]]:
    """Yield the name of each parameter that is compared with a column, the column, and its node."""
    for scope in scopes(statement.tree):
        for comparison in scope.find_all(*_COMPARISONS):
            sides = [comparison.this, comparison.args.get("expression"), *comparison.args.get("expressions", ())]
            names = [one.name for one in sides if isinstance(one, exp.Placeholder)]
            for part in sides:
                if isinstance(part, exp.Column) and (column := find(part, scope, schema)):
                    yield from ((name, column, part) for name in names)


def _kind(
    template: Template, statement: Statement, parameter: str, known: Mapping[str, tuple[Output, ...]]
) -> Kind | None:
    bind = statement.lookup.bind if statement.lookup else {}
    if parameter not in bind:
        return _kind_of_id(template)
    match = _COLUMN.fullmatch(bind[parameter].source.strip())
    made = known.get(match[1], ()) if match else ()
    return next((one.found.column.kind for one in made if match and one.name == match[2]), None)


def _kind_of_id(template: Template) -> Kind | None:
    """Return the type of the ids; None if they can be both."""
    if template.notification.id.kind == "integer":
        return "number"
    ids = [str(one.id) for one in template.samples]
    return "text" if ids and not any(one.isdecimal() for one in ids) else None
