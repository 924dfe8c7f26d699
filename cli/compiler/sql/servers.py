"""What only one of MySQL and MariaDB understands. A template may use it; whoever changes the server has to know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from cli.compiler.sql.tokens import Problem, Token

CODE: Final = "QUERY_SERVER"


class Lack(NamedTuple):
    """Which server lacks something, and what both have instead."""

    server: str
    instead: str


# Tried on MariaDB 10.11 and MySQL 9.7. MySQL removed MD5 and SHA1 with 9.6; a component brings them back:
# https://dev.mysql.com/doc/refman/9.6/en/legacy-hashing-component.html (2026-11-29)
_HASH: Final = Lack("MySQL 9.6 or newer", "write SHA2(column, 256)")
FUNCTIONS: Final = {
    "MD5": _HASH,
    "REGEXP_LIKE": Lack("MariaDB", "write column REGEXP 'pattern'"),
    "SHA1": _HASH,
}
_ARROW: Final = Lack("MariaDB", "write JSON_VALUE(column, '$.path')")
OPERATORS: Final = {"->": _ARROW, "->>": _ARROW}
# Within the brackets of a function: what the function's arguments may hold on one server alone.
FORMS: Final = {
    ("JSON_VALUE", "RETURNING"): Lack("MariaDB", "write CAST(JSON_VALUE(column, '$.path') AS SIGNED), or another type"),
    ("CAST", "JSON"): Lack("MariaDB", "leave out the CAST: the JSON functions take a text"),
    ("CAST", "YEAR"): Lack("MariaDB", "write YEAR(column)"),
    ("GROUP_CONCAT", "LIMIT"): Lack("MySQL", "write LIMIT in a subquery that GROUP_CONCAT reads"),
    ("JSON_ARRAYAGG", "DISTINCT"): Lack("MySQL", "write DISTINCT in a subquery that JSON_ARRAYAGG reads"),
    ("JSON_ARRAYAGG", "LIMIT"): Lack("MySQL", "write LIMIT in a subquery that JSON_ARRAYAGG reads"),
    ("JSON_ARRAYAGG", "ORDER"): Lack("MySQL", "read the rows with `expect: many` and ORDER BY"),
}


def problems(tokens: Sequence[Token]) -> Iterator[Problem]:
    """Yield a warning (QUERY_SERVER) for each function, operator and form that one of the servers lacks."""
    code = [token for token in tokens if token.kind not in ("blank", "comment")]
    around: list[str] = []
    for number, token in enumerate(code):
        word = token.text.upper() if token.kind in ("word", "sign") else ""
        if word == "(":
            around.append(code[number - 1].text.upper() if number else "")
        elif word == ")":
            around[-1:] = []
        elif word == "-" and (arrow := _arrow(code[number : number + 3])):
            yield _problem(arrow, token, OPERATORS[arrow])
        elif word in FUNCTIONS and _text(code, number + 1) == "(":
            yield _problem(f"{word}()", token, FUNCTIONS[word])
        elif around and (around[-1], word) in FORMS:
            yield _problem(f"{word} in {around[-1]}()", token, FORMS[around[-1], word])


def _arrow(signs: Sequence[Token]) -> str:
    """The operator that begins here: signs without blanks between them."""
    joined = "".join(
        sign.text if sign.text in "->" and sign.start == signs[0].start + at else " " for at, sign in enumerate(signs)
    )
    return next((arrow for arrow in ("->>", "->") if joined.startswith(arrow)), "")


def _text(code: Sequence[Token], number: int) -> str:
    return code[number].text if number < len(code) else ""


def _problem(what: str, token: Token, lack: Lack) -> Problem:
    return Problem(token.start, f"{lack.server} has no {what}", f"{lack.instead}, if your server lacks it", CODE)
