"""What is read from the plans of both servers, as they were seen on tables of 100,000 rows, and how it is judged."""

from __future__ import annotations

from typing import Any, Final

import pytest

from handler.health import plans
from handler.health.plans import Fault, Order, Plan, Reads, Verdict

# The outer SELECT of each plan, as MariaDB and as MySQL have it.
OUTER: Final = "1|PRIMARY|<derived2>|ALL||Using temporary; Using filesort"
OUTER_MYSQL: Final = "1|PRIMARY|<derived2>|ALL||Using temporary"

# The steps within, and what they say: the index, and a part of the cause if there is a fault.
PLANS: Final = {
    "the primary key": (["2|DERIVED|o|range|PRIMARY|Using where; Using index"], "PRIMARY", ""),
    "a condition that the engine checks": (["2|DERIVED|o|range|id|Using index condition; Using where"], "id", ""),
    "an index of the condition, with the id behind": (
        ["2|DERIVED|o|range|by_region|Using where; Using index"],
        "by_region",
        "",
    ),
    "one id": (["2|DERIVED|o|const|PRIMARY|Using index"], "PRIMARY", ""),
    "a join by a key": (
        ["2|DERIVED|p|range|PRIMARY|Using where", "2|DERIVED|c|eq_ref|PRIMARY|Using where"],
        "PRIMARY",
        "",
    ),
    "EXISTS that is checked for each row": (
        ["2|DERIVED|p|range|PRIMARY|Using where", "4|DEPENDENT SUBQUERY|c|eq_ref|PRIMARY|Using where"],
        "PRIMARY",
        "",
    ),
    "NOT EXISTS with a table that is read once": (
        [
            "2|DERIVED|p|range|PRIMARY|Using where",
            "2|DERIVED|<subquery4>|eq_ref|<auto_distinct_key>|Using where; Not exists",
            "4|MATERIALIZED|c|ALL||Using where",
        ],
        "PRIMARY",
        "",
    ),
    "a value that is found once": (
        ["2|DERIVED|p|range|PRIMARY|Using where", "4|SUBQUERY|c|ALL||"],
        "PRIMARY",
        "",
    ),
    "no index": (["2|DERIVED|bare|ALL||Using where; Using filesort"], "", "reads all of bare"),
    "an index that begins with another column": (
        ["2|DERIVED|o|index|PRIMARY|Using where; Using index; Using filesort"],
        "PRIMARY",
        "reads all of o",
    ),
    "in order, but from the first row on": (["2|DERIVED|o|index|PRIMARY|Using where"], "PRIMARY", "reads all of o"),
    "a range of the condition": (
        ["2|DERIVED|o|range|by_region|Using where; Using index; Using filesort"],
        "by_region",
        "sorts all rows that by_region gives",
    ),
    "all rows with a value": (
        ["2|DERIVED|o|ref|st_id|Using where; Using index"],
        "st_id",
        "reads all rows that st_id gives",
    ),
    "two indexes together": (
        ["2|DERIVED|o|index_merge|a,b|Using sort_union(a,b); Using where; Using filesort"],
        "a,b",
        "reads all rows that a,b gives",
    ),
    "a join that begins with the other table": (
        ["2|DERIVED|c|ALL||Using where; Using temporary; Using filesort", "2|DERIVED|p|ref|by_customer|Using where"],
        "",
        "begins with c,",
    ),
    "EXISTS that is read first": (
        [
            "2|DERIVED|<subquery4>|ALL||Using temporary; Using filesort",
            "2|DERIVED|p|ref|by_customer|Using where; Using index",
            "4|MATERIALIZED|c|ALL||Using where",
        ],
        "",
        "begins with the subquery,",
    ),
    "a join without an index": (
        [
            "2|DERIVED|p|range|PRIMARY|Using where; Using temporary; Using filesort",
            "2|DERIVED|c|ALL||Using where; Using join buffer (hash join)",
        ],
        "PRIMARY",
        "reads all of c for each row",
    ),
    "EXISTS without an index": (
        ["2|DERIVED|p|range|PRIMARY|Using where", "4|DEPENDENT SUBQUERY|c|ALL||Using where"],
        "PRIMARY",
        "reads all of c for each row",
    ),
    "a view with GROUP BY": (
        ["2|DERIVED|<derived4>|ALL||Using where; Using filesort", "4|DERIVED|o|range|PRIMARY|Using where"],
        "",
        "works out the whole view",
    ),
    "a view with UNION": (
        [
            "2|DERIVED|<derived4>|ALL||Using filesort",
            "4|DERIVED|o|range|PRIMARY|Using where",
            "5|UNION|o|range|PRIMARY|Using where",
            "-|UNION RESULT|<union4,5>|ALL||",
        ],
        "",
        "works out the whole view",
    ),
}


