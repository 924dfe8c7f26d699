"""How values are bound into a SELECT.

MySQL compares a text column with a whole number as floating-point numbers: `sku = 7` finds '007', '7.0' and '7 pieces'.
So a whole number that is compared with a column, or with a function that returns a text, is written as a text. MySQL
then compares a text column character by character and uses its index. The comparison with a numeric column does not
change, because the server converts a constant text to the column's type. Everywhere else, as in LIMIT or in arithmetic,
a number stays a number.

Not covered: pairs in brackets, CASE, subqueries, and comparisons with a function that is not listed here. If the server
then reads a text that is not a number, its warning becomes an error (server_warnings.py), but two different texts for
the same number still match. MySQL does not warn about columns of the TEXT types.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final

import pymysql
from pymysql.cursors import Cursor

from handler.errors import SourceError
from handler.model import Value

# A 64-bit floating-point number holds this many digits exactly.
_FLOAT_DIGITS: Final = 15
_NAME: Final = r"(?:[^\W\d]\w*|`[^`]+`)"
_TOKEN: Final = re.compile(
    rf"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|%\(\w+\)s|{_NAME}(?:\s*\.\s*{_NAME})*|[\d.]+\w*"""
    r"|<=>|->>|->|[<>!]=|<>|%%|\S",
    re.DOTALL,
)
_PARAMETER: Final = re.compile(r"%\((\w+)\)s")
_COLUMN: Final = re.compile(rf"{_NAME}(?:\s*\.\s*{_NAME})*")
_COMPARISONS: Final = frozenset({"=", "<=>", "<>", "!=", "<", ">", "<=", ">="})
# An operand next to one of these is part of a longer expression.
_ARITHMETIC: Final = frozenset({"+", "-", "*", "/", "%%", "&", "|", "^", "~", "->", "->>", ".", "(", "DIV", "MOD", "@"})
# A bracket after one of these only groups.
_GROUPS: Final = (
    _COMPARISONS | _ARITHMETIC | {",", "AND", "BETWEEN", "HAVING", "NOT", "ON", "OR", "WHEN", "WHERE", "XOR"}
)
# The functions of cli/compiler/sql/words.py whose result is always a text.
_TEXTS: Final = """
    BIN CHAR CONCAT CONCAT_WS CONV DATE_FORMAT DAYNAME ELT FORMAT FROM_BASE64 GET_FORMAT GROUP_CONCAT HEX INET6_NTOA
    INET_NTOA INSERT JSON_QUOTE JSON_TYPE JSON_UNQUOTE JSON_VALUE LCASE LEFT LOWER LPAD LTRIM MD5 MID MONTHNAME OCT
    REGEXP_REPLACE REGEXP_SUBSTR REPLACE REVERSE RIGHT RPAD RTRIM SHA1 SHA2 SOUNDEX SUBSTR SUBSTRING SUBSTRING_INDEX
    TIME_FORMAT TO_BASE64 TRIM UCASE UNHEX UPPER
    """
_TEXT_FUNCTIONS: Final = frozenset(_TEXTS.split())
# Functions whose result has the type of their arguments. MySQL compares it with a quoted number as texts or as
# floating-point numbers. So a number with more digits than a floating-point number holds stays a number.
_OF_ANY_TYPE: Final = frozenset(
    {"COALESCE", "FIRST_VALUE", "GREATEST", "IF", "IFNULL", "LAG", "LAST_VALUE", "LEAD", "LEAST", "MAX", "MIN"}
    | {"NTH_VALUE", "NULLIF"}
)
_CLAUSES: Final = frozenset({"GROUP", "HAVING", "LIMIT", "ORDER", "WINDOW"})
# With one of these words a statement can return a row that does not satisfy every condition of its WHERE.
_FINDS_MORE: Final = frozenset(
    {
        "!",
        "||",
        "ANY",
        "AVG",
        "BETWEEN",
        "BIT_AND",
        "BIT_OR",
        "BIT_XOR",
        "CASE",
        "COUNT",
        "EXISTS",
        "GROUP_CONCAT",
        "IF",
        "IS",
    }
    | {"JSON_ARRAYAGG", "JSON_OBJECTAGG", "LEFT", "MAX", "MIN", "NOT", "OR", "RIGHT", "STD", "STDDEV", "STDDEV_POP"}
    | {"STDDEV_SAMP", "SUM", "VARIANCE", "VAR_POP", "VAR_SAMP", "XOR"}
)
_EQUALITIES: Final = frozenset({"=", "<=>", "IN", "LIKE"})
_CONDITION_BEGINS: Final = frozenset({"WHERE", "AND"})
_CONDITION_ENDS: Final = frozenset({"", "AND", *_CLAUSES})
_CONVERSIONS: Final = frozenset({"CAST", "CONVERT"})
_TEXT_TYPES: Final = frozenset({"BINARY", "CHAR", "NCHAR", "VARCHAR"})


