"""Where MySQL 8 and MariaDB differ: the session's SQL, the state of replication, and error numbers.

Sources for numbers and SQLSTATEs: MySQL's "Server Error Message Reference" and MariaDB's "Error Codes". If a number is
not in the table, the class of its SQLSTATE decides (the first two characters, ISO 9075). If that is unknown too, the
event is tried again a few times.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

# The client's own error numbers; PyMySQL also uses 0 for an error without a number.
CLIENT_ERRORS: Final = range(2000, 3000)

# MySQL's numbers for a text that is not JSON, or JSON of another type: a warning, or an error that ends the statement.
JSON_NUMBERS: Final = (3140, 3141, 3155, 3156, 3665, 3666, 3669, 3903, 3904)

_NUMBERS: Final = {
    "DB_DENIED": (1044, 1142, 1143, 1227),
    "DB_LOGIN": (1045, 1130, 1251, 1524, 1698, 1820, 1862, 2059, 2061, 3118, 3159, 3955, 4151),
    "DB_BUSY": (1040, 1041, 1135, 1203, 1226),
    "DB_TIMEOUT": (1205, 1317, 1969, 3024),
    "DB_TIME_ZONE": (1298,),
    "DB_TLS": (2026,),
    "DB_UNAVAILABLE": (1021, 1037, 1049, 1053, 1129, 1152, 1213, 1412, 2003, 2006, 2013, 3168, 9001),  # 9001: ProxySQL
    "QUERY_FORBIDDEN": (1290, 1792, 1836),
    "QUERY_CUT": (3636,),
    "QUERY_DUPLICATE_COLUMN": (1060,),
    "QUERY_INVALID": (
        *(
            1111,
            1115,
            1116,
            1117,
            1128,
            1139,
            1191,
            1210,
            1221,
            1253,
            1267,
            1270,
            1271,
            1273,
            1300,
            1305,
            1356,
            1370,
            1436,
        ),
        # MySQL's: of WITH and of windows from 3573 on, of regular expressions from 3685 on
        *(3064, *range(3573, 3578), *range(3579, 3597), *range(3685, 3701), 3854, 3988),
        *(*range(4002, 4026), 4078, 4079),  # MariaDB's: of WITH and of windows; a type that an operation does not take
    ),
    "QUERY_LOSSY": (1411, 1525, *JSON_NUMBERS),  # MariaDB only warns about a text that is not a date or not JSON
}
_CODES: Final = {number: code for code, numbers in _NUMBERS.items() for number in numbers}

_CLASSES: Final = {
    "08": "DB_UNAVAILABLE",
    "21": "QUERY_INVALID",
    "22": "QUERY_INVALID",
    "23": "QUERY_INVALID",
    "25": "QUERY_FORBIDDEN",
    "28": "DB_LOGIN",
    "42": "QUERY_INVALID",
    "70": "DB_TIMEOUT",
}

# The server or a network device closed the connection, and the statement did not complete. 0 is PyMySQL's number for a
# connection that is already closed. 1927 (MariaDB), 3169 and 4031 (MySQL): the server ended the session.
CONNECTION_LOST: Final = frozenset({0, 1053, 1158, 1159, 1160, 1161, 1927, 2006, 2013, 2055, 3169, 4031})

# A column's character set lacks a character of the text that it is compared with; 3854 and 3988 are MySQL's.
_COLLATIONS: Final = frozenset({1267, 1270, 1271, 3854, 3988})
# The two sides of the comparison: a text in the statement is COERCIBLE, a column is IMPLICIT. 1271 names neither.
_COERCIBLE: Final = "COERCIBLE"
# MySQL shows the beginning of the text, with each byte beyond ASCII as \xF0.
_CONVERTED: Final = re.compile(r"^Cannot convert string '(.*?)(?:\.\.\.)?' from ")

# What an error number means, and where the server's text quotes the names to insert. MariaDB writes the table of 1142
# as `schema`.`table`.
_FIRST: Final = re.compile(r"'([^']*)'")
_DESCRIPTIONS: Final = {
    1052: ("ambiguous column {}", _FIRST),
    1054: ("unknown column {}", _FIRST),
    **dict.fromkeys(_COLLATIONS, ("a column is compared with a value of another character set or collation", _FIRST)),
    1142: ("denied to read table {}", re.compile(r"['`]([^'`]+(?:`\.`[^'`]+)?)['`]$")),
    1143: ("denied to read column {} of table {}", re.compile(r"'([^']*)'[^']*'([^']*)'$")),
    1146: ("unknown table {}", _FIRST),
    # 1370: the server assumes that an unknown function is a stored one, which the account may not run.
    1305: ("unknown function {}", re.compile(r"^FUNCTION (\S+) ")),
    1370: ("unknown function {}", re.compile(r"'([^']*)'$")),
}
# "Truncated incorrect DOUBLE value: '…'", "Incorrect datetime value: '…'": the type stands before the value's quote.
_TYPE: Final = re.compile(r"^[^':]*?[Ii]ncorrect ([A-Za-z]+)")
# A syntax error quotes the rest of the statement, with the values that were bound into it.
_SYNTAX: Final = 1064
_NEAR: Final = re.compile(r" near '(([A-Za-z_]\w*)?.*)' at line ([0-9]+)$", re.DOTALL)

# How many warnings of one statement the server keeps: MySQL 8 by default (to set it takes the privilege
# SESSION_VARIABLES_ADMIN), MariaDB because the session sets it. If a server keeps fewer, it still counts the others.
# https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html#sysvar_max_error_count
MAX_WARNINGS: Final = 1024

_SQL_MODE: Final = (
    "CASE WHEN @@sql_mode LIKE '%ONLY_FULL_GROUP_BY%' THEN 'ONLY_FULL_GROUP_BY' ELSE 'NO_ENGINE_SUBSTITUTION' END"
)

# The second for servers before MySQL 8.0.22 and MariaDB 10.5.1. MySQL asks for REPLICATION CLIENT, MariaDB for REPLICA
# MONITOR.
# https://dev.mysql.com/doc/refman/8.4/en/show-replica-status.html, https://mariadb.com/kb/en/show-replica-status/
REPLICATION_STATUS: Final = ("SHOW REPLICA STATUS", "SHOW SLAVE STATUS")


def session_sql(zone: str, statement_seconds: float, rows: int, size: int, idle_seconds: float) -> str:
    """Return the statement that makes a new session read-only, limited, and independent of the server's settings.

    `zone` is the session's time zone, `size` the maximum length of a GROUP_CONCAT in bytes. Only MariaDB reads
    `/*M! */`. MySQL from 5.7.20 on reads `/*!50720 */`, and MariaDB never does: it skips the versions 50700 to 99999.
    `wait_timeout` frees the connection of an execution environment that never thaws. A statement's own LIMIT overrides
    `sql_select_limit`, so the code that reads the rows has to count them too. MySQL 8 caches the values of
    INFORMATION_SCHEMA.TABLES for a day, including the next AUTO_INCREMENT, unless `information_schema_stats_expiry` is
    0.

    The SQL mode decides how a literal is read (NO_BACKSLASH_ESCAPES, ANSI_QUOTES) and what a SELECT returns
    (PAD_CHAR_TO_FULL_LENGTH, PIPES_AS_CONCAT), so the session sets it. Only ONLY_FULL_GROUP_BY stays as the server has
    it. Without ERROR_FOR_DIVISION_BY_ZERO, a division by zero returns NULL without a warning. NO_ENGINE_SUBSTITUTION
    has no effect on a SELECT; it is set because in some modes the server refuses an empty text.
    """
    milliseconds = math.ceil(statement_seconds * 1000)
    return (
        f"SET SESSION time_zone = '{zone}', sql_select_limit = {rows}, wait_timeout = {math.ceil(idle_seconds)},"
        f" group_concat_max_len = {size},"
        f" lc_messages = 'en_US', sql_mode = {_SQL_MODE},"
        " lc_time_names = 'en_US', div_precision_increment = 4, default_week_format = 0"
        " /*M!100000 , tx_read_only = 1,"
        f" max_statement_time = {milliseconds / 1000}, max_error_count = {MAX_WARNINGS} */"
        f" /*!50720 , transaction_read_only = 1, max_execution_time = {milliseconds} */"
        " /*!80000 , information_schema_stats_expiry = 0 */"
    )


def code_of(number: int, sqlstate: str | None) -> str:
    """Return the notifier's code for a server's error number and its SQLSTATE, if there is one."""
    unknown = "DB_UNAVAILABLE" if number == 0 or number in CLIENT_ERRORS else "DB_UNKNOWN_ERROR"
    return _CODES.get(number) or _CLASSES.get((sqlstate or "")[:2], unknown)


def lacks_character_of(number: int, message: str, text: str) -> bool:
    """Whether an error says that a column's character set lacks a character of the text it is compared with.

    The server raises it only for texts beyond ASCII. Between two columns it means that their character sets differ.
    """
    if number not in _COLLATIONS or text.isascii():
        return False
    if converted := _CONVERTED.match(message):
        shown = "".join(chr(byte) if 32 <= byte < 127 else f"\\x{byte:02X}" for byte in text.encode())
        return shown.startswith(converted[1])
    return number in (1271, 3988) or _COERCIBLE in message


def describe(number: int, message: str, sql: str) -> str:
    """Describe what is wrong with a statement, such as "unknown column o.nmae"; empty if the number is not known.

    Only names from the server's text that occur in `sql`, the statement without its bound values, are repeated.
    """
    if number == _SYNTAX:
        return _syntax_error(message, sql)
    if _CODES.get(number) == "QUERY_LOSSY":
        return wrong_type(message)
    words, quoted = _DESCRIPTIONS.get(number, ("", _FIRST))
    match = quoted.search(message)
    names = [name_in_sql(name, sql) for name in match.groups()] if match else [""] * words.count("{}")
    return " ".join(words.format(*names).split())


def wrong_type(message: str) -> str:
    """Return "a value that is not a valid DATE", with the type from the server's text; empty if it names no type."""
    kind = _TYPE.match(message)
    return f"a value that is not a valid {kind[1]}" if kind else ""


