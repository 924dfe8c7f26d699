"""Each poll: whether the database answers its SELECT, how many rows it reads for that, and what its ids are like.

The counters of the session decide, and the plan says why. A poll by a time is looked at in timed.py.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from handler.adapters import tls
from handler.adapters.database.replica import Replicas
from handler.discovery.names import CachedNames
from handler.discovery.paths import DNS
from handler.errors import SourceError
from handler.health import plans
from handler.health.asking import Asking, Recorded
from handler.health.model import Check, Look, State, Subject, attempt
from handler.health.plans import Plan, Reads
from handler.health.timed import Timed
from handler.model import Poll, Row, Value
from handler.polling import id_scan, statements
from handler.polling.id_cursor import MAX_CHUNKS, IdCursor
from handler.polling.state import SEEN_BYTES
from handler.polling.table import Table
from handler.ports import Database

# So many ids below the highest one are read again on trial: those of 30 days with 10,000 new rows each.
REREAD: Final = 300_000
# A database that took longer for the first answers is not asked more: no check may take more than 15 s.
PATIENT_SECONDS: Final = 3.0
# Fewer rows than that in the state are few; and of fewer ids than that nobody knows how far apart they are.
FEW_ROWS: Final = 100_000
_JUDGED: Final = 1000
_NEARLY: Final = 0.9

# The types that a server counts up, and how many bits their values have.
_BITS: Final = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_NUMBERS: Final = ("decimal", "float", "double")

_BELOW_ONE: Final = "SELECT found.id AS id FROM ({select}) AS found WHERE found.id <= 0 LIMIT 1"
_COLUMN: Final = (
    "SELECT t.table_type AS kind, c.data_type AS type, c.column_type AS written, (SELECT COUNT(*) FROM "
    "information_schema.statistics AS s WHERE s.table_schema = t.table_schema AND s.table_name = t.table_name AND "
    "s.column_name = c.column_name AND s.seq_in_index = 1) AS indexes FROM information_schema.tables AS t "
    "JOIN information_schema.columns AS c ON c.table_schema = t.table_schema AND c.table_name = t.table_name "
    "WHERE t.table_schema = DATABASE() AND t.table_name = %(table)s AND c.column_name = %(column)s"
)


def checks(subject: Subject) -> Iterator[Check]:
    """Look at the polls of each database that answers; what is wrong with one that does not, `databases` says."""
    polls = subject.catalog.polls if subject.catalog else {}
    if not polls:
        return
    replicas = Replicas(subject.settings.databases, subject.secrets, tls.context, CachedNames(DNS))
    try:
        for name in subject.settings.databases:
            of_database = {event: poll for event, poll in sorted(polls.items()) if poll.database == name}
            if of_database and attempt("", partial(_answers, replicas, name)).state == "ok":
                for event, poll in of_database.items():
                    yield from looked_at(replicas, event, poll)
    finally:
        replicas.close()


def _answers(database: Database, name: str) -> str:
    return str(database.select(name, "SELECT 1 AS one", {}, 1))


def looked_at(database: Database, event: str, poll: Poll) -> Iterator[Check]:
    """One line if all is well; one more for each part that is not."""
    title = f"poll {event}"
    polled = Timed(Recorded(database), poll, title) if poll.at else _Polled(database, poll, title)
    began = time.monotonic()
    readable = attempt(polled.title, polled.readable)
    if readable.state != "ok":
        yield polled.explained(readable)
        return
    if time.monotonic() - began > PATIENT_SECONDS:
        yield readable
        yield _slow(polled.title)
        return
    parts = [attempt(f"{polled.title}, {name}", look_at) for name, look_at in polled.looks().items()]
    seen = [check.seen for check in (readable, *parts) if check.state == "ok" and check.seen]
    took = sum(check.milliseconds or 0.0 for check in (readable, *parts))
    yield replace(readable, seen="; ".join(seen), milliseconds=round(took, 1))
    yield from (check for check in parts if check.state != "ok")


def _slow(title: str) -> Check:
    cause = f"the first answers took more than {PATIENT_SECONDS:g} s, so nothing else was asked"
    return Check(f"{title}, reading", "warning", cause=cause, remedy="look at EXPLAIN of its SELECT")


@dataclass
class _Polled:
    """The table of a poll, and what is known of it so far.

    `readable` finds the `cursor`, and `ids` the name of an `unindexed` table: none of its indexes begins with the id.
    """

    database: Database
    poll: Poll
    title: str
    cursor: IdCursor = field(default_factory=lambda: IdCursor.at(0))
    unindexed: str = ""

    def readable(self) -> str:
        """Ask the database what the first run of a poll asks first. What is returned shows no id."""
        table = Table(self.database, self.poll)
        self.cursor = table.cursor_at_end(lambda: False)
        created = table.created([self.cursor.top])
        signs = [*(["created"] if created else []), *(["a counter"] if table.has_counter() else [])]
        show = "show" if len(signs) > 1 else "shows"
        return f"readable; {' and '.join(signs) or 'nothing'} {show} that ids are used again"

    def explained(self, check: Check) -> Check:
        """With what is wrong with the plan, if the first answers took too long."""
        if "DB_TIMEOUT" not in check.cause:
            return check
        plan, _ = self._plan(
            statements.last_ids(self.poll.sql, watching=self.poll.is_watching), {"count": id_scan.PAGE_SIZE}
        )
        if not (plan and plan.fault):
            return check
        return replace(check, cause=f"{check.cause}: {plan.fault.cause}", remedy=plan.fault.remedy)

    def looks(self) -> Mapping[str, Look]:
        """What else there is to look at, by the last word of its name."""
        return {"ids": self.ids, "reading": self.reading}

    def ids(self) -> Check | str:
        """Whether the ids are of a type that can be counted up, above 0, and close enough to be remembered."""
        return self._type() or self._below_one() or self._distances() or ""

    def reading(self) -> Check | str:
        """Let the database find new rows, and read older ids again, as a run does."""
        top = self.cursor.top
        if not top:
            return "no row yet, so how it is read is not known"
        again = f"to read {id_scan.PAGE_SIZE} ids again"
        first = self._slice("to look for new rows", {"after": top})
        if isinstance(first, Check):
            return first
        return self._slice(again, {"after": max(top - REREAD, 0), "upto": top}) or first or self._unseen()

    def _slice(self, what: str, bounds: dict[str, Value]) -> Check | str:
        """Read a slice of ids and judge how; the text is empty if nothing can be seen of that."""
        sql = statements.ids_page(self.poll.sql, bounded="upto" in bounds, watching=self.poll.is_watching)
        bound = {**bounds, "count": id_scan.PAGE_SIZE}
        plan, hidden = self._plan(sql, bound)
        known = plans.unindexed(self.unindexed, "the id", plans.BY_ID) if self.unindexed else None
        try:
            found = plans.judge(what, plan, self._reads(sql, bound), hidden, known)
        except SourceError as error:
            if error.code != "DB_TIMEOUT" or not (plan and plan.fault):
                raise
            return self._found("failed", f"{error}: {plan.fault.cause}", plan.fault.remedy)
        return self._found("warning", found.cause, found.remedy) if found.cause else found.seen

    def _unseen(self) -> Check:
        cause = "neither the plan of its SELECT nor the counters of the session can be seen"
        return self._found("skipped", cause, "look at EXPLAIN as an administrator")

    def _found(self, state: State, cause: str, remedy: str) -> Check:
        return Check(f"{self.title}, reading", state, cause=cause, remedy=remedy)

    def _plan(self, sql: str, bounds: Mapping[str, Value]) -> tuple[Plan | None, str]:
        """The plan, or why there is none."""
        rows, hidden = self._asking.plan(sql, bounds)
        return plans.read(rows), hidden

    def _reads(self, sql: str, bounds: Mapping[str, Value]) -> Reads | None:
        """What the SELECT read; None if that is not known."""
        words, rows = self._asking.counted(lambda: self._select(sql, bounds))
        ids = sum(int(str(row["counted"])) for row in words)
        return Reads(rows, ids) if rows is not None and rows >= ids else None

    def _type(self) -> Check | None:
        if not self.poll.table:
            return None
        rows = self._select(_COLUMN, {"table": self.poll.table, "column": self.poll.column})
        if not rows:
            return None
        kind, type_, written = (str(rows[0][name]) for name in ("kind", "type", "written"))
        self.unindexed = self.poll.table if kind == "BASE TABLE" and not rows[0]["indexes"] else ""
        if type_ in _NUMBERS:
            cause = f"`id` is a column of the type {written}: an id with a fraction is taken for another one"
            return self._odd("warning", cause, "make sure that all ids are whole numbers")
        if type_ not in _BITS:
            cause = f"`id` is a column of the type {written}: as texts, 10 comes before 9, and new rows are missed"
            return self._odd("failed", cause, "poll a column that is a whole number, such as BIGINT AUTO_INCREMENT")
        most = 2 ** (_BITS[type_] - ("unsigned" not in written)) - 1
        if self.cursor.top > _NEARLY * most:
            cause = f"`id` is a column of the type {written}, and nearly used up: inserts fail after {most}"
            return self._odd("warning", cause, "give the column a larger type; the poll continues as before")
        return None

    def _below_one(self) -> Check | None:
        if self.unindexed:  # it would read the whole table
            return None
        try:
            rows = self._select(_BELOW_ONE.format(select=self.poll.sql), {})
        except SourceError:  # it takes too long: `reading` says why
            return None
        if not rows:
            return None
        cause = "there are rows with an id of 0 or less, which no poll finds"
        return self._odd("warning", cause, "nothing, unless new rows can get such ids")

    def _distances(self) -> Check | None:
        """How far apart the highest ids are: what is remembered of them has to fit into an item of the state table."""
        seen = self.cursor.seen
        if len(seen) < _JUDGED or self.poll.is_watching:  # then the number of values matters, too
            return None
        room = min(SEEN_BYTES / len(seen.encoded()), MAX_CHUNKS / len(seen.chunks)) * len(seen)
        if room >= FEW_ROWS:
            return None
        cause = f"its ids are far apart: the state of the poll holds about {round(room, -3):.0f} rows"
        remedy = "a row that commits after so many others is missed: poll a table whose ids are counted up by one"
        return self._odd("warning", cause, remedy)

    def _odd(self, state: State, cause: str, remedy: str) -> Check:
        return Check(f"{self.title}, ids", state, cause=cause, remedy=remedy)

    @property
    def _asking(self) -> Asking:
        return Asking(self.database, self.poll.database)

    def _select(self, sql: str, bounds: Mapping[str, Value]) -> list[Row]:
        return self._asking.select(sql, bounds)
