"""Checks a lookup's SQL as a syntax tree: plain SELECTs from plain tables, and nothing else that the parser accepts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from cli.compiler.sql.tokens import Problem
from cli.language import later, say
from handler.stages.enrich import MAX_ROWS

# The nodes of a plain SELECT. Functions are checked by name (rules.py), because sqlglot has one class for several
# names.
_ALLOWED: Final = (
    exp.Select, exp.SetOperation, exp.With, exp.CTE, exp.Subquery, exp.From, exp.Table, exp.TableAlias, exp.Join,
    exp.Where, exp.Group, exp.Rollup, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.Distinct,
    exp.Window, exp.WindowSpec, exp.Alias, exp.Column, exp.Identifier, exp.Star, exp.Placeholder, exp.Literal,
    exp.National, exp.HexString, exp.BitString, exp.Introducer, exp.Null, exp.Boolean, exp.Binary, exp.Unary, exp.Paren,
    exp.Tuple, exp.Between, exp.In, exp.Interval, exp.DataType, exp.DataTypeParam, exp.Var, exp.CharacterSet, exp.Func,
    exp.All, exp.Any, exp.JSONPath, exp.JSONPathPart, exp.JSONKeyValue, exp.JSONValue, exp.OnCondition,
    exp.IntervalSpan,
)  # fmt: skip
# The server reads every row that OFFSET skips, so OFFSET is limited.
MAX_OFFSET: Final = 1000
_WORDS: Final = ("SELECT", "FROM", "WHERE", "JOIN", "LEFT", "INNER", "ORDER", "GROUP", "HAVING", "LIMIT", "DISTINCT")
_INSTEAD: Final = later("write {right} for `{wrong}`")
_REFUSED: Final[dict[type[exp.Expr], str]] = {
    exp.Lock: later("FOR SHARE locks rows; a lookup only reads"),
    exp.Into: later("INTO puts the result elsewhere; a lookup only reads"),
    exp.Dot: later("functions of a schema cannot be called"),
    exp.Lateral: later("LATERAL cannot be used"),
    exp.Values: later("VALUES is no SELECT"),
}

# The parser raises the last four for incomplete calls such as DATE_ADD().
UNREADABLE: Final = (SqlglotError, RecursionError, AttributeError, IndexError, KeyError, TypeError)


def problems(sql: str) -> Iterator[Problem]:
    """Yield what is wrong with a statement. Its string literals must hold no quotes: see _neutral() in the package."""
    try:
        statements = sqlglot.parse(sql, read="mysql")
    except UNREADABLE as error:
        yield _unreadable(error, sql)
        return
    root = statements[0] if len(statements) == 1 else None
    if not isinstance(root, exp.Select | exp.SetOperation | exp.Subquery):
        yield Problem(0, say("a lookup is one SELECT"), say("write {code}", code="SELECT ... FROM ... WHERE"))
        return
    if not root.find(exp.Table):
        yield Problem(0, say("a lookup reads a table, and this SELECT has no FROM"))
    for node in root.walk():
        yield from _node(node)
    yield from _bounds(root)


def _unreadable(error: Exception, sql: str) -> Problem:
    place = error.errors[0] if isinstance(error, sqlglot.ParseError) and error.errors else {}
    message = say("the SQL cannot be read")
    if near := place.get("highlight"):
        message = say("the SQL cannot be read near `{near}`", near=near)
    start = len(place.get("start_context") or "")
    fix = _spelling(sql) or say("run it against the database by hand")
    return Problem(start, message, fix, "QUERY_INVALID")


def _spelling(sql: str) -> str:
    """Suggest a keyword for a word that is a misspelling of it; empty if there is none."""
    for word in re.findall(r"[A-Za-z]+", sql):
        found = [right for right in _WORDS if right != word.upper() and sorted(right) == sorted(word.upper())]
        if found:
            return say(_INSTEAD, right=found[0], wrong=word)
    words = [word for word in re.findall(r"(?<![\w.])[A-Z]{4,}(?!\w)", sql) if word not in _WORDS]
    close = [(right, word) for word in words for right in get_close_matches(word, _WORDS, n=1, cutoff=0.8)]
    return say(_INSTEAD, right=close[0][0], wrong=close[0][1]) if close else ""


def _node(node: exp.Expr) -> Iterator[Problem]:
    if type(node) in _REFUSED or not isinstance(node, _ALLOWED):
        refused = _REFUSED.get(type(node), "")
        more = say("{what} is more than a plain SELECT may hold", what=node.key.upper())
        fix = say("remove it") if isinstance(node, exp.Lock) else say("write one plain SELECT")
        yield Problem(start(node), say(refused) or more, fix)
    if isinstance(node, exp.Select):
        yield from _select(node)
    if isinstance(node, exp.Table | exp.Column) and node.args.get("db"):
        message = say("`{what}` names another schema; a lookup reads that of its connection", what=node.sql("mysql"))
        yield Problem(start(node), message, say("leave the schema out; another database is `db:`"))
    if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        yield Problem(start(node), say("a lookup reads plain tables"), say("name a table after FROM"))


def _select(node: exp.Select) -> Iterator[Problem]:
    if not node.expressions:
        yield Problem(start(node), say("this SELECT names no columns"), say("name the columns"))
    if modifiers := node.args.get("operation_modifiers"):
        words = ", ".join(modifier.name.upper() for modifier in modifiers)
        yield Problem(start(node), say("{words} has no place in a lookup", words=words), say("remove it"))
    if any(column.is_star for column in node.expressions) and not isinstance(node.parent, exp.Exists):
        message = say("`*` reads every column, also those that come later")
        yield Problem(0, message, say("name the columns"), "QUERY_STAR")


def has_limit(sql: str) -> bool:
    """Return whether a valid statement has a LIMIT."""
    return _limit_of(sqlglot.parse_one(sql, read="mysql")) is not None


def _limit_of(root: exp.Expr) -> exp.Expr | None:
    found: exp.Expr | None = (root if root.args.get("limit") else root.unnest()).args.get("limit")
    return found


def _bounds(root: exp.Expr) -> Iterator[Problem]:
    for part in _parts(root):
        if limit := part.args.get("limit"):
            yield from _bound(limit, "LIMIT", say("a lookup may find at most {most} rows", most=MAX_ROWS), MAX_ROWS)
    for offset in root.find_all(exp.Offset):
        if offset.parent and not offset.parent.args.get("limit"):
            fix = say("write LIMIT {most} before it", most=MAX_ROWS)
            yield Problem(start(offset), say("OFFSET stands here without LIMIT"), fix)
        most = say("a lookup may skip at most {most} rows", most=MAX_OFFSET)
        yield from _bound(offset, "OFFSET", most, MAX_OFFSET)


def _parts(root: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the statement, and the SELECTs that it combines with UNION and the like."""
    yield root
    if isinstance(root, exp.SetOperation):
        yield from _parts(root.this)
        yield from _parts(root.expression)
    elif isinstance(root, exp.Subquery):
        yield from _parts(root.this)


def _bound(node: exp.Expr, word: str, most: str, limit: int) -> Iterator[Problem]:
    number = node.expression
    fix = say("write {word} {limit} or less", word=word, limit=limit)
    if not isinstance(number, exp.Literal) or not number.is_int:
        yield Problem(start(node), say("{word} needs a plain number", word=word), fix)
    elif int(number.this) > limit:
        yield Problem(start(node), f"{word} {number.this}: {most}", fix)


def start(node: exp.Expr) -> int:
    """Return the offset of the first name in a node; 0 if it has none."""
    return min((part.meta["start"] for part in node.find_all(exp.Identifier) if "start" in part.meta), default=0)
