"""What a poll's SQL may be: a SELECT of a column `id`, of which the server can read a part by an index.

Other columns may stand beside it. By `created` the poll notices that ids are used again. Each change of `watched` is an
event. By `changed` the poll notices that a replica shows an earlier value. With `at`, a time, new rows are found by it,
and the server reads them by its index in place of that of the id.

It becomes a derived table: handler/polling/statements.py. Both servers merge such a table into the SELECT around it,
unless it has one of the words below. With one of them they may work out every row of the table in each run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import sqlglot
from sqlglot import exp

from cli.compiler.sql import meant
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

# Values that somebody binds who keeps the last id: `:id`, `:last_id`, `:since`.
_POSITION: Final = re.compile(
    r":(id|(last|latest|max|highest|since|after|from|start|seen|cursor|offset|prev)\w*)", re.IGNORECASE
)
# What the clock says: with brackets, or reserved on both servers and so no name.
_CLOCKS: Final = ("NOW", "CURDATE", "CURTIME", "SYSDATE", "UNIX_TIMESTAMP")
_CLOCK_WORDS: Final = (
    *("CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP"),
    *("UTC_DATE", "UTC_TIME", "UTC_TIMESTAMP"),
)

# What changes with the clock, and what to write instead.
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
    """Whether the rows say when they were created, and where their ids are from. An unclear `table` is empty.

    `watched` is the expression of which each change is an event. `changed` says whether the rows say when they changed.
    `at` is the name of the column by which new rows are found; empty if they are found by their ids.
    """

    created: bool = False
    table: str = ""
    column: str = "id"
    watched: str = ""
    changed: bool = False
    at: str = ""


class Refusal(NamedTuple):
    """Why `{what}` has no place in a poll, and what to write instead; `joined` where there is a join."""

    why: str
    instead: str
    joined: str = ""


# Columns that have to be stored as they are.
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

# Each is reserved on both servers, so that outside of brackets it is no name.
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
    """Yield what is wrong, token by token: parameters, and words of WORDS outside of brackets."""
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
    """What the clock says. In a condition each run then reads other rows, and some may never be read.

    In a column, which stands before the FROM of the poll, a value changes although nobody changes the row.
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
    """Yield what is wrong with a statement that is a plain SELECT. Its warnings are JOIN and HIDDEN."""
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
        yield from meant.states(root)


def source(sql: str) -> Source:
    """Return what a statement without problems says of its rows."""
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
    """Yield what is wrong with the columns; the first of each name counts."""
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
    """Yield what is wrong with the columns of each name."""
    for name, refusal in STORED.items():
        if name == ID and AT in named:
            continue  # its index is not needed
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
    """Warn of a condition on the watched column: it hides the change by which a row leaves the condition."""
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
    """What stands after FROM and after each JOIN."""
    yield from (one.this for one in (select.args.get("from_"), *select.args.get("joins", ())) if one)


def _joins(select: exp.Select) -> Iterator[exp.Join]:
    """Its joins, those in brackets after FROM too, and not those of subqueries in conditions."""
    yield from select.args.get("joins", ())
    for source in _sources(select):
        yield from source.find_all(exp.Join)


def reworded(problem: Problem) -> Problem:
    """A problem that is found in lookups too, in the words of a poll, which binds no values."""
    fix = say(_VALUE) if ":name" in problem.fix else problem.fix
    return problem._replace(message=problem.message.replace(say("a lookup"), say("a poll")), fix=fix)
