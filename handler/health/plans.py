"""Judge how a database reads the rows of a poll, by its plan (EXPLAIN FORMAT=TRADITIONAL) and the rows it read.

Pure. MariaDB and MySQL use the same columns and nearly the same words. The plan for a page of ids begins with the outer
SELECT, which reads `<derived2>`; the steps with the number 2 find the ids. A page of times has no outer SELECT: the
steps with the number 1 find its rows. In a good plan these steps read only the rows of the page: the first step is of
type `range`, and nothing is sorted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from handler.frozen import frozen
from handler.model import Value

# A good plan reads three rows for each id: one by the index, two of the temporary tables; and one of each joined table.
ROWS_PER_ID: Final = 6
# This many extra rows are not worth a warning.
SPARE_ROWS: Final = 10_000
# Rows that WHERE excludes are read too. To read this many takes a noticeable part of a statement's time limit.
PASSED_OVER: Final = 200_000

_DERIVED: Final = re.compile(r"<derived([0-9]+)>")
_WHOLE: Final = ("ALL", "index")
_FORCED: Final = "or poll a view made with FROM <table> FORCE INDEX (<the index of the id>)"
_VIEW: Final = "poll its table, or a view without GROUP BY, DISTINCT, UNION, LIMIT, window functions and subqueries"
# The number of the outermost SELECT in a plan.
_OUTER: Final = "1"


@frozen
class Order:
    """The words for the order in which a poll reads rows, by ids or by times, for the texts of findings.

    `index` says which index to add so that the database need not sort; `with_condition` the same if there is a WHERE.
    """

    things: str
    last: str
    one: str
    index: str
    with_condition: str

    @property
    def unknown(self) -> str:
        """What to do if the plan is not shown."""
        return f"look at EXPLAIN as an administrator; if it is a view, {_VIEW}; else {self.index}"


BY_ID: Final = Order(
    things="ids",
    last="however low their ids",
    one="id",
    index="add an index that begins with the id",
    with_condition=f"add an index on the columns of WHERE and then the id, {_FORCED}",
)


@frozen
class Fault:
    """Why the database reads too many rows, and what to change. `of_order`: no index has the rows in order."""

    cause: str
    remedy: str
    of_order: bool = False


@frozen
class Plan:
    """The index by which the database finds the rows; `fault` is None if it reads only the wanted rows, in order."""

    key: str
    fault: Fault | None = None


@frozen
class Reads:
    """How many rows of tables and temporary tables a SELECT read, and how many ids it returned."""

    rows: int
    ids: int

    @property
    def are_many(self) -> bool:
        """Whether it read more than a good plan does."""
        return self.rows > ROWS_PER_ID * self.ids + SPARE_ROWS


@frozen
class Verdict:
    """The result for a SELECT. `cause` is empty if all is well; `seen` says how rows are read."""

    seen: str = ""
    cause: str = ""
    remedy: str = ""


@frozen
class _Step:
    number: str
    kind: str
    table: str
    type: str
    key: str
    extra: str

    @classmethod
    def of(cls, row: Mapping[str, Value]) -> _Step:
        values = (row.get(name) for name in ("id", "select_type", "table", "type", "key", "Extra"))
        return cls(*("" if value is None else str(value) for value in values))

    @property
    def sorts_later(self) -> bool:
        """Whether the whole join that begins with it is sorted in a temporary table, and not only its own rows."""
        return "temporary" in self.extra

    @property
    def sorts(self) -> bool:
        return "filesort" in self.extra or "temporary" in self.extra


def unindexed(table: str, column: str, order: Order) -> Fault:
    """Return the fault of a table without an index that begins with the column."""
    return Fault(f"no index of {table} begins with {column}", order.index)


def read(rows: Sequence[Mapping[str, Value]]) -> Plan | None:
    """Return the plan of a page of ids; None if no row can match, or if the form of the plan is unknown."""
    steps = [_Step.of(row) for row in rows]
    numbers = [match[1] for step in steps if step.number == _OUTER and (match := _DERIVED.fullmatch(step.table))]
    return _plan([step for step in steps if step.number in numbers], steps, BY_ID)


def read_page(rows: Sequence[Mapping[str, Value]], order: Order, *, backwards: bool = False) -> Plan | None:
    """Return the plan of a page of times. A page read `backwards` begins with the last row, so any index is good."""
    steps = [_Step.of(row) for row in rows]
    return _plan([step for step in steps if step.number == _OUTER], steps, order, from_end=backwards)


def _plan(found: Sequence[_Step], steps: Sequence[_Step], order: Order, *, from_end: bool = False) -> Plan | None:
    if not found or not found[0].table:
        return None
    return Plan(found[0].key, next(_faults(found, steps, order, from_end=from_end), None))


def _faults(found: Sequence[_Step], steps: Sequence[_Step], order: Order, *, from_end: bool) -> Iterator[Fault]:
    """Yield the faults, the first cause first. `found` are the steps that find rows, in the order of the join."""
    first, *joined = found
    if first.table.startswith(("<derived", "<union")):
        yield Fault("it works out the whole view for each SELECT", _VIEW)
    dependent = [step for step in steps if step.kind.startswith(("DEPENDENT", "UNCACHEABLE"))]
    for step in (*joined, *dependent):
        if step.type in _WHOLE and not step.table.startswith("<"):
            remedy = f"add an index on the columns of {step.table} that the condition compares"
            yield Fault(f"it reads all of {step.table} for each row", remedy)
    is_by_index = from_end and first.key and not first.sorts
    if joined and first.sorts_later:
        start = "the subquery" if first.table.startswith("<") else first.table
        cause = f"it begins with {start}, and sorts all {order.things} that belong to its rows"
        yield Fault(cause, _FORCED.removeprefix("or "))
    elif first.type in _WHOLE and not is_by_index:
        yield Fault(f"it reads all of {first.table}", order.index, of_order=True)
    elif first.type not in ("range", "const", "system", "eq_ref") and not is_by_index:
        cause = f"it reads all rows that {first.key} gives for the condition, {order.last}"
        yield Fault(cause, order.with_condition, of_order=True)
    elif first.sorts:
        yield Fault(f"it sorts all rows that {first.key} gives for the condition", order.with_condition, of_order=True)


def judge(
    what: str,
    plan: Plan | None,
    reads: Reads | None,
    hidden: str = "",
    known: Fault | None = None,
    order: Order = BY_ID,
) -> Verdict:
    """Judge whether a SELECT reads too many rows: the counters decide, and the plan says why.

    `what` is the purpose of the SELECT, such as "to look for new rows". `hidden` says why there is no plan. `known` is
    a fault of the table, which explains why rows are not read in order. Without `reads` the plan decides.
    """
    fault = plan.fault if plan else None
    counted = f"{what} the database reads {reads.rows} rows" if reads and reads.are_many else ""
    if fault and known and fault.of_order:
        return Verdict(cause=f"{counted}: {known.cause}" if counted else known.cause, remedy=known.remedy)
    if counted and fault:
        return Verdict(cause=f"{counted}: {fault.cause}", remedy=fault.remedy)
    if counted and not plan:
        return Verdict(cause=f"{counted}. {hidden or 'Its plan does not say why'}", remedy=order.unknown)
    if reads and reads.rows > ROWS_PER_ID * reads.ids + PASSED_OVER:
        return Verdict(cause=f"{counted}: few of them meet the conditions", remedy=order.with_condition)
    if fault and not reads:
        return Verdict(cause=f"{what} {fault.cause}; how many rows that are could not be counted", remedy=fault.remedy)
    if fault:
        return Verdict(f"{fault.cause}, which costs little so far")
    if plan and plan.key:
        return Verdict(f"read by {plan.key}")
    return Verdict(f"few rows are read for each {order.one}" if reads else "")
