"""Checks a poll's SQL: a SELECT with a column `id`, of which the server can read a range by an index.

It may have further columns. With `created`, the poll notices if ids are used again. Each change of `watched` is an
event. With `changed`, the poll notices if a replica shows an older value. With `at`, a time, the poll finds new rows by
that time and its index, and not by the id.

It becomes a derived table: handler/polling/statements.py. Both servers merge such a table into the outer SELECT, unless
it has one of the words below. With one of them they may compute every row of the table in each run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import sqlglot
from sqlglot import exp

from cli.compiler.sql import poll_intent
from cli.compiler.sql.tokens import Problem, Token
from cli.compiler.sql.tree import start
from cli.language import later, say

JOIN: Final = "QUERY_JOIN"
HIDDEN: Final = "QUERY_CHANGE_HIDDEN"
ID: Final = "id"
CREATED: Final = "created"
WATCHED: Final = "watched"
CHANGED: Final = "changed"
AT: Final = "at"
COLUMNS: Final = (ID, CREATED, WATCHED, CHANGED, AT)

# Parameters of people who keep the last id themselves: `:id`, `:last_id`, `:since`.
_POSITION: Final = re.compile(
    r":(id|(last|latest|max|highest|since|after|from|start|seen|cursor|offset|prev)\w*)", re.IGNORECASE
)
# Functions that return the current time: called with brackets, or reserved on both servers and so not a name.
_CLOCKS: Final = ("NOW", "CURDATE", "CURTIME", "SYSDATE", "UNIX_TIMESTAMP")
_CLOCK_WORDS: Final = (
    *("CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP"),
    *("UTC_DATE", "UTC_TIME", "UTC_TIMESTAMP"),
)

# Why the current time is refused, and what to write instead.
_IN_CONDITION: Final = (
    later("with {word} the rows that a poll reads change as time passes"),
    later("leave the condition out; the poll finds only new rows"),
)
_IN_COLUMN: Final = (
    later("with {word} the value of a row changes as time passes"),
    later("select a column as it is stored, such as o.status AS watched; compare times in `when`, which knows `now`"),
)

_VALUE: Final = later("write the value itself: a poll has no event yet")
_EXISTS: Final = later("remove it; in place of a join write WHERE EXISTS (SELECT ...), so that no id comes twice")
_DIRECTLY: Final = later("put its tables and conditions directly into this SELECT")
_OR_NONE: Final = later("write the value itself, or leave the condition out")
_REMEMBERED: Final = later("the poll itself remembers which ids it has seen: leave this condition out")
_ONE: Final = later("write one SELECT ... FROM ... WHERE")
_READ: Final = later(
    "`{what}`: a poll reads only `id`, `created`, `watched`, `changed` and `at`; the lookups read the rest"
)
_REMOVE: Final = later("remove it")
_WHOLE: Final = later("{what} can make the database read all rows in each run")
_WORKED_OUT: Final = later("`{what}` is worked out, so that no index finds it")


class Source(NamedTuple):
    """What a poll's SELECT returns: whether it has `created`, and the table (empty if unclear) and column of its ids.

    Each change of the expression `watched` is an event. `changed` says whether the rows have the time of their last
    change. `at` is the time column by which new rows are found; empty if they are found by their ids.
    """

    created: bool = False
    table: str = ""
    column: str = "id"
    watched: str = ""
    changed: bool = False
    at: str = ""


class Refusal(NamedTuple):
    """Why a poll cannot have `{what}`, and what to write instead; `joined` replaces that if there is a join."""

    why: str
    instead: str
    joined: str = ""


# Columns that must be stored, not computed.
STORED: Final = {
    ID: Refusal(_WORKED_OUT, later("write a column: o.id, or o.number AS id")),
    CREATED: Refusal(
        later("`{what}` is worked out, and may change"),
        later("write a column that never changes: o.created_at AS created"),
    ),
    CHANGED: Refusal(
        later("`{what}` is worked out, and need not grow"), later("write a column: o.updated_at AS changed")
    ),
    AT: Refusal(_WORKED_OUT, later("write a column: p.settled_at AS at")),
}

# All are reserved on both servers, so outside of brackets none can be a name.
WORDS: Final = {
    **dict.fromkeys(("DISTINCT", "DISTINCTROW"), Refusal(_WHOLE, _REMOVE, _EXISTS)),
    **dict.fromkeys(("UNION", "EXCEPT", "INTERSECT"), Refusal(_WHOLE, _ONE)),
    "GROUP": Refusal(_WHOLE, later("remove it: each new row is an event of its own"), _EXISTS),
    "HAVING": Refusal(_WHOLE, later("write the condition into WHERE")),
    "LIMIT": Refusal(later("{what} has no place in a poll, which reads some ids at a time by itself"), _REMOVE),
    "ORDER": Refusal(later("{what} has no use in a poll, which reads the ids in their own order"), _REMOVE),
    "WITH": Refusal(later("{what} has no place in a poll, which stands in another SELECT"), _DIRECTLY),
}


def words(tokens: Sequence[Token]) -> Iterator[Problem]:
    """Yield what is wrong with single tokens: parameters, and WORDS outside of brackets."""
    depth, before = 0, ""
    joined = any(token.text.upper() == "JOIN" for token in tokens)
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        word = token.text.upper() if token.kind == "word" else ""
        if token.kind == "parameter":
            message = say(
                "`{parameter}` has no value: a poll is what makes the events, and has none yet", parameter=token.text
            )
            yield Problem(token.start, message, say(_REMEMBERED if _POSITION.fullmatch(token.text) else _OR_NONE))
        elif not depth and before != "." and word in WORDS:
            refusal = WORDS[word]
            fix = (joined and refusal.joined) or refusal.instead
            yield Problem(token.start, say(refusal.why, what=word), say(fix))
        before = before if token.kind in ("blank", "comment") else token.text
    yield from _clocks([token for token in tokens if token.kind not in ("blank", "comment")])


def _clocks(code: Sequence[Token]) -> Iterator[Problem]:
    """Yield uses of the current time. In a condition, each run would read other rows, and might never read some.

    In a column (before the poll's FROM), a value would change although nobody changes the row.
    """
    depth, is_condition = 0, False
    for number, token in enumerate(code):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        is_condition = is_condition or (not depth and token.kind == "word" and token.text.upper() == "FROM")
        before, *after = (code[at].text if 0 <= at < len(code) else "" for at in (number - 1, number + 1, number + 2))
        word = token.text.upper() if token.kind == "word" and before != "." else ""
        called = after[0] == "(" and (word != "UNIX_TIMESTAMP" or after[1] == ")")
        if word in _CLOCK_WORDS or (word in _CLOCKS and called):
            changing, instead = _IN_CONDITION if is_condition else _IN_COLUMN
            yield Problem(token.start, say(changing, word=word), say(instead))


def problems(sql: str) -> Iterator[Problem]:
    """Yield what is wrong with a valid plain SELECT. JOIN and HIDDEN are warnings."""
    root = sqlglot.parse_one(sql, read="mysql")
    if not isinstance(root, exp.Select):
        yield Problem(0, say("a poll is one SELECT without brackets around it"), say("remove them"))
        return
    if windows := root.args.get("windows"):
        yield Problem(start(windows[0]), say(_WHOLE, what="WINDOW"), say(_REMOVE))
    yield from _columns(root.expressions)
    for source in _sources(root):
        if source.find(exp.Select):
            yield Problem(start(source), say(_WHOLE, what=say("a subquery after FROM")), say(_DIRECTLY))
    if joins := [*_joins(root)]:
        message = say("a poll returns each id once, and this JOIN may repeat it")
        fix = say("leave it if it finds one row for each id; else write WHERE EXISTS (SELECT ...)")
        yield Problem(start(joins[0].this), message, fix, JOIN)
    yield from _watched_conditions(root)
    if not {WATCHED, AT} & {one.alias_or_name.lower() for one in root.expressions}:
        yield from poll_intent.states(root)


def source(sql: str) -> Source:
    """Return what a valid statement says about its rows."""
    root = sqlglot.parse_one(sql, read="mysql")
    if not isinstance(root, exp.Select):
        return Source()
    columns = {one.alias_or_name.lower(): one.unalias() for one in root.expressions}
    column = columns[ID]
    tables = {one.alias_or_name: one for one in _sources(root) if isinstance(one, exp.Table)}
    named = column.table if isinstance(column, exp.Column) else ""
    table = tables.get(named) if named else (*tables.values(), None)[0] if len(tables) == 1 else None
    watched = _written(columns[WATCHED]) if WATCHED in columns else ""
    at = columns[AT].name if AT in columns else ""
    return Source(CREATED in columns, table.name if table else "", column.name, watched, CHANGED in columns, at)


def _columns(columns: Sequence[exp.Expr]) -> Iterator[Problem]:
    """Yield what is wrong with the columns. If a name is repeated, the first column counts."""
    named: dict[str, exp.Expr] = {}
    for column in columns:
        named.setdefault(column.alias_or_name.lower(), column)
    if ID not in named:
        yield Problem(start(columns[0]), *_without_id(columns))
        return
    yield from _misused(named)
    for column in columns:
        if column is not named.get(column.alias_or_name.lower()) or column.alias_or_name.lower() not in COLUMNS:
            what = _written(column)
            yield Problem(start(column), say(_READ, what=what), say("remove {what}", what=what))


def _misused(named: Mapping[str, exp.Expr]) -> Iterator[Problem]:
    """Yield what is wrong with the columns, by their names."""
    for name, refusal in STORED.items():
        if name == ID and AT in named:
            continue  # with `at`, the id needs no index
        if name in named and not isinstance(named[name].unalias(), exp.Column):
            yield Problem(start(named[name]), say(refusal.why, what=_written(named[name])), say(refusal.instead))
    if WATCHED in named and named[WATCHED].find(exp.Select, exp.AggFunc, exp.Window):
        message = say(_WHOLE, what=f"`{_written(named[WATCHED])}`")
        yield Problem(start(named[WATCHED]), message, say("write a column of the row itself: o.status AS watched"))
    if CHANGED in named and WATCHED not in named:
        message = say("`changed` is read only beside `watched`")
        fix = say("select what changes, such as o.status AS watched, or remove it")
        yield Problem(start(named[CHANGED]), message, fix)
    if beside := [name for name in (CREATED, WATCHED, CHANGED) if AT in named and name in named]:
        column = beside[0]
        message = say("`{column}` has no use beside `at`, by which the poll finds new rows", column=column)
        yield Problem(start(named[column]), message, say("remove `{column}`, or `at`", column=column))


def _watched_conditions(root: exp.Select) -> Iterator[Problem]:
    """Warn about a condition on the watched column: a row that stops matching is not read, so that change is missed."""
    watched = next((one.unalias() for one in root.expressions if one.alias_or_name.lower() == WATCHED), None)
    where = root.args.get("where")
    if watched is None or where is None:
        return
    names = {column.name.lower() for column in watched.find_all(exp.Column)}
    if found := next((one for one in where.find_all(exp.Column) if one.name.lower() in names), None):
        message = say(
            "with a condition on `{column}`, a row that leaves it is not read, and its return is no change",
            column=found.name,
        )
        fix = say("put the condition into `when`, such as when: data.new == 'paid'")
        yield Problem(start(found), message, fix, HIDDEN)


def _without_id(columns: Sequence[exp.Expr]) -> tuple[str, str]:
    if any(column.is_star for column in columns):
        return say(_READ, what="*"), say("write {code}", code="SELECT id FROM ...")
    only = columns[0].unalias() if len(columns) == 1 else None
    code = f"{_written(only)} AS id" if isinstance(only, exp.Column) else "SELECT id FROM ..."
    return say("this SELECT has no column `id`"), say("write {code}", code=code)


def _written(node: exp.Expr) -> str:
    return node.sql("mysql")


def _sources(select: exp.Select) -> Iterator[exp.Expr]:
    """Yield the tables and subqueries after FROM and JOIN."""
    yield from (one.this for one in (select.args.get("from_"), *select.args.get("joins", ())) if one)


def _joins(select: exp.Select) -> Iterator[exp.Join]:
    """Yield the joins, including those in brackets after FROM, but not those of subqueries in conditions."""
    yield from select.args.get("joins", ())
    for source in _sources(select):
        yield from source.find_all(exp.Join)


def reworded(problem: Problem) -> Problem:
    """Return a lookup's problem in words for a poll, which has no parameters."""
    fix = say(_VALUE) if ":name" in problem.fix else problem.fix
    return problem._replace(message=problem.message.replace(say("a lookup"), say("a poll")), fix=fix)
