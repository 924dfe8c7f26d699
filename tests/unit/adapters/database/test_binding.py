"""Where a whole number is written as a text, so that a text column is compared character for character."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pymysql
import pytest
from pymysql.cursors import Cursor

from cli.compiler.sql.words import FUNCTIONS
from handler.adapters.database.binding import bind, finds_only_equal
from handler.errors import SourceError


def write(sql: str, **parameters: Any) -> str:
    """The statement that is sent."""
    connection = pymysql.Connection(defer_connect=True)
    connection.server_status = 0
    return bind(Cursor(connection), sql, parameters)


AS_TEXT = [
    ("sku = %(id)s", "sku = '7'"),
    ("sku=%(id)s", "sku='7'"),
    ("o.sku <=> %(id)s", "o.sku <=> '7'"),
    ("`order`.`sku` <> %(id)s", "`order`.`sku` <> '7'"),
    ("shop . orders . sku != %(id)s", "shop . orders . sku != '7'"),
    ("sku >= %(id)s", "sku >= '7'"),
    ("%(id)s = o.sku", "'7' = o.sku"),
    ("(%(id)s = sku)", "('7' = sku)"),
    ("NOT sku = %(id)s", "NOT sku = '7'"),
    ("sku IN (%(id)s)", "sku IN ('7')"),
    ("sku not in (1, %(id)s, 'x')", "sku not in (1, '7', 'x')"),
    ("sku BETWEEN %(id)s AND %(id)s", "sku BETWEEN '7' AND '7'"),
    ("sku NOT BETWEEN %(id)s AND 9", "sku NOT BETWEEN '7' AND 9"),
    ("LOWER(sku) = %(id)s", "LOWER(sku) = '7'"),
    ("trim(CONCAT(a, LEFT(b, 2))) = %(id)s", "trim(CONCAT(a, LEFT(b, 2))) = '7'"),
    ("doc->>'$.sku' = %(id)s", "doc->>'$.sku' = '7'"),
    ("JSON_VALUE(doc, '$.sku') = %(id)s AND a = 1", "JSON_VALUE(doc, '$.sku') = '7' AND a = 1"),
    ("CAST(sku AS CHAR) = %(id)s", "CAST(sku AS CHAR) = '7'"),
    ("CAST(CONCAT(a, b) AS CHAR(5)) = %(id)s", "CAST(CONCAT(a, b) AS CHAR(5)) = '7'"),
    ("CONVERT(sku USING utf8mb4) = %(id)s", "CONVERT(sku USING utf8mb4) = '7'"),
    ("convert(sku, char) IN (%(id)s)", "convert(sku, char) IN ('7')"),
    ("DATE_FORMAT(at, '%%Y') = %(id)s", "DATE_FORMAT(at, '%Y') = '7'"),
    ("GROUP_CONCAT(a ORDER BY b SEPARATOR '') = %(id)s", "GROUP_CONCAT(a ORDER BY b SEPARATOR '') = '7'"),
    ('doc->>"$.sku" = %(id)s', "doc->>\"$.sku\" = '7'"),
    ("%(id)s = LOWER(TRIM(sku))", "'7' = LOWER(TRIM(sku))"),
    ("(%(id)s = CAST(sku AS CHAR(9))) AND a", "('7' = CAST(sku AS CHAR(9))) AND a"),
    ("日付 = %(id)s", "日付 = '7'"),
    ("a = %(id)s LIMIT %(id)s", "a = '7' LIMIT 7"),
    ("(sku) = %(id)s", "(sku) = '7'"),
    ("((o.sku)) = ((%(id)s))", "((o.sku)) = (('7'))"),
    ("(sku = (%(id)s))", "(sku = ('7'))"),
    ("%(id)s IN (sku, code)", "'7' IN (sku, code)"),
    ("sku COLLATE utf8mb4_bin = %(id)s", "sku COLLATE utf8mb4_bin = '7'"),
    ("BINARY sku = %(id)s", "BINARY sku = '7'"),
    ("IF(sku = %(id)s, 1, 0)", "IF(sku = '7', 1, 0)"),
    ("a IN (SELECT a FROM u WHERE sku = %(id)s)", "a IN (SELECT a FROM u WHERE sku = '7')"),
]
AS_NUMBER = [
    "a LIMIT %(id)s",
    "a LIMIT 5 OFFSET %(id)s",
    "a + %(id)s > 5",
    "5 < a + %(id)s",
    "a = %(id)s + 1",
    "a = 1 + %(id)s",
    "a = -%(id)s",
    "a %% 2 = %(id)s",
    "a DIV 2 = %(id)s",
    "a = %(id)s DIV 2",
    "a * b = %(id)s",
    "%(id)s - 1 = a",
    "%(id)s = a + 1",
    "%(id)s = COUNT(a)",
    "%(id)s = LOWER(a) + 1",
    "%(id)s = LENGTH(LOWER(a))",
    "%(id)s = %(id)s",
    "7 = %(id)s",
    "COUNT(*) = %(id)s",
    "YEAR(at) = %(id)s",
    "doc->'$.n' = %(id)s",
    "JSON_EXTRACT(doc, '$.n') = %(id)s",
    "CAST(sku AS SIGNED) = %(id)s",
    "CONVERT(sku, DECIMAL(9, 2)) = %(id)s",
    'doc->"$.n" = %(id)s',
    "COALESCE(a, %(id)s) = 1",
    "GREATEST(a, %(id)s) = 1",
    "ROUND(%(id)s)",
    "at > NOW() - INTERVAL %(id)s DAY",
    "(SELECT MAX(n) FROM x) = %(id)s",
    "a = ABS(%(id)s)",
    "a = (%(id)s) + 1",
    "a = COALESCE((%(id)s), 0)",
    "%(id)s IN (1, a)",
    "%(id)s IN (a + 1, b)",
]


@pytest.mark.parametrize(("sql", "statement"), AS_TEXT)
def test_a_number_that_is_compared_with_a_column_is_written_as_a_text(sql: str, statement: str) -> None:
    assert write(f"SELECT a FROM t WHERE {sql}", id=7) == f"SELECT a FROM t WHERE {statement}"


@pytest.mark.parametrize("sql", AS_NUMBER)
def test_a_number_is_a_number_everywhere_else(sql: str) -> None:
    expected = sql.replace("%(id)s", "7").replace("%%", "%")
    assert write(f"SELECT a FROM t WHERE {sql}", id=7) == f"SELECT a FROM t WHERE {expected}"


LONG = 9007199254740993


@pytest.mark.parametrize(
    "sql",
    [
        "a IN (%(id)s, 5)",
        "a IN (5, %(id)s)",
        "a NOT IN (%(id)s, 5)",
        "%(id)s IN (a, b)",
        "a = 1 GROUP BY b HAVING c = %(id)s",
    ],
)
def test_a_long_number_among_numbers_stays_one_and_a_short_one_is_a_text(sql: str) -> None:
    """MySQL would compare all of them as floating-point numbers, which hold 15 digits."""
    assert write(f"SELECT a FROM t WHERE {sql}", id=LONG).endswith(sql.replace("%(id)s", str(LONG)))
    assert "'7'" in write(f"SELECT a FROM t WHERE {sql}", id=7)


@pytest.mark.parametrize("sql", ["a = %(id)s", "a IN (%(id)s)", "a IN (%(id)s, %(id)s)", "a IN (%(id)s, 'x')"])
def test_a_long_number_among_texts_is_a_text(sql: str) -> None:
    assert f"'{LONG}'" in write(f"SELECT a FROM t WHERE {sql}", id=LONG)


# Functions that templates may call and whose result is a text:
# https://dev.mysql.com/doc/refman/8.4/en/built-in-function-reference.html
OF_TEXTS = """
    BIN CHAR CONCAT CONCAT_WS CONV DATE_FORMAT DAYNAME ELT FORMAT FROM_BASE64 GET_FORMAT GROUP_CONCAT HEX INET6_NTOA
    INET_NTOA INSERT JSON_QUOTE JSON_TYPE JSON_UNQUOTE JSON_VALUE LCASE LEFT LOWER LPAD LTRIM MD5 MID MONTHNAME OCT
    REGEXP_REPLACE REGEXP_SUBSTR REPLACE REVERSE RIGHT RPAD RTRIM SHA1 SHA2 SOUNDEX SUBSTR SUBSTRING SUBSTRING_INDEX
    TIME_FORMAT TO_BASE64 TRIM UCASE UNHEX UPPER
    """


@pytest.mark.parametrize("function", OF_TEXTS.split())
def test_a_number_that_is_compared_with_a_text_of_a_function_is_a_text(function: str) -> None:
    assert function in FUNCTIONS
    assert write(f"SELECT a FROM t WHERE {function}(a) = %(id)s", id=7).endswith("(a) = '7'")
    assert write(f"SELECT a FROM t WHERE {function}(a) = %(id)s", id=10**16).endswith(f"(a) = '{10**16}'")


@pytest.mark.parametrize("function", ["COALESCE", "IF", "IFNULL", "NULLIF", "MAX", "MIN", "GREATEST", "LEAST"])
def test_beside_a_function_of_any_type_only_a_short_number_is_a_text(function: str) -> None:
    sql = f"SELECT a FROM t WHERE {function}(sku, '') = %(id)s"
    assert write(sql, id=-999999999999999).endswith("= '-999999999999999'")
    assert write(sql, id=9007199254740993).endswith("= 9007199254740993")


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        (True, "1"),
        (None, "NULL"),
        (Decimal("1.50"), "1.50"),
        (Decimal(7), "'7'"),
        (Decimal(-7), "'-7'"),
        (Decimal(9007199254740993), "9007199254740993"),
        (Decimal("1E+3"), "1000"),
        ("7", "'7'"),
        (-7, "'-7'"),
        (9007199254740993, "'9007199254740993'"),
    ],
)
def test_only_whole_numbers_are_written_as_texts(value: Any, literal: str) -> None:
    assert write("SELECT a FROM t WHERE a = %(x)s", x=value) == f"SELECT a FROM t WHERE a = {literal}"


def test_what_stands_in_quotes_is_no_sql() -> None:
    sql = "SELECT 'it''s a = \\' b', \"c = %%\" FROM t WHERE a = %(id)s"
    assert write(sql, id=7) == "SELECT 'it''s a = \\' b', \"c = %\" FROM t WHERE a = '7'"


def test_what_does_not_fit_is_named_and_not_shown() -> None:
    with pytest.raises(SourceError) as caught:
        write("SELECT %(x)s", x={"canary": 1})
    assert (caught.value.code, "canary" in caught.value.detail) == ("QUERY_INVALID", False)


@pytest.mark.parametrize(
    "condition",
    [
        "old = %(x)s",
        "old <=> %(x)s",
        "o.`old` LIKE %(x)s ORDER BY id LIMIT 5",
        "%(x)s = old",
        "%(x)s = LOWER(old) AND id > 7",
        "LOWER(old) = %(x)s",
        "old IN (%(x)s)",
        "id > 7 AND old = %(x)s GROUP BY id",
        "old = %(x)s AND older = %(x)s",
        "(id = 1) AND old = %(x)s",
    ],
)
def test_a_row_has_to_equal_the_parameter(condition: str) -> None:
    assert finds_only_equal(f"SELECT id FROM t AS o WHERE {condition}", ["x"])


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM t WHERE old <> %(x)s",
        "SELECT id FROM t WHERE old > %(x)s",
        "SELECT id FROM t WHERE old != %(x)s",
        "SELECT id FROM t WHERE NOT old = %(x)s",
        "SELECT id FROM t WHERE ! (old = %(x)s)",
        "SELECT id FROM t WHERE old NOT IN (%(x)s)",
        "SELECT id FROM t WHERE old NOT LIKE %(x)s",
        "SELECT id FROM t WHERE old = %(x)s OR id = 7",
        "SELECT id FROM t WHERE old = %(x)s || id = 7",
        "SELECT id FROM t WHERE old = %(x)s XOR id = 7",
        "SELECT id FROM t WHERE old IN ('a', %(x)s)",
        "SELECT id FROM t WHERE old IN (%(x)s, 'a')",
        "SELECT id FROM t WHERE old = CONCAT('a', %(x)s)",
        "SELECT id FROM t WHERE CONCAT(old, %(x)s) = 'a'",
        "SELECT id FROM t WHERE COALESCE(old = %(x)s, TRUE)",
        "SELECT id FROM t WHERE (old = %(x)s) IS NULL",
        "SELECT id FROM t WHERE old = %(x)s IS NULL",
        "SELECT id FROM t WHERE old = %(x)s = 0",
        "SELECT id FROM t WHERE (old = %(x)s) = 0",
        "SELECT id FROM t WHERE 0 = %(x)s = old",
        "SELECT id FROM t WHERE %(x)s = old = 0",
        "SELECT id FROM t WHERE old = %(x)s AND older <> %(x)s",
        "SELECT id FROM t WHERE old BETWEEN %(x)s AND %(x)s",
        "SELECT id FROM t WHERE CASE WHEN old = %(x)s THEN 0 ELSE 1 END",
        "SELECT id FROM t WHERE IF(old = %(x)s, 0, 1)",
        "SELECT COUNT(*) AS n FROM t WHERE old = %(x)s",
        "SELECT MAX(id) AS n FROM t WHERE old = %(x)s",
        "SELECT old = %(x)s AS same FROM t",
        "SELECT CONCAT(old, %(x)s) AS a FROM t WHERE id = 7",
        "SELECT id, %(x)s AS a FROM t WHERE old = %(x)s",
        "SELECT (SELECT 1 FROM t WHERE old = %(x)s) AS a FROM t",
        "SELECT id FROM t WHERE id IN (SELECT id FROM t WHERE old = %(x)s)",
        "SELECT id FROM t WHERE old = %(x)s UNION SELECT 7",
        "SELECT t.id FROM t LEFT JOIN u ON u.old = %(x)s WHERE t.id = 7",
        "SELECT t.id FROM t JOIN u ON u.old = %(x)s",
        "SELECT id FROM t WHERE old = %(x)s ANY_VALUE",
        "SELECT id FROM t WHERE id IN (1, 6) ORDER BY old = %(x)s LIMIT 1",
        "SELECT id FROM t WHERE id = 7 GROUP BY id, old LIKE %(x)s",
        "SELECT id FROM t WHERE id > 0 ORDER BY id = 1 AND old = %(x)s LIMIT 1",
        "SELECT 7 UNION SELECT id FROM t WHERE old = %(x)s",
        "SELECT id FROM t WHERE (id = 7 AND old = %(x)s AND id = 7) = 0",
        "SELECT id FROM t WHERE id = 7 HAVING old = %(x)s",
        "SELECT id FROM t WHERE 0 = old LIKE %(x)s",
        "SELECT id FROM t WHERE 0 = old IN (%(x)s)",
        "SELECT id FROM t WHERE id <> old LIKE %(x)s",
        "SELECT id FROM t WHERE id BETWEEN 0 AND old LIKE %(x)s",
        "SELECT id FROM t WHERE old SOUNDS LIKE %(x)s",
        "SELECT id FROM t WHERE id + old = %(x)s",
        "SELECT %(x)s AS a",
    ],
)
def test_a_row_may_be_found_that_does_not_equal_the_parameter(sql: str) -> None:
    assert not finds_only_equal(sql, ["x"])


def test_other_parameters_may_stand_anywhere() -> None:
    assert finds_only_equal("SELECT id, %(y)s AS y FROM t WHERE old = %(x)s AND id <> %(y)s", ["x"])
