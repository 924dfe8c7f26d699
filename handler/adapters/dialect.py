"""What MySQL 8 and MariaDB say differently: the session's SQL, the state of replication, and the numbers of errors.

Numbers and SQLSTATEs: MySQL's "Server Error Message Reference" and MariaDB's "Error Codes". Where a number is not in
the table, the class of its SQLSTATE (its first two characters, ISO 9075) decides; where that says nothing either, the
event is tried again a few times.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

# The client's own numbers; PyMySQL also uses 0 for an error without a number.
CLIENT_ERRORS: Final = range(2000, 3000)

# MySQL's for a text that is no JSON, or JSON of another type: a warning, or an error that ends the statement.
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
    "QUERY_LOSSY": (1411, 1525, *JSON_NUMBERS),  # MariaDB only warns of a text that is no date, or no JSON
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

# The server, or what stands between, has closed the connection; the statement did not run to its end. 0 is PyMySQL's
# for a connection that is closed already; 1927 is MariaDB's, 3169 and 4031 are MySQL's for a session that was ended.
LOST: Final = frozenset({0, 1053, 1158, 1159, 1160, 1161, 1927, 2006, 2013, 2055, 3169, 4031})

# A column's character set lacks a character of the text that the column is used with; 3854 and 3988 are MySQL's.
_COLLATIONS: Final = frozenset({1267, 1270, 1271, 3854, 3988})
# Who takes part in the comparison: a text in the statement is COERCIBLE, a column IMPLICIT. 1271 does not tell.
_COERCIBLE: Final = "COERCIBLE"
# MySQL shows the beginning of the text, with each byte beyond ASCII as \xF0.
_CONVERTED: Final = re.compile(r"^Cannot convert string '(.*?)(?:\.\.\.)?' from ")

# Refusals in words, and where the server's text quotes the names in them. MariaDB writes a table of 1142 as
# `schema`.`table`.
_FIRST: Final = re.compile(r"'([^']*)'")
_REFUSALS: Final = {
    1052: ("ambiguous column {}", _FIRST),
    1054: ("unknown column {}", _FIRST),
    **dict.fromkeys(_COLLATIONS, ("a column has another character set or collation than what it is used with", _FIRST)),
    1142: ("denied to read table {}", re.compile(r"['`]([^'`]+(?:`\.`[^'`]+)?)['`]$")),
    1143: ("denied to read column {} of table {}", re.compile(r"'([^']*)'[^']*'([^']*)'$")),
    1146: ("unknown table {}", _FIRST),
    # 1370: the server takes an unknown function for a stored one, which the account may not run.
    1305: ("unknown function {}", re.compile(r"^FUNCTION (\S+) ")),
    1370: ("unknown function {}", re.compile(r"'([^']*)'$")),
}
# "Truncated incorrect DOUBLE value: '…'", "Incorrect datetime value: '…'": the type stands before the value's quote.
_TYPE: Final = re.compile(r"^[^':]*?[Ii]ncorrect ([A-Za-z]+)")
# A syntax error quotes the rest of the statement, with the values that were bound into it.
_SYNTAX: Final = 1064
_NEAR: Final = re.compile(r" near '(([A-Za-z_]\w*)?.*)' at line ([0-9]+)$", re.DOTALL)

# How many warnings of one statement the server keeps: MySQL 8 by itself, where setting it takes a privilege
# (SESSION_VARIABLES_ADMIN), and MariaDB because its sessions say so. Where a server keeps fewer, the others are still
# counted. https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html#sysvar_max_error_count
MAX_WARNINGS: Final = 1024

_SQL_MODE: Final = (
    "CASE WHEN @@sql_mode LIKE '%ONLY_FULL_GROUP_BY%' THEN 'ONLY_FULL_GROUP_BY' ELSE 'NO_ENGINE_SUBSTITUTION' END"
)

# The second for servers before MySQL 8.0.22 and MariaDB 10.5.1. MySQL asks for REPLICATION CLIENT, MariaDB for REPLICA
# MONITOR.
# https://dev.mysql.com/doc/refman/8.4/en/show-replica-status.html, https://mariadb.com/kb/en/show-replica-status/
REPLICATION_STATUS: Final = ("SHOW REPLICA STATUS", "SHOW SLAVE STATUS")


def session_sql(zone: str, statement_seconds: float, rows: int, size: int, idle_seconds: float) -> str:
    """The one statement that makes a new session read-only, limited, and independent of the server's settings.

    `zone` is its time zone, `size` the most bytes of a GROUP_CONCAT. `/*M! */` is read by MariaDB alone; `/*!50720 */`
    by MySQL from 5.7.20 on, and never by MariaDB, which skips the versions 50700 to 99999. `wait_timeout` frees the
    connection of an execution environment that was frozen for good. A statement's own LIMIT goes before
    `sql_select_limit`: whoever reads the rows has to count them too. MySQL 8 keeps what INFORMATION_SCHEMA.TABLES says
    for a day, also the next AUTO_INCREMENT, unless `information_schema_stats_expiry` is 0.

    The mode of the SQL decides how a literal is read (NO_BACKSLASH_ESCAPES, ANSI_QUOTES) and what a SELECT returns
    (PAD_CHAR_TO_FULL_LENGTH, PIPES_AS_CONCAT), so it is ours; except that a server which refuses a loose GROUP BY goes
    on refusing it. Without ERROR_FOR_DIVISION_BY_ZERO, dividing by zero gives NULL and no warning.
    NO_ENGINE_SUBSTITUTION does nothing to a SELECT; it stands there because some modes refuse an empty text.
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
    """The notifier's code for a server's error number and, where it has one, its SQLSTATE."""
    unknown = "DB_UNAVAILABLE" if number == 0 or number in CLIENT_ERRORS else "DB_UNKNOWN_ERROR"
    return _CODES.get(number) or _CLASSES.get((sqlstate or "")[:2], unknown)