def rows(lines: list[str]) -> list[dict[str, Any]]:
    """The rows of a plan; an empty value is NULL, as a server writes it."""
    names = ("id", "select_type", "table", "type", "key", "Extra")
    values = [[None if value in ("", "-") else value for value in line.split("|")] for line in lines]
    return [dict(zip(names, [int(one[0]) if one[0] else None, *one[1:]], strict=True)) for one in values]


@pytest.mark.parametrize("outer", [OUTER, OUTER_MYSQL], ids=["mariadb", "mysql"])
@pytest.mark.parametrize("what", PLANS)
def test_a_plan_tells_the_index_and_what_is_wrong(what: str, outer: str) -> None:
    lines, key, cause = PLANS[what]
    plan = plans.read(rows([outer, *lines]))
    assert plan is not None
    assert plan.key == key
    assert (plan.fault is None) == (cause == "")
    assert cause in (plan.fault.cause if plan.fault else "")
    assert plan.fault is None or plan.fault.remedy


WANTED: Final = Order("rows", "however early", "row", "add an index (at, id)", "add an index (kind, at, id)")
# The same of a page of times, read forwards or backwards: the index, a part of the cause, and the remedy if it is not
# that of the view.
PAGES: Final = {
    "by its index": (["1|SIMPLE|p|range|by_at|Using where; Using index"], False, "by_at", "", ""),
    "backwards": (["1|SIMPLE|p|range|by_at|Using where; Backward index scan; Using index"], True, "by_at", "", ""),
    "backwards from the end": (["1|SIMPLE|p|index|by_at|Using where"], True, "by_at", "", ""),
    "backwards, of a value": (["1|SIMPLE|p|ref|by_kind_at|Using where"], True, "by_kind_at", "", ""),
    "forwards from the first row": (["1|SIMPLE|p|index|by_at|Using where"], False, "by_at", "all of p", WANTED.index),
    "forwards, of a value": (["1|SIMPLE|p|ref|by_kind|"], False, "by_kind", "by_kind gives", WANTED.with_condition),
    "an index that is sorted": (
        ["1|SIMPLE|p|index|by_kind_at|Using where; Using index; Using filesort"],
        True,
        "by_kind_at",
        "reads all of p",
        WANTED.index,
    ),
    "a value that is sorted": (["1|SIMPLE|p|ref|k|Using filesort"], True, "k", "reads all rows", WANTED.with_condition),
    "a sorted range": (["1|SIMPLE|p|range|by_at|Using filesort"], True, "by_at", "sorts all", WANTED.with_condition),
    "no index": (["1|SIMPLE|p|ALL||Using where; Using filesort"], True, "", "reads all of p", WANTED.index),
    "no index, and a table beside": (
        ["1|SIMPLE|p|ALL||Using where; Using filesort", "1|SIMPLE|c|eq_ref|PRIMARY|Using where"],
        False,
        "",
        "reads all of p",
        WANTED.index,
    ),
    "a table that comes first": (
        ["1|SIMPLE|c|ALL||Using where; Using temporary; Using filesort", "1|SIMPLE|p|ref|by_c|Using where"],
        True,
        "",
        "begins with c, and sorts all rows",
        "",
    ),
    "a table that is read for each row": (
        ["1|PRIMARY|p|range|by_at|Using where", "3|DEPENDENT SUBQUERY|c|ALL||Using where"],
        False,
        "by_at",
        "reads all of c for each row",
        "add an index on the columns of c that the condition compares",
    ),
    "a view that is worked out": (
        ["1|PRIMARY|<derived3>|ALL||Using where; Using filesort", "3|DERIVED|p|index|PRIMARY|"],
        True,
        "",
        "works out the whole view",
        "",
    ),
}


