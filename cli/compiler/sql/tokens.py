"""SQL as MySQL and MariaDB split it into tokens, so that what is checked is what would run.

A `:name` is a parameter only where the server would see a sign, never in a text, a quoted name or a comment.
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple, cast

Kind = Literal["blank", "comment", "string", "quoted", "parameter", "number", "word", "sign"]

# Both servers take a comment from `--` only before a blank, and read backslashes in texts as escapes.
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
# By the first characters of what is no token.
_STRANGE: Final[tuple[tuple[str, str, str], ...]] = (
    ("'", "a quote is opened and never closed", ""),
    ('"', "a quote is opened and never closed", ""),
    ("`", "a quoted name is not closed, or holds a strange sign", ""),
    ("/*", "a comment is opened and never closed", ""),
    ("@", "variables (@x, @@x) have no place in a lookup", "bind a value: `:name`"),
    ("?", "`?` is not how a value is bound", "write `:name`"),
    ("$", "`$` is not how a value is bound", "write `:name`"),
    ("{", "'{' has no place in a lookup's SQL", "bind a value: `:name`"),
    ("[", "'[' has no place in a lookup's SQL", "put a name into backquotes, if it needs quotes at all"),
    (":=", "`:=` sets a variable; a lookup only reads", ""),
    (":", "`:` stands directly before a parameter's name, and nowhere else", "put a time such as '12:30' into quotes"),
    ("\u3000", "a full-width blank (U+3000) is no blank in SQL", "replace it with an ordinary one"),
    ("\u00a0", "a no-break blank (U+00A0) is no blank in SQL", "replace it with an ordinary one"),
    ("；", "a full-width sign is no sign in SQL", "write the ordinary one"),
)


class Token(NamedTuple):
    """A piece of SQL, and where it starts."""

    kind: Kind
    text: str
    start: int


class Problem(NamedTuple):
    """What is wrong with the SQL, and at which character."""

    start: int
    message: str
    fix: str = ""
    code: str = "QUERY_FORBIDDEN"


class NotSqlError(Exception):
    """The SQL cannot be split into tokens, so that nothing else can be said about it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def tokens(sql: str) -> list[Token]:
    """Return every token, blanks and comments too. Raises NotSqlError where the server would read something else."""
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
        message = "a name that begins with a digit, or a number with letters in it"
        return Problem(start, message, "put the name into backquotes, or a blank after the number")
    for beginning, message, fix in _STRANGE:
        if sql.startswith(beginning, start):
            return Problem(start, message, fix)
    return Problem(start, f"{sql[start]!a} has no place in a lookup's SQL")
