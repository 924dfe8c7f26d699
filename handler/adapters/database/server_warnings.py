"""What the warnings of a SELECT mean: the server returned a result, but it may be wrong.

The numbers are those that a SELECT can raise as a warning, from MySQL's "Server Error Message Reference" and MariaDB's
"Error Codes". Any other number is ignored: after an upgrade of the server it is most often a new deprecation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from handler.adapters.database.dialect import JSON_NUMBERS, name_in_sql, wrong_type
from handler.errors import SourceError

# The result is truncated: GROUP_CONCAT and JSON_ARRAYAGG (1260), a text beyond max_allowed_packet (1301), a text beyond
# its type (1406), and MariaDB's recursion that never ends (1931; MySQL raises 3636).
_CUT: Final = frozenset({1260, 1301, 1406, 1931})

# A value was compared, converted or computed as another type and lost a part of itself.
_LOSSY: Final = frozenset(
    {
        *(1264, 1265, 1292, 1366),  # out of range, data truncated, (truncated) incorrect value
        *(1300, 1977),  # characters that the character set does not have; 1977 is MariaDB's
        *(1367, 1411, 1525),  # illegal or incorrect value for a function or a literal
        *(1441,),  # a date beyond the calendar
        *(1256, 1257, 1258, 1259),  # UNCOMPRESS
        *(1690,),  # a number out of range
        *(1916, 1917, 1918),  # MariaDB's overflow, cut and illegal value of a conversion
        *JSON_NUMBERS,
        *(4036, 4037, 4038, 4039, 4040, 4041),  # MariaDB's JSON that cannot be read
    }
)
# Numbers that mean a changed value even at the level Note. Other notes are harmless: 1265 and 1292 for a DATETIME that
# the statement converts to a DATE, or for a space after a number.
_LOSSY_NOTES: Final = frozenset({1916, 1917, 1918})

# "… for column `shop`.`orders`.`sku` at row 1"; MySQL writes 'sku'.
_COLUMN: Final = re.compile(r"for column [`']([\w$`.]+)[`'] at row [0-9]+$")


class LostValueError(SourceError):
    """The rows were read to their end but must not be used."""


def check(warnings: Sequence[tuple[str, int, str]], count: int, sql: str) -> None:
    """Raise LostValueError (QUERY_CUT, QUERY_LOSSY) for the first warning that makes the rows unusable.

    `warnings` are the rows of SHOW WARNINGS: level, number, message. `count` is the number of warnings raised; the
    server keeps at most dialect.MAX_WARNINGS of them. `sql` is the statement without its values: a column's name from
    the server's text is repeated only if it occurs in `sql`.
    """
    for level, number, message in warnings:
        if number in _CUT:
            raise LostValueError("QUERY_CUT", f"warning {number}")
        if number in (_LOSSY_NOTES if level == "Note" else _LOSSY):
            raise LostValueError("QUERY_LOSSY", f"warning {number}{_words(message, sql)}")
    if count > len(warnings):
        raise LostValueError("QUERY_LOSSY", f"{count} warnings, of which {len(warnings)} can be read (max_error_count)")


def _words(message: str, sql: str) -> str:
    kind, column = wrong_type(message), _COLUMN.search(message)
    name = name_in_sql(column[1], sql) if column else ""
    return (f", {kind}" if kind else "") + (f", in column {name}" if name else "")
