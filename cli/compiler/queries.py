"""What every `sql:` and `db:` key has in common, whatever the SQL is used for."""

from __future__ import annotations

import re
from typing import Final, Protocol

from cli.compiler import shape
from cli.compiler.findings import Report
from cli.compiler.nodes import Node, Scalar
from cli.compiler.sql import Query
from cli.language import say

DATABASE: Final = "[a-z][a-z0-9_-]*"


class Read(Protocol):
    """Checks SQL. `lines_survive` is false if YAML has joined its lines."""

    def __call__(self, sql: str, /, *, lines_survive: bool) -> Query:
        """Return the SQL, and what is wrong with it."""


def database(node: Node | None, report: Report) -> str:
    """Return the name of a database; `default` if there is none."""
    name = shape.literal(node, report) if node else "default"
    if node and name and not re.fullmatch(DATABASE, name):
        message = say("`{name}` is not the name of a database", name=name)
        report.add(node.place, "VALUE_INVALID", message, say("see Databases in docs/deploy.md"))
    return name or "default"


def statement(node: Node, read: Read, report: Report, example: str) -> str:
    """Return the SQL with PyMySQL's parameters. Report problems at their lines; if it is empty, suggest `example`."""
    if shape.text(node, report, example=example) is None or not isinstance(node, Scalar):
        return ""
    query = read(node.text, lines_survive=node.style == "literal")
    for problem in query.problems:
        line = node.text.count("\n", 0, problem.start) + 1
        report.add(node.place_of(line), problem.code, problem.message, problem.fix)
    return query.sql
