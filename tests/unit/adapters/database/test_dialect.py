from __future__ import annotations

import re

import pytest

from handler.adapters.database import dialect
from handler.errors import CODES

# What each server sees of a statement, by the rules of its manual on executable comments.
MARIADB_ONLY = re.compile(r"/\*M!\d+ (.*?)\*/")
MYSQL_ONLY = re.compile(r"/\*!\d+ (.*?)\*/")


def as_read_by(server: str, sql: str) -> set[str]:
    own, foreign = (MARIADB_ONLY, MYSQL_ONLY) if server == "MariaDB" else (MYSQL_ONLY, MARIADB_ONLY)
    plain = own.sub(r"\1", foreign.sub("", sql))
    assert "/*" not in plain
    return {setting.strip() for setting in plain.removeprefix("SET SESSION ").split(",")}


MODE = "CASE WHEN @@sql_mode LIKE '%ONLY_FULL_GROUP_BY%' THEN 'ONLY_FULL_GROUP_BY' ELSE 'NO_ENGINE_SUBSTITUTION' END"
COMMON = {
    "time_zone = '+09:00'",
    "sql_select_limit = 1001",
    "group_concat_max_len = 4096",
    "wait_timeout = 120",
    "lc_messages = 'en_US'",
    "lc_time_names = 'en_US'",
    "div_precision_increment = 4",
    "default_week_format = 0",
    f"sql_mode = {MODE}",
}


@pytest.mark.parametrize(
    ("server", "own"),
    [
        ("MariaDB", {"tx_read_only = 1", "max_statement_time = 2.5", "max_error_count = 1024"}),
        ("MySQL", {"transaction_read_only = 1", "max_execution_time = 2500", "information_schema_stats_expiry = 0"}),
    ],
)
def test_each_server_reads_its_own_limits_and_none_of_the_other(server: str, own: set[str]) -> None:
    sql = dialect.session_sql("+09:00", statement_seconds=2.5, rows=1001, size=4096, idle_seconds=120)
    assert as_read_by(server, sql) == COMMON | own


def test_the_versions_of_mysql_are_some_that_mariadb_skips() -> None:
    """MariaDB reads `/*!` comments too, except those of the versions that only MySQL had.

    https://mariadb.com/docs/server/reference/sql-statements/comment-syntax
    """
    versions = re.findall(r"/\*!(\d+)", dialect.session_sql("UTC", 1, 1, 1, 1))
    assert [50700 <= int(version) <= 99999 for version in versions] == [True, True]


def test_a_limit_below_a_unit_is_not_rounded_to_none() -> None:
    sql = dialect.session_sql("UTC", statement_seconds=0.0001, rows=1, size=1, idle_seconds=0.5)
    assert "max_statement_time = 0.001" in sql
    assert "max_execution_time = 1 " in sql
    assert "wait_timeout = 1," in sql


@pytest.mark.parametrize(
    ("number", "sqlstate", "code"),
    [
        (1040, "08004", "DB_BUSY"),
        (1203, "42000", "DB_BUSY"),
        (1226, "42000", "DB_BUSY"),
        (1044, "42000", "DB_DENIED"),
        (1142, "42000", "DB_DENIED"),
        (1143, "42000", "DB_DENIED"),
        (1370, "42000", "QUERY_INVALID"),
        (1045, "28000", "DB_LOGIN"),
        (1698, "28000", "DB_LOGIN"),
        (1130, "HY000", "DB_LOGIN"),
        (3118, "HY000", "DB_LOGIN"),
        (1969, "70100", "DB_TIMEOUT"),
        (3024, "HY000", "DB_TIMEOUT"),
        (1317, "70100", "DB_TIMEOUT"),
        (1205, "HY000", "DB_TIMEOUT"),
        (2026, None, "DB_TLS"),
        (1049, "42000", "DB_UNAVAILABLE"),
        (2003, None, "DB_UNAVAILABLE"),
        (1290, "HY000", "QUERY_FORBIDDEN"),
        (1792, "25006", "QUERY_FORBIDDEN"),
        (1060, "42S21", "QUERY_DUPLICATE_COLUMN"),
        (1054, "42S22", "QUERY_INVALID"),
        (1064, "42000", "QUERY_INVALID"),
        (1146, "42S02", "QUERY_INVALID"),
        (1052, "23000", "QUERY_INVALID"),
        (1242, "21000", "QUERY_INVALID"),
        (1690, "22003", "QUERY_INVALID"),
        (3636, "HY000", "QUERY_CUT"),
        (1298, "HY000", "DB_TIME_ZONE"),
        (1213, "40001", "DB_UNAVAILABLE"),
        (1267, "HY000", "QUERY_INVALID"),
        (3988, "HY000", "QUERY_INVALID"),
        (1525, "HY000", "QUERY_LOSSY"),
        (3141, "22032", "QUERY_LOSSY"),
        (3685, "HY000", "QUERY_INVALID"),
        (3696, "HY000", "QUERY_INVALID"),
        (3579, "HY000", "QUERY_INVALID"),
        (4009, "HY000", "QUERY_INVALID"),
        (4079, "HY000", "QUERY_INVALID"),
        (1273, "HY000", "QUERY_INVALID"),
        (1524, "HY000", "DB_LOGIN"),
        (9999, "HY000", "DB_UNKNOWN_ERROR"),
        (9999, None, "DB_UNKNOWN_ERROR"),
        (2055, None, "DB_UNAVAILABLE"),
        (0, None, "DB_UNAVAILABLE"),
        (9999, "42000", "QUERY_INVALID"),
    ],
)
def test_an_error_of_either_server_has_a_code(number: int, sqlstate: str | None, code: str) -> None:
    assert dialect.code_of(number, sqlstate) == code
    assert code in CODES


