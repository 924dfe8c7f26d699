"""Only plain SELECTs get through, and what gets through says the same to PyMySQL."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pymysql.converters
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.compiler.sql import Query, read, servers
from cli.compiler.sql.tokens import Problem
from cli.compiler.sql.words import BEFORE_BRACKETS, FUNCTIONS, REFUSED_FUNCTIONS
from tests.sql_calls import CALLS, statement

ROOT = Path(__file__).parents[3]
CORPUS = Path(__file__).parent / "corpus"
WIDTH = 14  # of the column before the SQL in refused_sql.txt


def corpus(name: str) -> list[str]:
    lines = (CORPUS / name).read_text("utf-8").splitlines()
    return [line.replace("⏎", "\n") for line in lines if line and not line.startswith("//")]


REFUSED = corpus("refused_sql.txt")
ACCEPTED = corpus("accepted_sql.txt")


def errors(query: Query) -> tuple[Problem, ...]:
    """What stops a build."""
    return tuple(problem for problem in query.problems if problem.code not in ("QUERY_STAR", servers.CODE))


def bound(sql: str) -> tuple[str, ...]:
    return ("x",) if ":x" in sql else ()


def test_the_corpora_are_large_enough_to_mean_something() -> None:
    assert len(set(REFUSED)) >= 150
    assert len(set(ACCEPTED)) >= 50


@pytest.mark.parametrize("line", REFUSED)
def test_unsafe_sql_is_refused_for_the_right_reason(line: str) -> None:
    reason, sql = line[:WIDTH].strip(), line[WIDTH:]
    found = errors(read(sql, bound(sql)))
    assert found
    assert any(reason in problem.message for problem in found)
    assert {problem.code for problem in found} <= {"QUERY_FORBIDDEN", "QUERY_INVALID"}


@pytest.mark.parametrize(
    ("sql", "message", "fix"),
    [
        ("SELECT a FROM t WHERE id = ?", "not how a value is bound", "write `:name`"),
        ("SELECT a FROM t WHERE id = $1", "not how a value is bound", "write `:name`"),
        ("SELECT a FROM t WHERE id = ${id}", "not how a value is bound", "write `:name`"),
        ("SELECT a FROM t WHERE id = {id}", "no place", "bind a value: `:name`"),
        ("SELECT a FROM t WHERE id = %s", "not how a value is bound", "write `:name`"),
        ("SELECT a FROM t WHERE id = %(id)s", "not how a value is bound", "write `:name`"),
        ("SELECT [a] FROM t WHERE id = :id", "no place", "backquotes"),
        ("UPDATE t SET a = 1 WHERE id = :id", "starts with UPDATE", "write SELECT"),
        ("(DELETE FROM t WHERE id = :id)", "starts with DELETE", "write SELECT"),
        ("SELCT a FROM t WHERE id = :id", "starts with SELCT", "write SELECT"),
    ],
)
def test_one_cause_is_one_problem(sql: str, message: str, fix: str) -> None:
    (found,) = errors(read(sql, ()))
    assert message in found.message
    assert fix in found.fix


@pytest.mark.parametrize("sql", ACCEPTED)
def test_plain_selects_are_accepted(sql: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert errors(read(sql, bound(sql))) == ()
    assert not caplog.records  # the parser has nothing to say about them either


@pytest.mark.parametrize("sql", ACCEPTED)
def test_what_pymysql_makes_of_it_is_what_was_written(sql: str) -> None:
    converted = read(sql, bound(sql)).sql
    sent = converted % {name: pymysql.converters.escape_item(7, "utf8mb4") for name in ("id", "x")}
    assert "%%" not in sent
    assert sent.count("%") == sql.count("%")
    assert not sent.endswith(";")


@pytest.mark.parametrize(
    ("sql", "converted"),
    [
        ("SELECT a FROM t WHERE id = :id", "SELECT a FROM t WHERE id = %(id)s"),
        ("SELECT a FROM t WHERE id=:id AND b=:id", "SELECT a FROM t WHERE id=%(id)s AND b=%(id)s"),
        ("SELECT a FROM t WHERE id = :id AND b LIKE '5%'", "SELECT a FROM t WHERE id = %(id)s AND b LIKE '5%%'"),
        ("SELECT a % 2 FROM t WHERE id = :id", "SELECT a %% 2 FROM t WHERE id = %(id)s"),
        ("SELECT ':id', `:id` FROM t WHERE id = :id ;", "SELECT ':id', `:id` FROM t WHERE id = %(id)s"),
        ("SELECT a/* x */FROM t WHERE id = :id", "SELECT a FROM t WHERE id = %(id)s"),
        ("SELECT a -- :nobody 100%\nFROM t WHERE id = :id # x", "SELECT a  \nFROM t WHERE id = %(id)s"),
        ("\n  SELECT a\n  FROM t WHERE id = :id\n", "SELECT a\n  FROM t WHERE id = %(id)s"),
    ],
)
def test_parameters_percent_signs_and_comments_are_converted(sql: str, converted: str) -> None:
    query = read(sql, ())
    assert query.problems == ()
    assert query.sql == converted


@pytest.mark.parametrize("comment", ["-- newest first", "# newest first"])
def test_a_line_comment_needs_its_line_break(comment: str) -> None:
    sql = f"SELECT a FROM t WHERE id = :id {comment}\nLIMIT 1"
    assert read(sql, ()).problems == ()
    joined = sql.replace("\n", " ")
    assert "hides the rest" in read(joined, (), lines_survive=False).problems[0].message
    assert read(joined.replace(comment, "/* newest */"), (), lines_survive=False).problems == ()


def test_a_binding_that_nobody_uses_is_named() -> None:
    messages = [problem.message for problem in read("SELECT a FROM t WHERE id = :id", ("cid",)).problems]
    assert messages == ["`bind` has `cid`, and the SQL has no `:cid`"]


def test_a_problem_knows_its_character() -> None:
    sql = "SELECT a\nFROM t\nWHERE id = :id AND SLEEP(1)"
    assert read(sql, ()).problems[0].start == sql.index("SLEEP")


def test_the_nearest_function_is_suggested() -> None:
    problem = read("SELECT UPPPER(a) FROM t WHERE id = :id", ()).problems[0]
    assert "UPPER" in problem.fix


def test_every_function_on_the_list_has_a_call() -> None:
    assert CALLS.keys() == FUNCTIONS


@pytest.mark.parametrize("name", sorted(CALLS))
def test_every_function_on_the_list_can_be_called(name: str) -> None:
    """The servers run the same calls: tests/integration/test_accepted_sql.py."""
    query = read(statement(name), ())
    assert [one for one in query.problems if one.code != servers.CODE] == []


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_call_without_arguments_never_stops_the_compiler(name: str) -> None:
    assert {one.code for one in read(f"SELECT {name}() AS x FROM t WHERE id = :id", ()).problems} <= {
        "QUERY_INVALID",
        servers.CODE,
    }


# The SQL in the running text and in the tables of the guides, with a column in place of the words for one.
_SPAN = re.compile(r"`([^`\n]*\b[A-Z_]{2,}\([^`\n]+\)[^`\n]*|column REGEXP [^`\n]*)`")
WRITTEN = sorted({
    re.sub(r"\bcolumn\b|列名", "note", span)
    for guide in ("docs/templates.md", "docs/ja/templates.md")
    for span in _SPAN.findall((ROOT / guide).read_text("utf-8"))
    if "..." not in span and not span.startswith("[")
})  # fmt: skip


def test_the_guides_show_sql() -> None:
    assert {"JSON_VALUE(note, '$.path')", "LEFT(note, 3000)", "note REGEXP 'pattern'"} <= {*WRITTEN}


@pytest.mark.parametrize("written", WRITTEN)
def test_the_sql_of_the_guides_passes(written: str) -> None:
    named = written if re.search(r"\) AS \w+$", written) else f"{written} AS x"
    assert read(f"SELECT {named} FROM orders WHERE id = :id", bound(written)).problems == ()


def test_no_function_is_both_allowed_and_refused() -> None:
    assert not FUNCTIONS & REFUSED_FUNCTIONS.keys()
    assert not BEFORE_BRACKETS & REFUSED_FUNCTIONS.keys()


LACKING = [
    ("MD5(a)", "MySQL 9.6 or newer has no MD5()"),
    ("SHA1(a)", "MySQL 9.6 or newer has no SHA1()"),
    ("REGEXP_LIKE(a, 'x')", "MariaDB has no REGEXP_LIKE()"),
    ("CRC32(a, 'x')", "MySQL has no CRC32() with 2 arguments"),
    ("DATE_FORMAT(a, '%W', 'de_DE')", "MySQL has no DATE_FORMAT() with 3 arguments"),
    ("LAG(a, 1, 0) OVER (ORDER BY b)", "MariaDB has no LAG() with 3 arguments"),
    ("LEAD(a, 1, 0) OVER (ORDER BY b)", "MariaDB has no LEAD() with 3 arguments"),
    ("LPAD(a, 5)", "MySQL has no LPAD() with 2 arguments"),
    ("RPAD(CONCAT(a, ','), 5)", "MySQL has no RPAD() with 2 arguments"),
    ("REGEXP_INSTR(a, 'x', 1)", "MariaDB has no REGEXP_INSTR() with 3 arguments"),
    ("REGEXP_REPLACE(a, 'x', 'y', 1)", "MariaDB has no REGEXP_REPLACE() with 4 arguments"),
    ("REGEXP_SUBSTR(a, 'x', 1)", "MariaDB has no REGEXP_SUBSTR() with 3 arguments"),
    ("a->'$.b'", "MariaDB has no ->"),
    ("a->>'$.b'", "MariaDB has no ->>"),
    *((f"CAST(a AS {kind})", f"MariaDB has no {kind} in CAST()") for kind in ("JSON", "REAL", "YEAR")),
    *((f"CAST(a AS {kind})", f"MySQL has no {kind} in CAST()") for kind in ("INT", "INTEGER", "UUID")),
    ("CAST(UPPER(a) AS VARCHAR(5))", "MySQL has no VARCHAR in CAST()"),
    *((f"CONVERT(a, {kind})", f"MariaDB has no {kind} in CONVERT()") for kind in ("JSON", "YEAR")),
    *((f"CONVERT(a, {kind})", f"MySQL has no {kind} in CONVERT()") for kind in ("INT", "INTEGER", "UUID")),
    ("CONVERT(a, VARCHAR(5))", "MySQL has no VARCHAR in CONVERT()"),
    ("GROUP_CONCAT(a LIMIT 3)", "MySQL has no LIMIT in GROUP_CONCAT()"),
    ("JSON_ARRAYAGG(DISTINCT a)", "MySQL has no DISTINCT in JSON_ARRAYAGG()"),
    ("JSON_ARRAYAGG(a LIMIT 3)", "MySQL has no LIMIT in JSON_ARRAYAGG()"),
    ("JSON_ARRAYAGG(a ORDER BY b)", "MySQL has no ORDER in JSON_ARRAYAGG()"),
    ("JSON_VALUE(a, '$.b' RETURNING SIGNED)", "MariaDB has no RETURNING in JSON_VALUE()"),
    ("JSON_VALUE(a, '$.b' NULL ON EMPTY)", "MariaDB has no EMPTY in JSON_VALUE()"),
    ("JSON_VALUE(a, '$.b' NULL ON ERROR)", "MariaDB has no ERROR in JSON_VALUE()"),
    ("a COLLATE utf8mb4_0900_ai_ci", "MariaDB has no collation utf8mb4_0900_ai_ci"),
    ("a COLLATE utf8mb4_uca1400_ai_ci", "MySQL has no collation utf8mb4_uca1400_ai_ci"),
]


@pytest.mark.parametrize(("expression", "message"), LACKING)
def test_what_one_server_lacks_is_a_warning_that_names_it(expression: str, message: str) -> None:
    sql = f"SELECT {expression} AS x FROM t WHERE id = :id"
    [problem] = read(sql, ()).problems
    assert (problem.message, problem.code) == (message, servers.CODE)
    assert problem.fix.endswith("if your server lacks it")
    what = message.partition(" has no ")[2].removeprefix("collation ")
    assert sql[problem.start :].startswith(what.partition(" ")[0].removesuffix("()"))


def test_every_entry_of_the_table_has_an_example() -> None:
    tables = (servers.FUNCTIONS, servers.ARGUMENTS, servers.OPERATORS, servers.FORMS, servers.COLLATIONS)
    assert len({message for _, message in LACKING}) == sum(map(len, tables))


@pytest.mark.parametrize("word", servers.RESERVED)
def test_a_name_that_one_server_reserves_is_a_warning_unless_it_is_quoted(word: str) -> None:
    for sql in (
        f"SELECT {word} FROM t WHERE id = :id",
        f"SELECT a AS {word} FROM t WHERE id = :id",
        f"SELECT a FROM t WHERE id = :id AND {word} = 1",
    ):
        warned = [one.message for one in read(sql, ()).problems if one.code == servers.CODE]
        assert warned == [f"{servers.RESERVED[word].server} has no name {word} without backquotes"]
        assert read(sql.replace(word, f"`{word.lower()}`"), ()).problems == ()
    assert read(f"SELECT a, t.{word} FROM t WHERE id = :id", ()).problems == ()


@pytest.mark.parametrize("guide", ["docs/templates.md", "docs/ja/templates.md"])
def test_the_guides_table_has_everything_that_one_server_lacks(guide: str) -> None:
    table = [line for line in (ROOT / guide).read_text("utf-8").splitlines() if line.startswith("| ")]
    for word in (*servers.FUNCTIONS, *servers.ARGUMENTS, *servers.OPERATORS):
        assert any(f"`{word}()`" in line or f"column{word}'" in line for line in table), word
    for function, _, word in servers.FORMS:
        assert any(re.search(rf"{function}\(.*{word}|{word}.*{function}\(", line) for line in table), (function, word)
    for beginning in servers.COLLATIONS:
        assert any(beginning.lower() in line for line in table), beginning


@pytest.mark.parametrize(
    "expression",
    [
        "md5",
        "'MD5(a)'",
        "`SHA1`",
        "a - > b",
        "a > -1",
        "a /* ->> */",
        "CAST(json AS CHAR)",
        "CONVERT(year, CHAR)",
        "CAST(t.year AS CHAR)",
        "CAST(NOW() - INTERVAL 1 YEAR AS DATE)",
        "JSON_VALUE(error, '$.b')",
        "JSON_VALUE(t.returning, '$.b')",
        "JSON_ARRAYAGG(t.order)",
        "LPAD(a, 5, ' ')",
        "REGEXP_REPLACE(a, CONCAT(b, ',', b), 'y')",
        "LAG(a, 1) OVER (ORDER BY b)",
        "RANK() OVER (ORDER BY b)",
        "a COLLATE utf8mb4_bin",
        "GROUP_CONCAT(a ORDER BY b)",
        "CAST(a AS CHAR)",
        "UPPER(json)",
        "(SELECT a FROM t LIMIT 1)",
        "CAST((year) AS CHAR)",
    ],
)
def test_what_both_servers_have_is_no_warning(expression: str) -> None:
    query = read(f"SELECT {expression} AS x FROM t WHERE id = :id", ())
    assert servers.CODE not in [one.code for one in query.problems]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM t WHERE id = :id LIMIT 1 OFFSET 2",
        "SELECT RANK() OVER w AS n FROM t WHERE id = :id WINDOW w AS (ORDER BY a)",
        "SELECT SUM(a) OVER (ORDER BY a ROWS 1 PRECEDING) AS n FROM t WHERE id = :id",
    ],
)
def test_words_of_the_language_are_no_names(sql: str) -> None:
    assert read(sql, ()).problems == ()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "(" * 20_000 + "a" + ")" * 20_000 + " FROM t WHERE id = :id",
        "SELECT " + "NOT " * 10_000 + "a FROM t WHERE id = :id",
        "SELECT a FROM " + "(SELECT a FROM " * 2_000 + "t" + ") AS x" * 2_000 + " WHERE id = :id",
        "/*" * 20_000,
        "'" * 20_001,
    ],
    ids=["brackets", "words", "subqueries", "comments", "quotes"],
)
def test_a_statement_made_to_exhaust_the_parser_is_a_problem(sql: str) -> None:
    assert read(sql, ()).problems


PIECES = st.sampled_from(
    [*"abt'\"`:;%@?#/*-(){}.,=\\ \n", "SELECT ", " FROM ", " WHERE ", ":id", "/*!", "--", "LIMIT "]
)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_whatever_is_written_is_a_query_or_a_problem(sql: str) -> None:
    query = read(sql, ())
    if not errors(query):
        assert query.sql % {"id": 1}