def lacks_character_of(number: int, message: str, text: str) -> bool:
    """Whether an error says that a column is used with a text of which its character set lacks a character.

    The server raises it only for texts beyond ASCII; between two columns it means that they do not fit each other.
    """
    if number not in _COLLATIONS or text.isascii():
        return False
    if converted := _CONVERTED.match(message):
        shown = "".join(chr(byte) if 32 <= byte < 127 else f"\\x{byte:02X}" for byte in text.encode())
        return shown.startswith(converted[1])
    return number in (1271, 3988) or _COERCIBLE in message


def refusal(number: int, message: str, sql: str) -> str:
    """What is wrong with a statement, such as "unknown column o.nmae"; nothing where the number does not tell.

    Of the server's text only names are repeated that stand in `sql`, the statement without the values bound into it.
    """
    if number == _SYNTAX:
        return _syntax_error(message, sql)
    if _CODES.get(number) == "QUERY_LOSSY":
        return no_such_type(message)
    words, quoted = _REFUSALS.get(number, ("", _FIRST))
    match = quoted.search(message)
    names = [known(name, sql) for name in match.groups()] if match else [""] * words.count("{}")
    return " ".join(words.format(*names).split())


def no_such_type(message: str) -> str:
    """What a value is not, such as "a value that is no DATE", by the server's text; empty where that does not tell."""
    kind = _TYPE.match(message)
    return f"a value that is no {kind[1]}" if kind else ""


def _syntax_error(message: str, sql: str) -> str:
    match = _NEAR.search(message)
    if not match:
        return "syntax error"
    rest, word, line = match.groups()
    near = known(word or "", sql)
    return f"syntax error in line {line}" + (f", near {near}" if near else "" if rest else ", at the end")


def known(name: str, sql: str) -> str:
    """As much of the end of a name such as schema.table as stands in the SQL."""
    parts: list[str] = []
    for part in reversed(name.replace("`", "").split(".")):
        if not part or not re.search(rf"(?<![\w$]){re.escape(part)}(?![\w$])", sql, re.IGNORECASE):
            break
        parts.insert(0, part)
    return ".".join(parts)


def replication(status: Mapping[str, Any]) -> tuple[bool, float | None]:
    """Whether one channel of a replica's status follows, and how many seconds it is behind where it knows.

    MySQL says Replica and Source where it said Slave and Master before, and MariaDB still does. A thread that is
    "Connecting" does not follow: no row comes before its primary is back.
    """
    threads = [_either(status, f"{{}}_{thread}_Running", "Replica", "Slave") for thread in ("IO", "SQL")]
    lag = _either(status, "Seconds_Behind_{}", "Source", "Master")
    return threads == ["Yes", "Yes"], None if lag is None else float(lag)


def _either(status: Mapping[str, Any], name: str, new: str, old: str) -> Any:
    return status.get(name.format(new), status.get(name.format(old)))
