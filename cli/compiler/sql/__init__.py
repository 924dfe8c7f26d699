"""Checks that the SQL of a lookup or a poll is one plain SELECT, and converts it to what PyMySQL takes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from cli.compiler.shape import EXPRESSIONS
from cli.compiler.sql import poll_intent, poll_query, rules, servers, tree
from cli.compiler.sql.tokens import NotSqlError, Problem, Token, tokens
from cli.diagnoses import suggestion
from cli.language import say


@dataclass(frozen=True, slots=True)
class Query:
    """The SQL with PyMySQL's parameters, and what is wrong with it. Do not run it if there is an error.

    A problem is an error, unless its code is that of a warning (RULES).
    """

    sql: str
    problems: tuple[Problem, ...]


def read(sql: str, bound: Collection[str], *, lines_survive: bool = True) -> Query:
    """Check the SQL of a lookup. `:id` and the names in `bound` are its parameters.

    `lines_survive` is false if YAML joined the lines, so that a comment would hide the rest.
    """
    try:
        found = _tokens(sql)
    except NotSqlError as error:
        return Query("", (error.problem,))
    problems = _problems(found, sql, lines_survive=lines_survive)
    return Query(_converted(found), (*problems, *_parameters(found, bound, sql), *servers.problems(found)))


def read_polled(sql: str, *, lines_survive: bool) -> Query:
    """Check the SQL of a poll: it has no parameters, and returns no columns other than polled.COLUMNS."""
    try:
        found = _tokens(sql)
    except NotSqlError as error:
        return Query("", (poll_query.reworded(error.problem),))
    text = _neutral(found)
    forbidden = [*rules.problems(found, sql, lines_survive=lines_survive)]
    if not (_used(found) or forbidden) and (total := poll_intent.totals(sql, text)):
        return Query(_converted(found), (total,))
    problems = (
        [*poll_query.words(found), *forbidden]
        or [one for one in tree.problems(text) if one.code != "QUERY_STAR"]  # an error here: `polled` reports it
        or [*poll_query.problems(text)]
    )
    return Query(_converted(found), (*map(poll_query.reworded, problems), *servers.problems(found)))


def polled_source(sql: str) -> poll_query.Source:
    """Return what a poll's SQL says about its rows. `read_polled` must have found no problem in it."""
    return poll_query.source(_neutral(_tokens(sql)))


def readable(sql: str) -> str:
    """Return valid SQL as sqlglot can parse it: all offsets stay the same, and parameters keep their names."""
    return "".join(token.text if token.kind == "parameter" else _neutralised(token) for token in _tokens(sql))


def read_by_hand(sql: str, given: Collection[str], rows: int) -> Query:
    """Check SQL that somebody tries out. Its parameters are the names in `given`; it may have none, and may have a `*`.

    If it has no LIMIT, it gets LIMIT `rows`.
    """
    try:
        found = _tokens(sql)
    except NotSqlError as error:
        return Query("", (error.problem,))
    problems = [one for one in _problems(found, sql) if one.code != "QUERY_STAR"]  # what a server lacks, it reports
    for name, start in _used(found).items():
        if name not in given:
            fix = say("add {name}=1042, or another value", name=name)
            problems.append(Problem(start, say("`:{name}` has no value", name=name), fix))
    limit = "" if problems or tree.has_limit(_neutral(found)) else f"\nLIMIT {rows}"
    return Query(_converted(found) + limit, tuple(problems))


def _problems(found: Sequence[Token], sql: str, *, lines_survive: bool = True) -> list[Problem]:
    return [*rules.problems(found, sql, lines_survive=lines_survive)] or [*tree.problems(_neutral(found))]


def _tokens(sql: str) -> list[Token]:
    for mark in EXPRESSIONS:
        if mark in sql:
            message = say("`{mark}` in SQL: values are bound, never pasted", mark=mark)
            fix = say("write `:name`, and `bind: {name: expression}` beside `sql`")
            raise NotSqlError(Problem(sql.index(mark), message, fix))
    return tokens(sql)


def _parameters(found: Sequence[Token], bound: Collection[str], sql: str) -> Iterator[Problem]:
    known = ("id", *bound)
    used = _used(found)
    for name, start in used.items():
        if name not in known:
            fix = say("add it to `bind`; {names}", names=suggestion(name, known))
            yield Problem(start, say("`:{name}` is not bound to anything", name=name), fix)
    for name in bound:
        if name not in used:
            message = say("`bind` has `{name}`, and the SQL has no `:{name}`", name=name)
            yield Problem(0, message, say("use it, or remove it"))
    if not used and not rules.placeholders(found, sql):
        message = say("the SQL has no parameter, so that every event would find the same")
        yield Problem(0, message, say("write {code}", code="WHERE ... = :id"))


def _used(found: Sequence[Token]) -> dict[str, int]:
    """Return the parameters, each with the offset of its first use."""
    return {token.text[1:]: token.start for token in reversed(found) if token.kind == "parameter"}


def _neutral(found: Sequence[Token]) -> str:
    """Return the SQL without anything that two parsers could read differently. All offsets stay the same."""
    return "".join(_neutralised(token) for token in found)


def _neutralised(token: Token) -> str:
    text = token.text
    match token.kind:
        case "comment":
            return "".join("\n" if sign == "\n" else " " for sign in text)
        case "parameter":
            return ":" + "p" * (len(text) - 1)
        case "string" if re.search(r"['\"\\]", text[1:-1]):
            return f"'{'x' * (len(text) - 2)}'"
        case _:
            return text


def _converted(found: Sequence[Token]) -> str:
    """Return the SQL for PyMySQL: `:name` becomes `%(name)s`, `%` is doubled, comments and `;` are removed."""
    return "".join(_written(token) for token in found).strip()


def _written(token: Token) -> str:
    if token.kind == "comment":
        return " "
    if token.kind == "parameter":
        return f"%({token.text[1:]})s"
    return "" if token.text == ";" else token.text.replace("%", "%%")
