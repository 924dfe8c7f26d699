"""SQL that a server answers, though it lost something on the way: every one is an error with a name."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from handler.errors import SourceError
from lab.databases import MARIADB, MYSQL, Pair
from lab.shop import Target
from tests.replica_kit import Default, address, replicas

TABLE = """
CREATE TABLE shop.strange (
  id BIGINT PRIMARY KEY, sku VARCHAR(30), code VARCHAR(30), big DECIMAL(20, 0), price DECIMAL(10, 2), at DATETIME,
  day DATE, hour TIME, stamp TIMESTAMP NULL, year YEAR, bits BIT(8), kind ENUM('a', 'b', '1'), size DOUBLE,
  bytes VARBINARY(30), old VARCHAR(30) CHARACTER SET latin1, older VARCHAR(30) CHARACTER SET utf8mb3, padded CHAR(10),
  doc TEXT, KEY (code), KEY (old)
) CHARACTER SET utf8mb4
"""
ROWS = (
    (9007199254740993, "abc", "007", 9007199254740993, 1.5, 7, "a", "abc", "abc", "abc", '{"n": 7, "sku": "007"}'),
    (9007199254740992, "1234x", "1234", 9007199254740992, 2.5, 8, "b", "1234", "abd", "abd", '{"n": 8, "sku": "8"}'),
    (7, "x", "9007199254740993", 7, 7, 9, "1", "7", "7", "7", "{bad"),
)


@pytest.fixture(scope="module")
def pair(database_pair: Pair) -> Iterator[Pair]:
    database_pair.primary.query(TABLE)
    for row in ROWS:
        database_pair.primary.query(
            "INSERT INTO shop.strange"
            " (id, sku, code, big, price, size, kind, bytes, old, older, doc, at, day, hour, stamp, year, bits, padded)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,"
            " '2026-01-02 03:04:05', '2026-01-02', '01:02:03', '2026-01-02 03:04:05', 2026, 7, '7')",
            *row,
        )
    database_pair.wait_for_replica()
    yield database_pair
    database_pair.primary.query("DROP TABLE shop.strange")
    database_pair.wait_for_replica()


@pytest.fixture(scope="module")
def target(pair: Pair) -> Target:
    return Target(pair.replica.host, pair.replica.port, "shop", pair.reader.user, pair.reader.password, str(pair.ca))


@pytest.fixture
def select(target: Target) -> Iterator[Default]:
    adapter = replicas(target)
    yield Default(adapter)
    adapter.close()


def refused(select: Default, sql: str, **parameters: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        select(sql, **parameters)
    return caught.value


# A value that is compared with a column of another type. Without the warnings, `found` is what is posted.

LOSSY_WHERE = [
    ("id = %(x)s", "7 or so"),
    ("id = %(x)s", "abc"),
    ("id = %(x)s", ""),
    ("id > %(x)s", "1x"),
    ("id + 0 = %(x)s", "7x"),
    ("id IN (%(x)s)", "7x"),
    ("id = %(x)s", "😀"),
    ("price = %(x)s", "1.5 EUR"),
    ("big = %(x)s", "7x"),
    ("size = %(x)s", "7 kg"),
    ("year = %(x)s", "soon"),
    ("at = %(x)s", "soon"),
    ("at > %(x)s", 7),
    ("day = %(x)s", "1234"),
    ("day = %(x)s", "😀"),
    ("hour = %(x)s", "99:99:99"),
    ("stamp = %(x)s", "2026-13-02"),
    ("sku + 0 = %(x)s", 0),
    ("CASE sku WHEN %(x)s THEN 1 END", 0),
    ("(sku, id) = (%(x)s, 7)", 0),
    ("IF(sku, %(x)s, 1)", 1),
    ("YEAR(sku) = %(x)s", 2026),
    ("id IN (SELECT sku FROM strange) OR id = %(x)s", 1),
    ("JSON_EXTRACT(doc, '$.n') = %(x)s", 7),
]


@pytest.mark.parametrize(("where", "value"), LOSSY_WHERE)
def test_a_comparison_that_lost_something_is_an_error(pair: Pair, select: Default, where: str, value: object) -> None:
    sql = f"SELECT id FROM strange WHERE {where} LIMIT 1"
    if pair.primary.product is MYSQL and (where, value) in MYSQL_FINDS:
        assert [row["id"] for row in select(sql, x=value)] == MYSQL_FINDS[where, value]
    else:
        assert refused(select, sql, x=value).code == "QUERY_LOSSY"


# What MySQL does without a warning, so that nothing can tell: docs/templates.md says so.
MYSQL_FINDS: dict[tuple[str, object], list[int]] = {("id = %(x)s", ""): []}  # '' is 0 to it
MYSQL_GIVES = {"CAST(1.5e30 AS SIGNED)": 9223372036854775807, "CONVERT('日' USING latin1)": "?"}


LOSSY_SELECT = [
    "CAST('1abc' AS SIGNED)",
    "CAST('999999999999999999999' AS SIGNED)",
    "CAST(1.5e30 AS SIGNED)",
    "CAST('abc' AS DECIMAL(5, 2))",
    "CAST(123456 AS DECIMAL(5, 2))",
    "CAST('abc' AS CHAR(2))",
    "CAST('2026-02-31' AS DATE)",
    "CAST('900:00:00' AS TIME)",
    "STR_TO_DATE('abc', '%%Y')",
    "DATE_ADD('9999-12-31', INTERVAL 1 DAY)",
    "DATE_ADD('2026-01-31', INTERVAL 'x' DAY)",
    "'5 apples' + 1",
    "SUM(sku)",
    "FROM_UNIXTIME('abc')",
    "CONVERT('日' USING latin1)",
    "CONVERT(_binary X'FF' USING utf8mb4)",
    "UNCOMPRESS('abc')",
    "EXTRACTVALUE('<a', 'b')",
    "JSON_EXTRACT('{bad', '$.a')",
    "SEC_TO_TIME(99999999)",
]


@pytest.mark.parametrize("expression", LOSSY_SELECT)
def test_a_conversion_that_lost_something_is_an_error(pair: Pair, select: Default, expression: str) -> None:
    sql = f"SELECT {expression} AS x FROM strange LIMIT 1"
    if pair.primary.product is MYSQL and expression in MYSQL_GIVES:
        assert select.value(sql) == MYSQL_GIVES[expression]
    else:
        assert refused(select, sql).code == "QUERY_LOSSY"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1 / 0 AS x", None),
        ("SELECT LOG(-1) AS x", None),
        ("SELECT COUNT(*) AS x FROM strange WHERE id = '7 '", 1),
        ("SELECT COUNT(*) AS x FROM strange WHERE price = '1.50'", 1),
        ("SELECT CAST(1.239 AS DECIMAL(3, 2)) * 100 DIV 1 AS x", 124),
        ("SELECT CAST(-1 AS UNSIGNED) AS x", 18446744073709551615),
    ],
)
def test_what_lost_nothing_is_no_error(select: Default, sql: str, expected: object) -> None:
    assert select.value(sql) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "REPEAT('a', 999999999)",
        "LPAD('a', 99999999, 'x')",
        "GROUP_CONCAT(REPEAT('a', 1000000) SEPARATOR '')",
        "JSON_ARRAYAGG(REPEAT('a', 1000000))",
    ],
)
def test_a_result_that_is_cut_is_an_error(pair: Pair, select: Default, expression: str) -> None:
    if pair.primary.product is MYSQL and expression.startswith("JSON_ARRAYAGG"):
        assert refused(select, f"SELECT {expression} AS x FROM strange").code == "ROWS_TOO_LARGE"  # MySQL cuts no JSON
        return
    error = refused(select, f"SELECT LENGTH({expression}) AS x FROM strange")
    assert (error.code, error.detail.startswith("warning")) == ("QUERY_CUT", True)


def test_a_warning_costs_no_connection_and_no_error_shows_a_value(pair: Pair, select: Default) -> None:
    before = select.connection()
    error = refused(select, "SELECT id FROM strange WHERE id = %(x)s", x="7 canary")
    kind = "DECIMAL" if pair.primary.product is MARIADB else "DOUBLE"
    assert error.detail == f"warning 1292, a value that is not a valid {kind}"
    assert select.connection() == before


def test_the_decisive_warning_is_seen_behind_a_thousand(select: Default) -> None:
    """The server keeps 64 by itself."""
    many = "SELECT 1 AS n" + " UNION ALL SELECT CAST(-1 AS UNSIGNED)" * 200
    assert refused(select, f"SELECT COUNT(*) AS x FROM ({many}) a UNION ALL SELECT '7x' + 0").code == "QUERY_LOSSY"


def test_more_warnings_than_are_kept_are_an_error(pair: Pair, select: Default) -> None:
    """Of harmless ones. MySQL has none that come once for each row, so there the first one is the error."""
    sql = "SELECT COUNT(*) AS x FROM orders a JOIN strange b WHERE CAST(-a.id AS UNSIGNED) > 0"
    if pair.primary.product is MYSQL:
        assert select.value(sql) == 4200 * len(ROWS)
    else:
        assert "of which 1024 can be read" in refused(select, sql).detail


# A number that is compared with a text, and a text that is a number


@pytest.mark.parametrize(
    ("where", "value", "found"),
    [
        ("code = %(x)s", 7, []),  # not '007'
        ("code = %(x)s", 1234, [9007199254740992]),
        ("code = %(x)s", 9007199254740993, [7]),
        ("code = %(x)s", 9007199254740992, []),  # as floating-point numbers the two are one
        ("%(x)s = code", 7, []),
        ("code IN (5, %(x)s)", 7, []),
        ("code BETWEEN %(x)s AND '5'", 3, []),
        ("LOWER(code) = %(x)s", 7, []),
        ("JSON_VALUE(doc, '$.sku') = %(x)s AND id > 7", 7, []),
        ("CAST(code AS CHAR) = %(x)s", 7, []),
        ("CONVERT(code USING utf8mb4) = %(x)s", 7, []),
        ("CONVERT(code, CHAR) = %(x)s", 1234, [9007199254740992]),
        ("REGEXP_REPLACE(code, 'x', '') = %(x)s", 7, []),
        ("DATE_FORMAT(at, '%%Y') = %(x)s AND id = 7", 2026, [7]),
        ("COALESCE(code, '') = %(x)s", 7, []),
        ("IFNULL(code, '') = %(x)s", 1234, [9007199254740992]),
        ("NULLIF(code, '') = %(x)s", 7, []),
        ("COALESCE(id, 0) = %(x)s", 7, [7]),
        ("COALESCE(id, 0) = %(x)s", 9007199254740993, [9007199254740993]),
        ("IFNULL(big, 0) = %(x)s", 9007199254740993, [9007199254740993]),
        ("NULLIF(price, 0) = %(x)s", 7, [7]),
        ("COALESCE(size, 0) = %(x)s", 9, [7]),
        ("COALESCE(day, at) = %(x)s AND id = 7", 20260102, [7]),
        ("sku = %(x)s", 0, []),
        ("sku = %(x)s", 1234, []),
        ("bytes = %(x)s", 7, [7]),
        ("padded = %(x)s AND id = 7", 7, [7]),
        ("kind = %(x)s", 1, [7]),  # the member '1', not the first one
        ("id = %(x)s", 7, [7]),
        ("id = %(x)s", 9007199254740993, [9007199254740993]),
        ("big = %(x)s", 9007199254740993, [9007199254740993]),
        ("id IN (%(x)s, 5)", 9007199254740993, [9007199254740993]),
        ("id NOT IN (%(x)s, 5) AND id > 7", 9007199254740993, [9007199254740992]),
        ("%(x)s IN (id, big)", 9007199254740993, [9007199254740993]),
        ("id < %(x)s", 10, [7]),
        ("price = %(x)s", 7, [7]),
        ("size = %(x)s", 9, [7]),
        ("bits = %(x)s AND id = 7", 7, [7]),
        ("year = %(x)s AND id = 7", 2026, [7]),
        ("id = %(x)s + 0", 7, [7]),
        ("id + 0 = %(x)s", 9007199254740993, [9007199254740993]),
        ("id = %(x)s", "7", [7]),
        ("id = %(x)s", "9007199254740993", [9007199254740993]),
        ("day = %(x)s AND id = 7", 20260102, [7]),
    ],
)
def test_a_number_finds_its_own_row_and_no_other(select: Default, where: str, value: object, found: list[int]) -> None:
    assert [row["id"] for row in select(f"SELECT id FROM strange WHERE {where}", x=value)] == found


def test_a_number_that_is_compared_with_a_text_uses_its_index(select: Default) -> None:
    [plan] = select("EXPLAIN FORMAT=TRADITIONAL SELECT id FROM strange WHERE code = %(x)s", x=1234)
    assert (plan["type"], plan["key"]) == ("ref", "code")


# A text that a column cannot hold, and columns that do not fit each other

APART = "sku COLLATE utf8mb4_bin = code COLLATE utf8mb4_general_ci"


@pytest.mark.parametrize("text", ["😀", "日本"])
@pytest.mark.parametrize(
    "where",
    [
        "old = %(x)s",
        "old <=> %(x)s",
        "old IN (%(x)s)",
        "old LIKE %(x)s",
        "LOWER(old) = %(x)s",
        "%(x)s = old",
    ],
)
def test_a_text_that_a_column_cannot_hold_has_no_row(select: Default, where: str, text: str) -> None:
    before = select.connection()
    assert select(f"SELECT id FROM strange WHERE {where}", x=text) == []
    assert select.connection() == before


def test_only_characters_that_the_column_has_not_are_refused(select: Default) -> None:
    assert select("SELECT id FROM strange WHERE old = %(x)s", x="é") == []
    assert select("SELECT id FROM strange WHERE older = %(x)s", x="日本") == []
    assert select("SELECT id FROM strange WHERE older = %(x)s", x="😀") == []


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT id FROM strange WHERE old <> %(x)s", "😀"),  # every row is
        ("SELECT id FROM strange WHERE NOT old = %(x)s", "😀"),
        ("SELECT id FROM strange WHERE id > 0 ORDER BY old = %(x)s LIMIT 1", "😀"),
        ("SELECT id FROM strange WHERE old = %(x)s OR id = 7", "😀"),  # one row is
        ("SELECT id FROM strange WHERE old IN ('abc', %(x)s)", "😀"),
        ("SELECT COUNT(*) AS n FROM strange WHERE old = %(x)s", "😀"),
        ("SELECT id FROM strange WHERE old = CONCAT('a', %(x)s)", "😀"),
        ("SELECT CONCAT(old, %(x)s) AS x FROM strange", "😀"),
        ("SELECT id FROM strange WHERE sku COLLATE utf8mb4_bin = code COLLATE utf8mb4_general_ci AND id = %(x)s", 7),
        (
            "SELECT id FROM strange WHERE sku COLLATE utf8mb4_bin = code COLLATE utf8mb4_general_ci AND sku = %(x)s",
            "😀",
        ),
        ("SELECT id FROM strange WHERE old = '日本' AND id = %(x)s", 7),
    ],
)
def test_columns_that_do_not_fit_are_the_fault_of_the_template(select: Default, sql: str, value: object) -> None:
    error = refused(select, sql, x=value)
    assert error.code == "QUERY_INVALID"
    assert "another character set or collation" in error.detail


# Whatever the server's settings are

STRANGE = [
    "ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,HIGH_NOT_PRECEDENCE,IGNORE_SPACE",
    "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE,NO_UNSIGNED_SUBTRACTION,REAL_AS_FLOAT",
    "TRADITIONAL",
    "ANSI",
    "ORACLE,EMPTY_STRING_IS_NULL",
    "MSSQL",
    "",
]
LOCAL = {"lc_time_names": "de_DE", "div_precision_increment": 9, "default_week_format": 3}
MARIADBS = ("ORACLE", "EMPTY_STRING_IS_NULL", "MSSQL")  # modes that MySQL does not have


@pytest.fixture(params=STRANGE, ids=[mode or "none" for mode in STRANGE])
def strange(request: pytest.FixtureRequest, pair: Pair, target: Target) -> Iterator[Default]:
    mode = ",".join(one for one in request.param.split(",") if pair.primary.product is MARIADB or one not in MARIADBS)
    names = ("sql_mode", "max_error_count", "group_concat_max_len", "lc_messages", *LOCAL)
    [before] = pair.replica.query(f"SELECT {', '.join(f'@@GLOBAL.{name}' for name in names)}")
    try:
        for name, value in zip(names, (mode, 0, 4, "ja_JP", *LOCAL.values()), strict=True):
            pair.replica.query(f"SET GLOBAL {name} = %s", value)
        adapter = replicas(target)
        yield Default(adapter)
        adapter.close()
    finally:
        for name, value in zip(names, before, strict=True):
            pair.replica.query(f"SET GLOBAL {name} = %s", value)


def test_a_lookup_is_the_same_whatever_the_settings_of_the_server(pair: Pair, strange: Default) -> None:
    text = 'it\'s "quoted" \\ `so`\n\0%'
    [row] = strange(
        'SELECT %(x)s AS bound, "a\\\'b" AS literal, padded, LENGTH(GROUP_CONCAT(code)) AS joined, 1 || 0 AS either,'
        " NOT 1 BETWEEN -5 AND 5 AS precedence, 1 / 0 AS none FROM strange WHERE id > 8 GROUP BY padded",
        x=text,
    )
    assert row == {
        "bound": text,
        "literal": "a'b",
        "padded": "7",
        "joined": len("007,1234"),
        "either": 1,
        "precedence": 0,
        "none": None,
    }
    error = refused(strange, "SELECT id FROM strange WHERE id = %(x)s", x="7 or so")
    kept = " DECIMAL" if pair.primary.product is MARIADB else "1 warnings, of which 0 can be read (max_error_count)"
    assert (error.code, error.detail.endswith(kept)) == ("QUERY_LOSSY", True)
    assert strange("SELECT id FROM strange WHERE old = %(x)s", x="😀") == []
    [row] = strange("SELECT DATE_FORMAT('2026-03-04', '%%M') AS month, 7 / 3 AS third, WEEK('2026-01-04') AS week")
    assert row == {"month": "March", "third": Decimal("2.3333"), "week": 1}


def test_a_server_that_refuses_a_loose_group_by_goes_on_doing_so(pair: Pair, target: Target) -> None:
    sql = "SELECT sku, COUNT(*) AS n FROM strange GROUP BY kind"
    [(before,)] = pair.replica.query("SELECT @@GLOBAL.sql_mode")
    codes = []
    try:
        for mode in ("ONLY_FULL_GROUP_BY", ""):
            pair.replica.query("SET GLOBAL sql_mode = %s", mode)
            adapter = replicas(target, address(target))
            try:
                codes.append(str(len(Default(adapter)(sql))))
            except SourceError as error:
                codes.append(error.code)
            adapter.close()
    finally:
        pair.replica.query("SET GLOBAL sql_mode = %s", before)
    assert codes == ["QUERY_INVALID", "3"]
