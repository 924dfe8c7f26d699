"""Splits SQL into tokens as MySQL and MariaDB do, so that what is checked is what runs.

A `:name` is a parameter only where the server would read a sign: never in a text, a quoted name or a comment.
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple, cast

from cli.language import later, say

Kind = Literal["blank", "comment", "string", "quoted", "parameter", "number", "word", "sign"]

# `--` starts a comment only before white space, and backslashes in texts are escapes, on both servers.
# https://dev.mysql.com/doc/refman/8.4/en/comments.html, .../string-literals.html
_TOKEN: Final = re.compile(
    r"""
      (?P<blank>[ \t\r\n\f\v]+)
    | (?P<comment>/\*.*?\*/|(?:--(?=[ \t\r\n\f\v]|\Z)|\#)[^\n]*)
    | (?P<string>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
    | (?P<quoted>`[^`\\\n]+`(?!`))
    | (?P<parameter>:[A-Za-z_][A-Za-z0-9_]*)
    | (?P<number>(?:0x[0-9A-Fa-f]+|0b[01]+|[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)(?![\w$]))
    | (?P<word>[^\W0-9][\w$]*)
    | (?P<sign>[-(),.=<>!+*%|&^~;]|/(?!\*))
    """,
    re.VERBOSE | re.DOTALL,
)
# What to say if no token matches, by the characters there.
_NOT_BOUND: Final = later("`{sign}` is not how a value is bound")
_NO_PLACE: Final = later("'{sign}' has no place in a lookup's SQL")
_STRANGE: Final[tuple[tuple[str, str, str], ...]] = (
    ("'", later("a quote is opened and never closed"), ""),
    ('"', later("a quote is opened and never closed"), ""),
    ("`", later("a quoted name is not closed, or holds a strange sign"), ""),
    ("/*", later("a comment is opened and never closed"), ""),
    ("@", later("variables (@x, @@x) have no place in a lookup"), later("bind a value: `:name`")),
    ("?", _NOT_BOUND, later("write `:name`")),
    ("$", _NOT_BOUND, later("write `:name`")),
    ("{", _NO_PLACE, later("bind a value: `:name`")),
    ("[", _NO_PLACE, later("put a name into backquotes, if it needs quotes at all")),
    (":=", later("`:=` sets a variable; a lookup only reads"), ""),
    (
        ":",
        later("`:` stands directly before a parameter's name, and nowhere else"),
        later("put a time such as '12:30' into quotes"),
    ),
    ("\u3000", later("a full-width blank (U+3000) is no blank in SQL"), later("replace it with an ordinary one")),
    ("\u00a0", later("a no-break blank (U+00A0) is no blank in SQL"), later("replace it with an ordinary one")),
    ("；", later("a full-width sign is no sign in SQL"), later("write the ordinary one")),
)


class Token(NamedTuple):
    """A piece of SQL, and its offset."""

    kind: Kind
    text: str
    start: int


class Problem(NamedTuple):
    """What is wrong with the SQL, and its offset."""

    start: int
    message: str
    fix: str = ""
    code: str = "QUERY_FORBIDDEN"


class NotSqlError(Exception):
    """The SQL cannot be split into tokens, so nothing else is checked."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def tokens(sql: str) -> list[Token]:
    """Return all tokens, including white space and comments. Raises NotSqlError if a server may read it differently."""
    found: list[Token] = []
    start = 0
    while start < len(sql):
        match = _TOKEN.match(sql, start)
        if match is None:
            raise NotSqlError(_strange(sql, start))
        found.append(Token(cast(Kind, match.lastgroup), match.group(), start))
        start = match.end()
    return found


def _strange(sql: str, start: int) -> Problem:
    if sql[start].isdecimal():
        message = say("a name that begins with a digit, or a number with letters in it")
        return Problem(start, message, say("put the name into backquotes, or a blank after the number"))
    for beginning, message, fix in _STRANGE:
        if sql.startswith(beginning, start):
            return Problem(start, say(message, sign=beginning), say(fix))
    return Problem(start, say(_NO_PLACE, sign=ascii(sql[start])[1:-1]))