@pytest.mark.parametrize(
    ("number", "message", "words"),
    [
        (1054, "Unknown column 'nmae' in 'field list'", "unknown column nmae"),
        (1054, "Unknown column 'o.nmae' in 'SELECT'", "unknown column o.nmae"),
        (1054, "Unknown column 'Jane Doe' in 'SELECT'", "unknown column"),
        (1054, "Unknown column ''nmae'' in 'where clause'", "unknown column"),
        (1054, "Unknown column '1042' in 'where clause'", "unknown column"),
        (1054, "Unbekanntes Tabellenfeld 'o.nmae' in field list", "unknown column o.nmae"),
        (1054, "", "unknown column"),
        (1146, "Table 'shop.orderz' doesn't exist", "unknown table orderz"),
        (1146, "Table 'archive.Orderz' doesn't exist", "unknown table archive.Orderz"),
        (1146, "Table 'shop.behind_a_view' doesn't exist", "unknown table"),
        (1052, "Column 'id' in SELECT is ambiguous", "ambiguous column id"),
        (1064, "You have an error near 'FROM archive' at line 1", "syntax error in line 1, near FROM"),
        (1064, "You have an error near 'Jane'' at line 2", "syntax error in line 2"),
        (1064, "You have an error near ''Jane' at line 7' at line 2", "syntax error in line 2"),
        (1064, "You have an error near '' at line 3", "syntax error in line 3, at the end"),
        (1064, "Fehler", "syntax error"),
        (1142, "SELECT command denied to user 'id'@'10.0.0.1' for table 'orderz'", "denied to read table orderz"),
        (
            1142,
            "SELECT command denied to user ''@'%' for table `archive`.`orderz`",
            "denied to read table archive.orderz",
        ),
        (1142, "SELECT command denied to user ''@'%' for table `mysql`.`user`", "denied to read table"),
        (
            1143,
            "SELECT command denied to user 'id'@'10.0.0.1' for column 'nmae' in table 'orderz'",
            "denied to read column nmae of table orderz",
        ),
        (1525, "Incorrect DATE value: 'id'", "a value that is not a valid DATE"),
        (3141, 'Invalid JSON text in argument 1 to function json_extract: "Missing a name" at position 1.', ""),
        (1045, "Access denied for user 'id'@'10.0.0.1'", ""),
        (1370, "execute command denied to user 'id'@'%' for routine 'archive.nmae'", "unknown function archive.nmae"),
        (1370, "execute command denied to user 'id'@'%' for routine 'shop.secret'", "unknown function"),
        (1305, "FUNCTION archive.nmae does not exist", "unknown function archive.nmae"),
    ],
)
def test_a_refusal_is_said_in_words_and_only_names_out_of_the_sql_are_repeated(
    number: int, message: str, words: str
) -> None:
    assert dialect.describe(number, message, "SELECT o.nmae FROM archive.orderz AS o WHERE o.id = %(id)s") == words


# MariaDB's were run, MySQL's are from its reference and from reports:
# https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html,
# https://github.com/sidorares/node-mysql2/issues/1865 (2026-11-29)
MIX = "Illegal mix of collations (latin1_swedish_ci,IMPLICIT) and (utf8mb4_general_ci,{}) for operation '{}'"
IMPOSSIBLE = "Conversion from collation utf8mb4_0900_ai_ci into latin1_swedish_ci impossible for parameter"
MIX_OF_THREE = (
    "Illegal mix of collations (latin1_swedish_ci,IMPLICIT), (utf8mb4_general_ci,COERCIBLE),"
    " (utf8mb4_general_ci,COERCIBLE) for operation 'in'"
)


CONVERT = "Cannot convert string '{}' from utf8mb4 to latin1"


@pytest.mark.parametrize(
    ("number", "message", "text", "expected"),
    [
        (1267, MIX.format("COERCIBLE", "="), "😀", True),
        (1267, MIX.format("COERCIBLE", "="), "é", True),
        (1270, MIX_OF_THREE, "😀", True),
        (1271, "Illegal mix of collations for operation 'in'", "😀", True),
        (3988, IMPOSSIBLE, "😀", True),
        (3854, CONVERT.format("\\xF0\\x9F\\x98\\x80"), "😀", True),
        (3854, CONVERT.format("a\\xF0\\x9F..."), "a😀 and more", True),
        (3854, CONVERT.format("\\xE6\\x97\\xA5"), "😀", False),  # another text of the statement
        (3988, IMPOSSIBLE, "a", False),
        (1267, MIX.format("IMPLICIT", "="), "😀", False),
        (1267, MIX.format("COERCIBLE", "="), "a", False),
        (1054, "Unknown column '😀'", "😀", False),
    ],
)
def test_a_text_that_no_column_can_hold_is_told_from_columns_that_do_not_fit(
    number: int, message: str, text: str, expected: bool
) -> None:
    assert dialect.lacks_character_of(number, message, text) is expected


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({"Slave_IO_Running": "Yes", "Slave_SQL_Running": "Yes", "Seconds_Behind_Master": 0}, (True, 0.0)),
        ({"Replica_IO_Running": "Yes", "Replica_SQL_Running": "Yes", "Seconds_Behind_Source": 7}, (True, 7.0)),
        ({"Replica_IO_Running": "Yes", "Replica_SQL_Running": "No", "Seconds_Behind_Source": None}, (False, None)),
        ({"Slave_IO_Running": "Connecting", "Slave_SQL_Running": "Yes", "Seconds_Behind_Master": None}, (False, None)),
        ({}, (False, None)),
    ],
)
def test_a_replica_follows_while_both_its_threads_do(
    status: dict[str, object], state: tuple[bool, float | None]
) -> None:
    assert dialect.replication(status) == state