def bind(cursor: Cursor, sql: str, parameters: Mapping[str, Value]) -> str:
    """Return the SQL with values in place of the `%(name)s` parameters. Raises SourceError (QUERY_INVALID)."""
    numbers = frozenset(name for name, value in parameters.items() if _is_whole(value))
    short = frozenset(name for name in numbers if len(str(parameters[name]).lstrip("-")) <= _FLOAT_DIGITS)
    try:
        statement = cursor.mogrify(_quoted(sql, numbers, short) if numbers else sql, dict(parameters))
        statement.encode()  # fails on half a surrogate pair
    except (KeyError, TypeError, ValueError, pymysql.ProgrammingError) as error:
        raise SourceError("QUERY_INVALID", f"the parameters do not fit the SQL: {type(error).__name__}") from None
    return statement


def finds_only_equal(sql: str, names: Collection[str]) -> bool:
    """Whether every row found must equal each of these parameters: `WHERE x = %(name)s`, possibly AND more.

    Only a single plain SELECT can be analysed. For anything else, such as an OR or a COUNT(*), the answer is no,
    because a row may be found anyway.
    """
    tokens = [_text(match) for match in _TOKEN.finditer(sql)]
    if tokens.count("SELECT") != 1 or "WHERE" not in tokens or not _FINDS_MORE.isdisjoint(tokens):
        return False
    depth, is_condition = 0, False
    for position, word in enumerate(tokens):
        depth += {"(": 1, ")": -1}.get(word, 0)
        is_condition = (is_condition or word == "WHERE") and word not in _CLAUSES
        parameter = _PARAMETER.fullmatch(word)
        if parameter and parameter[1] in names and not (is_condition and _equals(tokens, position, depth)):
            return False
    return True


def _equals(tokens: Sequence[str], position: int, depth: int) -> bool:
    """Whether the parameter at `position` is one side of a comparison by = or LIKE that each row has to satisfy."""
    start, end = position, position
    if depth == 1 and (_at(tokens, start - 2), _at(tokens, start - 1), _at(tokens, end + 1)) == ("IN", "(", ")"):
        start, end, depth = start - 1, end + 1, 0
    if depth:
        return False
    if _at(tokens, start - 1) in _EQUALITIES:
        other = _begin(tokens, start - 2)
        return _at(tokens, other - 1) in _CONDITION_BEGINS and _at(tokens, end + 1) in _CONDITION_ENDS
    begins = _at(tokens, start - 1) in _CONDITION_BEGINS and _at(tokens, end + 1) in ("=", "<=>")
    return begins and bool(end := _end(tokens, position + 2)) and _at(tokens, end + 1) in _CONDITION_ENDS


def _begin(tokens: Sequence[str], end: int) -> int:
    """Where the column or function that ends at this token begins."""
    return _opening(tokens, end) - 1 if _at(tokens, end) == ")" else end


def _is_whole(value: Value) -> bool:
    """Whether a value is a whole number.

    A Decimal with more digits than a floating-point number holds does not count: it is for a DECIMAL column, which
    MySQL compares with a text as floating-point numbers.
    """
    if isinstance(value, Decimal):
        return str(value).removeprefix("-").isdigit() and len(value.as_tuple().digits) <= _FLOAT_DIGITS
    return type(value) is int


@lru_cache(maxsize=256)
def _quoted(sql: str, numbers: frozenset[str], short: frozenset[str]) -> str:
    """Return the SQL with quotes around those of the parameters `numbers` that are compared with a column or a text.

    A floating-point number holds each of the parameters `short` exactly.
    """
    found = _ungrouped(list(_TOKEN.finditer(sql)))
    tokens = [_text(match) for match in found]
    for position in reversed(range(len(tokens))):
        parameter = _PARAMETER.fullmatch(tokens[position])
        if not parameter or parameter[1] not in numbers:
            continue
        is_short = parameter[1] in short
        if not is_short and _is_mixed(tokens, position):
            continue
        if any(_is_text(tokens, at, is_short) for at in _others(tokens, position)):
            start, end = found[position].span()
            sql = f"{sql[:start]}'{sql[start:end]}'{sql[end:]}"
    return sql


def _is_mixed(tokens: Sequence[str], position: int) -> bool:
    """Whether the parameter is compared with something else besides a column.

    In a list with numbers, with a list of columns, or in HAVING, where a name can stand for an expression, MySQL
    compares a quoted number as a floating-point number.
    """
    if "HAVING" in tokens[:position]:
        return True
    start, end = position, position
    while _at(tokens, start) not in ("", "(", "IN"):
        start -= 1
    while _at(tokens, end) not in ("", ")", "("):
        end += 1
    in_list = _at(tokens, start) == "(" and _at(tokens, start - 1) == "IN"
    if in_list and any(token[0].isdigit() for token in tokens[start:end]):
        return True
    return _at(tokens, position + 1) == "IN" and "," in tokens[position : position + 6]