def _syntax_error(message: str, sql: str) -> str:
    match = _NEAR.search(message)
    if not match:
        return "syntax error"
    rest, word, line = match.groups()
    near = name_in_sql(word or "", sql)
    return f"syntax error in line {line}" + (f", near {near}" if near else "" if rest else ", at the end")


def name_in_sql(name: str, sql: str) -> str:
    """Return the longest end of a dotted name such as schema.table whose parts all occur in the SQL."""
    parts: list[str] = []
    for part in reversed(name.replace("`", "").split(".")):
        if not part or not re.search(rf"(?<![\w$]){re.escape(part)}(?![\w$])", sql, re.IGNORECASE):
            break
        parts.insert(0, part)
    return ".".join(parts)


def replication(status: Mapping[str, Any]) -> tuple[bool, float | None]:
    """Return whether one channel of a replica is running, and its lag in seconds if it is known.

    MySQL now says Replica and Source; older versions and MariaDB say Slave and Master. A channel whose thread is
    "Connecting" is not running: no row arrives before its primary is back.
    """
    threads = [_first_of(status, f"{{}}_{thread}_Running", "Replica", "Slave") for thread in ("IO", "SQL")]
    lag = _first_of(status, "Seconds_Behind_{}", "Source", "Master")
    return threads == ["Yes", "Yes"], None if lag is None else float(lag)


def _first_of(status: Mapping[str, Any], name: str, new: str, old: str) -> Any:
    return status.get(name.format(new), status.get(name.format(old)))
