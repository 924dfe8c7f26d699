"""Warnings of both servers, as SHOW WARNINGS has them. Those of MySQL alone are from its manual, and were never met.

https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html, https://mariadb.com/kb/en/mariadb-error-codes/
(2026-11-29).
"""

from __future__ import annotations

import pytest

from handler.adapters.database.server_warnings import check
from handler.errors import CODES, SourceError

LOSSY = [
    (1256, "Uncompressed data size too large; the maximum size is 16777216"),
    (1258, "ZLIB: Not enough room in the output buffer (probably, length of uncompressed data was corrupted)"),
    (1259, "ZLIB: Input data corrupted"),
    (1264, "Out of range value for column 'canary' at row 1"),
    (1265, "Data truncated for column 'canary' at row 1"),
    (1292, "Truncated incorrect DOUBLE value: 'canary'"),
    (1300, "Invalid utf8mb4 character string: 'canary'"),
    (1366, "Incorrect string value: 'canary' for column 'canary' at row 1"),
    (1367, "Illegal double 'canary' value found during parsing"),
    (1411, "Incorrect datetime value: 'canary' for function str_to_date"),
    (1441, "Datetime function: datetime field overflow"),
    (1525, "Incorrect DATE value: 'canary'"),
    (1690, "BIGINT value is out of range in 'canary'"),
    (1918, "Encountered illegal value 'canary' when converting to DOUBLE"),
    (1977, "Cannot convert 'utf8mb4' character 0xE697A5 to 'latin1'"),
    (3141, 'Invalid JSON text in argument 1 to function json_extract: "canary" at position 0.'),
    (3155, "Out of range JSON value for CAST to INTEGER from column canary at row 1"),
    (3156, "Invalid JSON value for CAST to INTEGER from column canary at row 1"),
    (3669, "Value is out of range for JSON_TABLE's column 'canary'"),
    (3903, "Invalid JSON value for CAST for functional index 'canary'."),
    (4038, "Syntax error in JSON text in argument 1 to function 'json_extract' at position 2"),
]
CUT = [
    (1260, "Row 2 was cut by GROUP_CONCAT()"),
    (1301, "Result of repeat() was larger than max_allowed_packet (16777216) - truncated"),
    (1406, "Data too long for column 'canary' at row 1"),
    (1931, "Query execution was interrupted. The query exceeded max_recursive_iterations = 1000."),
]
HARMLESS = [
    ("Note", 1003, "select `shop`.`orders`.`id` AS `id` from `shop`.`orders`"),
    ("Note", 1105, "Cast to unsigned converted negative integer to it's positive complement"),
    ("Note", 1265, "Data truncated for column 'canary' at row 1"),
    ("Note", 1292, "Truncated incorrect DECIMAL value: '7 '"),
    ("Note", 1276, "Field or reference 'canary' of SELECT #2 was resolved in SELECT #1"),
    ("Warning", 1287, "'&&' is deprecated and will be removed in a future release. Please use AND instead"),
    ("Warning", 1365, "Division by 0"),
    ("Warning", 1681, "Integer display width is deprecated and will be removed in a future release."),
    ("Warning", 1739, "Cannot use ref access on index 'k' due to type or collation conversion on field 'k'"),
    ("Warning", 3020, "Invalid argument for logarithm"),
    ("Warning", 3090, "Changing sql mode 'NO_AUTO_CREATE_USER' is deprecated."),
    ("Warning", 3170, "Memory capacity of 8388608 bytes for 'range_optimizer_max_mem_size' exceeded."),
    ("Warning", 3719, "'utf8' is currently an alias for the character set UTF8MB3"),
    ("Warning", 3778, "'utf8mb3_general_ci' is a collation of the deprecated character set UTF8MB3."),
    ("Warning", 3964, "SQL_CALC_FOUND_ROWS is deprecated and will be removed in a future release."),
    ("Warning", 3986, "Evaluating a JSON value in SQL boolean context does an implicit comparison"),
    ("Warning", 9998, "something that a later server says"),
]


def refused(*kept: tuple[str, int, str], count: int = 0, sql: str = "SELECT 1") -> SourceError:
    with pytest.raises(SourceError) as caught:
        check(kept, count or len(kept), sql)
    assert "canary" not in caught.value.detail
    assert not CODES[caught.value.code].retry
    return caught.value


@pytest.mark.parametrize(("number", "message"), LOSSY)
def test_a_value_that_lost_something_is_an_error(number: int, message: str) -> None:
    error = refused(("Warning", number, message))
    assert (error.code, f"warning {number}" in error.detail) == ("QUERY_LOSSY", True)


@pytest.mark.parametrize(("number", "message"), CUT)
def test_a_result_that_was_cut_is_an_error(number: int, message: str) -> None:
    assert refused(("Warning", number, message)).code == "QUERY_CUT"


@pytest.mark.parametrize("warning", HARMLESS, ids=[f"{level}-{number}" for level, number, _ in HARMLESS])
def test_what_is_harmless_or_unknown_is_no_error(warning: tuple[str, int, str]) -> None:
    check([warning], 1, "SELECT 1")


@pytest.mark.parametrize("number", [1916, 1917, 1918])
def test_a_note_of_mariadb_that_a_value_was_changed_is_an_error(number: int) -> None:
    assert refused(("Note", number, "Got overflow when converting '1e30' to SIGNED BIGINT. Value truncated")).code


def test_the_decisive_warning_is_found_behind_harmless_ones() -> None:
    harmless = [("Warning", 1287, "deprecated")] * 500
    assert refused(*harmless, ("Warning", 1260, "cut")).code == "QUERY_CUT"


def test_more_warnings_than_the_server_keeps_may_hide_one() -> None:
    error = refused(("Note", 1105, "x"), count=65535)
    assert (error.code, error.detail) == ("QUERY_LOSSY", "65535 warnings, of which 1 can be read (max_error_count)")


@pytest.mark.parametrize(
    ("message", "detail"),
    [
        ("Truncated incorrect DOUBLE value: 'canary'", "warning 1292, a value that is not a valid DOUBLE"),
        ("Incorrect datetime value: 'canary'", "warning 1292, a value that is not a valid datetime"),
        (
            "Incorrect datetime value: 'canary' for column `shop`.`orders`.`sku` at row 7",
            "warning 1292, a value that is not a valid datetime, in column sku",
        ),
        (
            "Incorrect datetime value: 'canary' for column `x`.`y`.`canary` at row 7",
            "warning 1292, a value that is not a valid datetime",
        ),
    ],
)
def test_the_error_says_what_the_value_should_have_been(message: str, detail: str) -> None:
    assert refused(("Warning", 1292, message), sql="SELECT id FROM t WHERE YEAR(sku) = %(id)s").detail == detail