def _ungrouped(found: list[re.Match[str]]) -> list[re.Match[str]]:
    """Remove brackets around a single token, as in `(sku) = (:id)`."""
    position = 0
    while position < len(found) - 2:
        opening, _, closing = (_text(match) for match in found[position : position + 3])
        if opening == "(" and closing == ")" and (position == 0 or _text(found[position - 1]) in _GROUPS):
            found = [*found[:position], found[position + 1], *found[position + 3 :]]
            position = max(position - 1, 0)
        else:
            position += 1
    return found


def _text(match: re.Match[str]) -> str:
    return match[0] if match[0].startswith("%(") else match[0].upper()


def _others(tokens: Sequence[str], position: int) -> Iterator[int]:
    """The positions where an operand that is compared with the parameter at `position` ends, or begins."""
    before, after = _at(tokens, position - 1), _at(tokens, position + 1)
    if before in _COMPARISONS and after not in _ARITHMETIC - {"("}:
        yield position - 2
    elif after in _COMPARISONS and before not in _ARITHMETIC - {"("} and (end := _end(tokens, position + 2)):
        yield end
    elif after == "IN" and _ends_at(tokens, position + 3) and _at(tokens, position + 4) in (",", ")"):
        yield position + 3
    elif before == "BETWEEN":
        yield _skip_not(tokens, position - 2)
    elif before == "AND" and _at(tokens, position - 3) == "BETWEEN":
        yield _skip_not(tokens, position - 4)
    elif before in ("(", ",") and after in (")", ","):
        opening = position
        while opening > 0 and tokens[opening] not in ("(", ")", ";"):
            opening -= 1
        if tokens[opening] == "(" and _at(tokens, opening - 1) == "IN":
            yield _skip_not(tokens, opening - 2)


def _is_text(tokens: Sequence[str], end: int, is_short: bool) -> bool:
    """Whether a number has to be compared as a text with the operand that ends at this token.

    Such an operand is a column, a function that returns a text (for a short number also one that may), or
    `column->>'$.path'`.
    """
    last = _at(tokens, end)
    if last == ")":
        opening = _opening(tokens, end)
        function = _at(tokens, opening - 1)
        if function in _CONVERSIONS:
            return _converts_to_text(tokens[opening + 1 : end])
        return function in _TEXT_FUNCTIONS or (is_short and function in _OF_ANY_TYPE)
    if last.startswith(("'", '"')):
        return _at(tokens, end - 1) == "->>"
    return bool(_COLUMN.fullmatch(last)) and _at(tokens, end - 1) not in _ARITHMETIC - {"("}


def _opening(tokens: Sequence[str], closing: int) -> int:
    """Where the bracket that closes at this token opens."""
    depth = 0
    for position in range(closing, -1, -1):
        depth += {")": 1, "(": -1}.get(tokens[position], 0)
        if depth == 0:
            return position
    return 0


def _converts_to_text(inside: Sequence[str]) -> bool:
    """Whether CAST or CONVERT of these tokens returns a text: `x AS CHAR(5)`, `x, CHAR`, `x USING utf8mb4`."""
    depth = 0
    for position, word in enumerate(inside):
        depth += {"(": 1, ")": -1}.get(word, 0)
        if depth == 0 and word in ("AS", ",", "USING"):
            return word == "USING" or _at(inside, position + 1) in _TEXT_TYPES
    return False


def _end(tokens: Sequence[str], position: int) -> int:
    """Where the column or function that begins at this token ends; 0 if it is part of a longer expression."""
    if not _COLUMN.fullmatch(_at(tokens, position)):
        return 0
    depth, end = 0, position
    while _at(tokens, end + 1) == "(" or (depth and end < len(tokens)):
        end += 1
        depth += {"(": 1, ")": -1}.get(_at(tokens, end), 0)
        if not depth:
            break
    return 0 if _at(tokens, end + 1) in _ARITHMETIC else end


def _ends_at(tokens: Sequence[str], position: int) -> bool:
    """Whether the expression that begins at this token is only a column."""
    return bool(_COLUMN.fullmatch(_at(tokens, position))) and _at(tokens, position + 1) not in _ARITHMETIC


def _skip_not(tokens: Sequence[str], position: int) -> int:
    return position - 1 if _at(tokens, position) == "NOT" else position


def _at(tokens: Sequence[str], position: int) -> str:
    return tokens[position] if 0 <= position < len(tokens) else ""
