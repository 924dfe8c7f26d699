"""A poll by a time: how many rows the database reads for it, whether its window is remembered, and who sets the time.

What is run is what a run of the poll reads, page by page: the latest rows, from which its first run begins, and the
window, which each run reads again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from handler.errors import SourceError
from handler.health import plans, timed_columns
from handler.health.asking import Asking, Recorded
from handler.health.model import Check, Look, State
from handler.health.plans import Plan, Reads, Verdict
from handler.health.timed_columns import TimeColumn
from handler.model import Poll
from handler.polling import time_scan
from handler.polling.table import Table
from handler.polling.time_cursor import CLOCK_SLACK, MAX_SEEN, SECOND, StartPosition, TimeCursor, row_source
from handler.polling.time_scan import TimePage

# What is further in the future is not meant as a time, but as never.
_FAR_SECONDS: Final = 10 * 365 * 86_400.0
# So long the window may be counted. If it takes longer, how many rows it has is not known.
_COUNTED_SECONDS: Final = 3.0
# A time that is so far ahead may be one of another clock.
_CLOCKS_DIFFER: Final = 60.0
# The zone that is furthest ahead of UTC; a time that is further in the future is meant to be.
_ZONES_DIFFER: Final = 14 * 3600.0 + _CLOCKS_DIFFER
_MINUTE: Final = 60


class _TookLongError(Exception):
    """The window was not counted to its end."""


@dataclass
class Timed:
    """The table of a poll by a time. `readable` finds its `latest` rows."""

    recorded: Recorded
    poll: Poll
    title: str
    latest: TimePage = field(default_factory=lambda: TimePage((), None, complete=True))

    def readable(self) -> str:
        """Read what the first run of the poll reads first. Raises as Table does."""
        self.latest = self._table.page(None, backwards=True)
        return f"readable, from the latest `{self.poll.at}` on"

    def explained(self, check: Check) -> Check:
        """With what is wrong with the plan, if the answer took too long, or with the type of the column."""
        if "DB_TIMEOUT" in check.cause:
            plan, _ = self._plan(backwards=True)
            wrong = plan.fault if plan else None
        else:
            wrong = self._column.wrong_type if check.cause.startswith("QUERY_") else None
        return replace(check, cause=f"{check.cause}: {wrong.cause}", remedy=wrong.remedy) if wrong else check

    def looks(self) -> Mapping[str, Look]:
        """What else there is to look at, by the last word of its name."""
        return {"times": self.times, "reading": self.reading, "window": self.window}

    # ---- Reading ----

    def reading(self) -> Check | str:
        """Let the database find the rows of the window, and the latest rows, as a run does."""
        begin = self._begin()
        what = "to read the window again" if begin else "to look for new rows"
        page, verdict = self._read(what, begin)
        if not verdict.cause and page and not page.complete:
            _, verdict = self._read(what, StartPosition(page.rows[-1].at, page.unit, page.rows[-1]))
        if not verdict.cause:
            _, first = self._read("for its first run", None, backwards=True)
            verdict = _both(verdict, first)
        if verdict.cause:
            return self._found("reading", "failed" if page is None else "warning", verdict.cause, verdict.remedy)
        if not verdict.seen:
            cause = "neither the plan of its SELECT nor the counters of the session can be seen"
            return self._found("reading", "skipped", cause, "look at EXPLAIN as an administrator")
        return verdict.seen

    def _read(
        self, what: str, begin: StartPosition | None, *, backwards: bool = False
    ) -> tuple[TimePage | None, Verdict]:
        """Read a page and judge how; there is no page if that took too long."""
        try:
            page, rows = self._asking.counted(lambda: self._table.page(begin, backwards=backwards))
        except SourceError as error:
            plan, _ = self._plan(backwards=backwards)
            if error.code != "DB_TIMEOUT" or not (plan and plan.fault):
                raise
            return None, Verdict(cause=f"{error}: {plan.fault.cause}", remedy=plan.fault.remedy)
        reads = Reads(rows, len(page.rows)) if rows is not None and rows >= len(page.rows) else None
        plan, hidden = self._plan(backwards=backwards)
        return page, plans.judge(what, plan, reads, hidden, self._column.fault, self._column.order)

    def _plan(self, *, backwards: bool) -> tuple[Plan | None, str]:
        """The plan of the page that was read last, or why there is none."""
        rows, hidden = self._asking.plan(self.recorded.sql, self.recorded.bounds)
        return plans.read_page(rows, self._column.order, backwards=backwards), hidden

    def _begin(self) -> StartPosition | None:
        """Where a run begins to read; None if no row has a time, as then it reads all of them."""
        if not self.latest.rows:
            return None
        return replace(self._latest_mark(), unit=self.latest.unit).begin(self.poll.longest)

    def _latest_mark(self) -> TimeCursor:
        """A cursor with the latest time of the page that is not in the future, or else the present one."""
        now = self.latest.now or 0
        return TimeCursor(max((row.at for row in self.latest.rows if row.at <= now), default=now))

    # ---- The window ----

    def window(self) -> Check | str:
        """Whether all rows of the window are remembered. Raises SourceError (POLL_TIMES_UNFIT), as a run does."""
        if not self.latest.rows:
            return "no row has a time yet"
        until = time.monotonic() + _COUNTED_SECONDS

        def page(begin: StartPosition | None, *, backwards: bool = False) -> TimePage:
            if time.monotonic() > until:
                raise _TookLongError
            return self._table.page(begin, backwards=backwards)

        now = self.latest.now or 0
        try:
            cursor = time_scan.first_cursor(page, self.poll.longest, now, row_source(self.poll))
        except _TookLongError:
            return f"how many rows the window has could not be counted in {_COUNTED_SECONDS:g} s"
        length = self.poll.longest + CLOCK_SLACK / SECOND
        if cursor.floor is None:
            return f"{len(cursor.seen)} rows in the window of {spoken(length)}; {MAX_SEEN} can be remembered"
        future = sum(at > now for at in cursor.seen.values())
        if 2 * future > MAX_SEEN:
            cause = f"{future} rows have a time in the future, and {MAX_SEEN} rows are remembered in all"
            return self._found("window", "warning", cause, "leave rows that are so far in the future out of the SELECT")
        span = (cursor.watermark - cursor.floor.at) / SECOND
        cause = (
            f"the window of {spoken(length)} has more than {MAX_SEEN} rows, and no more are remembered: it is cut to "
            f"{spoken(span)}, and a row that appears with an earlier time is not found"
        )
        return self._found("window", "warning", cause, _shorter(span))

    # ---- The times ----

    def times(self) -> Check | str:
        """Whether the poll can use the column: its type, who sets it, and whether any row has a time."""
        column = self._column
        if wrong := column.wrong_type:
            return self._found("times", "failed", wrong.cause, wrong.remedy)
        if self.latest.invalid_rows:
            cause = (
                f"of the latest rows, {self.latest.invalid_rows} have a number in `{self.poll.at}` that is not a valid "
                "time"
            )
            remedy = (
                "correct them, or leave them out of the SELECT: each run leaves them out, and fails with QUERY_INVALID"
            )
            return self._found("times", "warning", cause, remedy)
        if not self.latest.rows and self._is_never_set():
            cause = f"there are rows, and `{self.poll.at}` has no time in any of them (NULL, or 0)"
            return self._found(
                "times", "warning", cause, "if it will be set later, nothing; otherwise select another column"
            )
        if column.changes and not self.poll.identity:
            cause = f"each UPDATE of a row sets `{self.poll.at}`: a row that is no longer remembered is found again"
            remedy = (
                "if each new time is to be an event, write identity: [id, at]; if not, select a time that is set once"
            )
            return self._found("times", "warning", cause, remedy)
        ahead = self._ahead()
        if column.has_no_zone and _CLOCKS_DIFFER < ahead <= _ZONES_DIFFER:
            cause = f"its latest time is {spoken(ahead)} in the future, if it is one of the zone {self._zone()}"
            remedy = "if it is a time of another zone, name that in Databases (tz=); else nothing"
            return self._found("times", "warning", cause, remedy)
        future = f"its latest time is {_far(ahead)} in the future" if ahead > _CLOCKS_DIFFER else ""
        zone = f"read in the zone {self._zone()}" if column.has_no_zone else ""
        return "; ".join(filter(None, (column.setter, zone, future)))

    def _ahead(self) -> float:
        """By how many seconds the latest time is in the future."""
        if not self.latest.rows or self.latest.now is None:
            return 0.0
        return (self.latest.rows[0].at - self.latest.now) / SECOND

    def _zone(self) -> str:
        [row] = self._asking.select("SELECT @@session.time_zone AS zone")
        return str(row["zone"])

    def _is_never_set(self) -> bool:
        """Whether there are rows, and none has a time; of a table, whatever WHERE leaves out."""
        ask, column = self._asking.select, self._column
        try:
            return any(ask(column.any_row)) and not any(ask(column.any_time))
        except SourceError:  # it takes too long
            return False

    # ---- What they share ----

    @property
    def _table(self) -> Table:
        return Table(self.recorded, self.poll)

    @property
    def _asking(self) -> Asking:
        """The same database, asked what is not recorded."""
        return Asking(self.recorded.database, self.poll.database)

    @cached_property
    def _column(self) -> TimeColumn:
        return timed_columns.read(self._asking, self.poll)

    def _found(self, part: str, state: State, cause: str, remedy: str) -> Check:
        return Check(f"{self.title}, {part}", state, cause=cause, remedy=remedy)


def spoken(seconds: float) -> str:
    """A length of time in words."""
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= (2 * size if unit == "days" else size):
            return f"{round(seconds / size, 1):g} {unit}"
    return f"{seconds:.0f} s"


def _both(window: Verdict, first: Verdict) -> Verdict:
    """What is said of the window, and of the first run if that is something else."""
    if first.cause or first.seen == window.seen:
        return first
    return replace(window, seen=f"{window.seen}; for its first run {first.seen}")


def _shorter(span: float) -> str:
    """How a window is made to fit that has room for less than so many seconds."""
    minutes = math.ceil((span - CLOCK_SLACK / SECOND) / _MINUTE) - 1
    if minutes < 1:
        return "leave out rows by WHERE, or poll by the id if it is counted up: one hour of this table is too much"
    return f"write longest_transaction: {minutes}m, or less, if no transaction takes longer"


def _far(seconds: float) -> str:
    return spoken(seconds) if seconds < _FAR_SECONDS else "many years"
