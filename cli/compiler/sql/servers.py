"""Warns about what only one of MySQL and MariaDB supports. A template may use it, but must change with the server.

Each entry was tried on MariaDB 10.11 and MySQL 9.7: tests/integration/test_accepted_sql.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from cli.compiler.sql.tokens import Problem, Token
from cli.language import later, say

CODE: Final = "QUERY_SERVER"


class Lack(NamedTuple):
    """Which server lacks a feature, and what works on both: `code`, or what `instead` says."""

    server: str
    code: str = ""
    instead: str = ""


# MySQL 9.6 removed the hash functions; a component brings them back.
# https://dev.mysql.com/doc/refman/9.6/en/legacy-hashing-component.html (2026-11-29)
_HASH: Final = Lack(later("MySQL 9.6 or newer"), "SHA2(column, 256)")
FUNCTIONS: Final = {
    "MD5": _HASH,
    "REGEXP_LIKE": Lack("MariaDB", "column REGEXP 'pattern'"),
    "SHA1": _HASH,
}
# Argument counts that only one server accepts.
_PAD: Final = Lack("MySQL", instead=later("write ' ' as the third argument"))
_PLACE: Final = Lack("MariaDB", instead=later("leave out the position and what follows it"))
_ROWS: Final = Lack("MariaDB", instead=later("write COALESCE(LAG(column) OVER (...), value), or LEAD"))
ARGUMENTS: Final = {
    "CRC32": ((2,), Lack("MySQL", instead=later("write one argument"))),
    "DATE_FORMAT": (
        (3,),
        Lack("MySQL", instead=later("leave out the language; the filters `date` and `weekday` know it")),
    ),
    "LAG": ((3,), _ROWS),
    "LEAD": ((3,), _ROWS),
    "LPAD": ((2,), _PAD),
    "REGEXP_INSTR": ((3, 4, 5, 6), _PLACE),
    "REGEXP_REPLACE": ((4, 5, 6), _PLACE),
    "REGEXP_SUBSTR": ((3, 4, 5), _PLACE),
    "RPAD": ((2,), _PAD),
}
_ARROW: Final = Lack("MariaDB", "JSON_VALUE(column, '$.path')")
OPERATORS: Final = {"->": _ARROW, "->>": _ARROW}
# Words inside the brackets of a function, after another word (empty: any word).
_INT, _CHAR = Lack("MySQL", "SIGNED"), Lack("MySQL", instead=later("write CHAR, with a length if it needs one"))
_TYPES: Final = {
    "INT": _INT,
    "INTEGER": _INT,
    "JSON": Lack("MariaDB", instead=later("leave out the conversion: the JSON functions take a text")),
    "REAL": Lack("MariaDB", "DOUBLE"),
    "UUID": _CHAR,
    "VARCHAR": _CHAR,
    "YEAR": Lack("MariaDB", "YEAR(column)"),
}
_DEFAULT: Final = Lack("MariaDB", "COALESCE(JSON_VALUE(column, '$.path'), value)")
_ALL: Final = Lack("MySQL", instead=later("read rows with `expect: many`, or from a subquery"))
FORMS: Final = {
    **{("CAST", "AS", kind): lack for kind, lack in _TYPES.items()},
    **{("CONVERT", ",", kind): lack for kind, lack in _TYPES.items() if kind != "REAL"},
    ("GROUP_CONCAT", "", "LIMIT"): _ALL,
    ("JSON_ARRAYAGG", "", "DISTINCT"): _ALL,
    ("JSON_ARRAYAGG", "", "LIMIT"): _ALL,
    ("JSON_ARRAYAGG", "", "ORDER"): _ALL,
    ("JSON_VALUE", "", "RETURNING"): Lack("MariaDB", "CAST(JSON_VALUE(column, '$.path') AS SIGNED)"),
    ("JSON_VALUE", "ON", "EMPTY"): _DEFAULT,
    ("JSON_VALUE", "ON", "ERROR"): _DEFAULT,
}
# Collations, by the start of their names.
COLLATIONS: Final = {
    "UTF8MB4_0900_": Lack("MariaDB", instead=later("write COLLATE utf8mb4_unicode_520_ci, or utf8mb4_bin")),
    "UTF8MB4_UCA1400_": Lack("MySQL", instead=later("write COLLATE utf8mb4_unicode_520_ci, or utf8mb4_bin")),
}
# Words that can be a column's name on one server, and are reserved on the other.
_QUOTE: Final = later("put the name into backquotes")
_MARIADBS: Final = """
    DELETE_DOMAIN_ID DO_DOMAIN_IDS IGNORE_DOMAIN_IDS MASTER_DEMOTE_TO_REPLICA MASTER_DEMOTE_TO_SLAVE
    MASTER_SSL_VERIFY_SERVER_CERT OFFSET PAGE_CHECKSUM PARSE_VCOL_EXPR PORTION REF_SYSTEM_ID RETURNING STATS_AUTO_RECALC
    STATS_PERSISTENT STATS_SAMPLE_PAGES
    """
_MYSQLS: Final = """
    CUBE CUME_DIST DENSE_RANK EMPTY EXTERNAL FIRST_VALUE FUNCTION GENERATED GET GROUPING GROUPS IO_AFTER_GTIDS
    IO_BEFORE_GTIDS JSON_TABLE LAG LAST_VALUE LATERAL LEAD LIBRARY NTH_VALUE NTILE OF OPTIMIZER_COSTS OPTION
    PERCENT_RANK QUALIFY RANK ROW STORED SYSTEM TABLESAMPLE VIRTUAL WINDOW
    """
RESERVED: Final = {
    **dict.fromkeys(_MARIADBS.split(), Lack("MariaDB", instead=_QUOTE)),
    **dict.fromkeys(_MYSQLS.split(), Lack("MySQL", instead=_QUOTE)),
}
# After one of these, a word is a name. Elsewhere it can be part of the language, as in LIMIT 1 OFFSET 2; and after a
# period both servers accept any word as a name.
_BEFORE_NAMES: Final = frozenset({"AS", "SELECT", "DISTINCT", "BY", "WHERE", "ON", "AND", "OR", *",=<>+-*/("})


def problems(tokens: Sequence[Token]) -> Iterator[Problem]:
    """Yield a warning (QUERY_SERVER) for each use of a feature that one of the servers lacks."""
    code = [token for token in tokens if token.kind not in ("blank", "comment")]
    words = [token.text.upper() if token.kind in ("word", "sign") else "" for token in code]
    around: list[str] = []
    for number, (token, word) in enumerate(zip(code, words, strict=True)):
        if word == "(":
            around.append(words[number - 1] if number else "")
        elif word == ")":
            around[-1:] = []
        elif found := _found(code, words, number, around[-1] if around else ""):
            what, lack = found
            message = say("{server} has no {what}", server=say(lack.server), what=what)
            yield Problem(token.start, message, _fix(lack), CODE)


def _fix(lack: Lack) -> str:
    instead = say("write {code}", code=lack.code) if lack.code else say(lack.instead)
    return instead if lack.instead == _QUOTE else say("{instead}, if your server lacks it", instead=instead)


def _found(code: Sequence[Token], words: Sequence[str], number: int, around: str) -> tuple[str, Lack] | None:
    """Return the feature that starts at a token, if one server lacks it. `around` is the function around the token."""
    word, before, after = words[number], _at(words, number - 1), _at(words, number + 1)
    if word == "-" and (arrow := _arrow(code[number : number + 3])):
        return arrow, OPERATORS[arrow]
    if after == "(" and word in FUNCTIONS:
        return f"{word}()", FUNCTIONS[word]
    if after == "(" and word in ARGUMENTS:
        counts, lack = ARGUMENTS[word]
        count = _count(words, number + 1)
        return (say("{word}() with {count} arguments", word=word, count=count), lack) if count in counts else None
    for behind in (before, ""):
        if before != "." and (around, behind, word) in FORMS:
            return say("{word} in {around}()", word=word, around=around), FORMS[around, behind, word]
    for beginning, lack in COLLATIONS.items():
        if before == "COLLATE" and word.startswith(beginning):
            return say("collation {name}", name=word.lower()), lack
    if word in RESERVED and after != "(" and before in _BEFORE_NAMES:
        return say("name {word} without backquotes", word=word), RESERVED[word]
    return None


def _count(words: Sequence[str], opening: int) -> int:
    """Return how many arguments are in the brackets that open here."""
    depth, commas = 0, 0
    for number in range(opening, len(words)):
        depth += {"(": 1, ")": -1}.get(words[number], 0)
        commas += depth == 1 and words[number] == ","
        if not depth:
            return commas + 1 if number > opening + 1 else 0
    return commas + 1


def _arrow(signs: Sequence[Token]) -> str:
    """Return the arrow operator that starts here: signs without spaces between them; else an empty text."""
    joined = "".join(
        sign.text if sign.text in "->" and sign.start == signs[0].start + at else " " for at, sign in enumerate(signs)
    )
    return next((arrow for arrow in ("->>", "->") if joined.startswith(arrow)), "")


def _at(words: Sequence[str], number: int) -> str:
    return words[number] if 0 <= number < len(words) else ""