@pytest.mark.parametrize("what", PAGES)
def test_the_plan_of_a_page_of_times_tells_the_same(what: str) -> None:
    lines, backwards, key, cause, remedy = PAGES[what]
    plan = plans.read_page(rows(lines), WANTED, backwards=backwards)
    assert plan is not None
    assert plan.key == key
    assert (plan.fault is None) == (cause == "")
    if plan.fault:
        assert cause in plan.fault.cause
        assert plan.fault.remedy == remedy or (not remedy and "view" in plan.fault.remedy)


def test_a_page_that_no_row_can_be_on_tells_nothing() -> None:
    assert plans.read_page([], WANTED) is None
    assert plans.read_page(rows(["1|SIMPLE||||Impossible WHERE"]), WANTED) is None


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["1|PRIMARY||||no matching row in const table", "2|DERIVED||||Impossible WHERE"],
        ["1|PRIMARY|<derived2>|system||Const row not found", "2|DERIVED||||Impossible WHERE"],
        ["1|SIMPLE|o|range|PRIMARY|Using where"],
        ["1|PRIMARY|<derived2>|ALL||"],
    ],
)
def test_a_plan_of_another_form_tells_nothing(lines: list[str]) -> None:
    assert plans.read(rows(lines)) is None
    assert plans.read([{"EXPLAIN": "-> Sort: found.id"}]) is None


FAULT = Fault("it sorts", "do not sort", of_order=True)
OTHER = Fault("it works out the whole view", "poll the table")
GOOD, BAD = Plan("PRIMARY"), Plan("PRIMARY", FAULT)
FEW, EDGE, MANY = Reads(30_000, 10_000), Reads(70_000, 10_000), Reads(70_001, 10_000)
WHERE = Reads(260_001, 10_000)


@pytest.mark.parametrize(
    ("plan", "reads", "hidden", "unindexed", "seen", "cause"),
    [
        (GOOD, FEW, "", "", "read by PRIMARY", ""),
        (GOOD, EDGE, "", "", "read by PRIMARY", ""),
        (GOOD, None, "", "", "read by PRIMARY", ""),
        (GOOD, MANY, "", "", "read by PRIMARY", ""),  # the conditions leave some rows out
        (GOOD, WHERE, "", "", "", "to look the database reads 260001 rows: few of them meet the conditions"),
        (GOOD, FEW, "", "orders", "read by PRIMARY", ""),  # as with WHERE region = 3 and an index (region, id)
        (BAD, FEW, "", "", "it sorts, which costs little so far", ""),
        (BAD, EDGE, "", "", "it sorts, which costs little so far", ""),
        (BAD, MANY, "", "", "", "to look the database reads 70001 rows: it sorts"),
        (BAD, None, "", "", "", "to look it sorts; how many rows that are could not be counted"),
        (BAD, FEW, "", "orders", "", "no index of orders begins with the id"),
        (BAD, MANY, "", "orders", "", "to look the database reads 70001 rows: no index of orders begins with the id"),
        (Plan("", OTHER), MANY, "", "orders", "", "to look the database reads 70001 rows: it works out the whole view"),
        (None, FEW, "Nobody may look", "", "few rows are read for each id", ""),
        (None, MANY, "Nobody may look", "", "", "to look the database reads 70001 rows. Nobody may look"),
        (None, MANY, "", "", "", "to look the database reads 70001 rows. Its plan does not say why"),
        (None, None, "Nobody may look", "", "", ""),
        (Plan(""), FEW, "", "", "few rows are read for each id", ""),
        (GOOD, Reads(10_000, 0), "", "", "read by PRIMARY", ""),
        (BAD, Reads(10_001, 0), "", "", "", "to look the database reads 10001 rows: it sorts"),
    ],
)
def test_the_counters_decide_and_the_plan_says_why(
    plan: Plan | None, reads: Reads | None, hidden: str, unindexed: str, seen: str, cause: str
) -> None:
    known = plans.unindexed(unindexed, "the id", plans.BY_ID) if unindexed else None
    verdict = plans.judge("to look", plan, reads, hidden, known)
    assert (verdict.seen, verdict.cause) == (seen, cause)
    assert bool(verdict.remedy) == bool(cause)
    assert verdict == Verdict(seen, cause, verdict.remedy)
