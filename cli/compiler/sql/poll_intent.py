"""What people write in a poll and mean otherwise: totals, which a lookup reads, and rows that get into a state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import sqlglot
from sqlglot import exp

from cli.compiler.sql.tokens import Problem
from cli.compiler.sql.tree import UNREADABLE, start
from cli.language import say

UNSEEN: Final = "POLL_UNSEEN"
_TODAY: Final = re.compile(r"\b(?:CURDATE\s*\(\s*\)|CURRENT_DATE\b(?:\s*\(\s*\))?)", re.IGNORECASE)
_WHERE: Final = re.compile(r"\bWHERE\b", re.IGNORECASE)
_AFTER: Final = re.compile(r"\b(?:GROUP|HAVING|ORDER|LIMIT)\b", re.IGNORECASE)
_STATE: Final = re.compile(r"(?:.*_)?(?:status|state|stage|phase)|.*(?:状態|ステータス)", re.IGNORECASE)


def totals(sql: str, neutral: str) -> Problem | None:
    """Return what to write for a SELECT of totals, or of nothing but values: the poll of a digest, and its lookup.

    `neutral` is the same SQL, as sqlglot reads it.
    """
    try:
        root = sqlglot.parse_one(neutral, read="mysql")
    except UNREADABLE:
        return None
    if not isinstance(root, exp.Select):
        return None
    table = next((one.name for one in root.find_all(exp.Table) if one.name), "")
    columns = [one.unalias() for one in root.expressions]
    if table and _are_totals(root):
        lines = _digest(sql, table, root)
    elif not table and all(isinstance(one, exp.Literal) for one in columns):
        lines = _poll("orders")
    else:
        return None
    message = say("a poll finds rows, and each is an event; totals are for a lookup")
    fix = say("for one message with totals, write these lines (docs/recipes.md, 5):\n{lines}", lines="\n".join(lines))
    return Problem(0, message, fix)


def states(root: exp.Select) -> Iterator[Problem]:
    """Warn of a condition on a state, where nothing watches it: a row may get into the state after it was looked at."""
    for condition in _conditions(root):
        column = condition.this if isinstance(condition, exp.EQ | exp.In | exp.NEQ) else None
        if isinstance(column, exp.Column) and _STATE.fullmatch(column.name):
            message = say(
                "a poll announces a row once: with a condition on `{column}` it can miss one that gets into this state "
                "later",
                column=column.name,
            )
            fix = say(
                "watch the column: sql: {select}, and when: {when}; leave it if the column never changes",
                select=_watching(root, condition, column),
                when=_when(condition),
            )
            yield Problem(start(column), message, fix, UNSEEN)
            return


def _conditions(root: exp.Select) -> list[exp.Expr]:
    """The conditions that all have to hold."""
    where = root.args.get("where")
    if where is None:
        return []
    return [*where.this.flatten()] if isinstance(where.this, exp.And) else [where.this]


def _are_totals(root: exp.Select) -> bool:
    """Whether a column is worked out from many rows, and no other one is an id."""
    has_id = any(
        isinstance(one.unalias(), exp.Column) and one.alias_or_name.lower() == "id" for one in root.expressions
    )
    return not has_id and any(
        one.find_ancestor(exp.Select) is root
        for column in root.expressions
        if column.alias.lower() != "id"
        for one in column.find_all(exp.AggFunc)
    )


def _poll(table: str) -> list[str]:
    return [
        "poll:",
        '  every: "0 9 * * *"',
        f"  sql: SELECT id FROM {table}",  # noqa: S608 - it is read by a person
        "  catch_up: {rows: never}",
        f"thread: {table}-{{{{ now | date('iso') }}}}",
        "update: true",
    ]


def _digest(sql: str, table: str, root: exp.Select) -> list[str]:
    """The poll, and the totals as a lookup, which has a parameter: today, or else the id."""
    select, days = _TODAY.subn(":today", sql.strip().removesuffix(";"))
    if not days:
        select, conditions = _WHERE.subn("WHERE :id > 0 AND", select, count=1)
        select = select if conditions else _with_condition(select)
    lines = ["lookups:", "  totals:", "    sql: |", *(f"      {line}" for line in select.splitlines())]
    lines += ["    bind: {today: now | date('iso')}"] if days else []
    return [*_poll(table), *lines, *(["    expect: many"] if root.args.get("group") else [])]


def _with_condition(select: str) -> str:
    """The SELECT with a condition before what may follow one."""
    after = _AFTER.search(select)
    at = after.start() if after else len(select)
    return f"{select[:at].rstrip()} WHERE :id > 0 {select[at:]}".rstrip()


def _watching(root: exp.Select, condition: exp.Expr, column: exp.Column) -> str:
    """The SELECT with the column as `watched`, and without the condition on it."""
    kept = [one for one in _conditions(root) if one is not condition]
    select = root.copy().select(exp.alias_(column.copy(), "watched"))
    select.set("where", exp.Where(this=exp.and_(*(one.copy() for one in kept))) if kept else None)
    return select.sql("mysql")


def _when(condition: exp.Expr) -> str:
    """The same condition on what the event of a change carries, whose values are texts."""
    match condition:
        case exp.In(expressions=[*values]) if values and all(isinstance(one, exp.Literal) for one in values):
            return f"data.new in [{', '.join(repr(str(one.this)) for one in values)}]"
        case exp.EQ(expression=exp.Literal(this=value)):
            return f"data.new == '{value}'"
        case exp.NEQ(expression=exp.Literal(this=value)):
            return f"data.new != '{value}'"
    return "data.new == '…'"
