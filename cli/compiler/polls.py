"""`poll:` - turns new rows of a table into events, without any code in the application."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from cli import moments
from cli.compiler import crontab, durations, locales, plans, queries, shape, sql
from cli.compiler.durations import DAY, HOUR, MINUTE
from cli.compiler.findings import Place, Report
from cli.compiler.nodes import Node, Scalar
from cli.compiler.samples import Sample
from cli.compiler.sql import poll_query
from cli.compiler.sql.poll_query import Source
from cli.language import later, say
from handler.model import IdRule, Poll

REQUIRED: Final = ("every", "sql")
OPTIONAL: Final = ("db", "longest_transaction", "catch_up", "identity", "start", "time_zone")
CATCH_UP: Final = ("rows", "age")
# Other names for a key -> the key to write.
MEANT: Final = {
    "interval": "every",
    "schedule": "every",
    "cron": "every",
    **locales.ZONE_MEANT,
    "query": "sql",
    "select": "sql",
    "database": "db",
    "digest": "catch_up",
    "watch": "sql",
    "since": "start",
    "from": "start",
}
NEVER: Final = "never"
NOW: Final = "now"
# The `data` of an event about a change.
DATA: Final = frozenset({"old", "new"})

EXAMPLES: Final = {"every": "1m", "sql": "SELECT id FROM ..."}

_SUCH: Final = later("5m, 1h or 1d")
EVERY: Final = durations.Range(MINUTE, 7 * DAY, MINUTE, _SUCH)
LONGEST: Final = durations.Range(MINUTE, 7 * DAY, DAY, _SUCH)
AGE: Final = durations.Range(MINUTE, 30 * DAY, HOUR, _SUCH)
# What identifies an event of a row, as templates write it. If it is left out and the poll watches a column, each change
# is an event of its own.
IDENTITIES: Final = (("id",), ("id", poll_query.WATCHED), ("id", poll_query.AT))
EACH_CHANGE: Final = "moment"
# Words in an event type: changes are found only if the poll watches a column, and deleted rows are never found.
CHANGED: Final = frozenset({"changed", "edited", "modified", "updated"})
DELETED: Final = frozenset({"deleted", "destroyed", "erased", "removed"})

ROWS: Final = 100
MAX_ROWS: Final = 1000


def read(node: Node, place: Place, report: Report) -> Poll:
    """Return the poll whose key is at this position. Do not use it if there was a finding."""
    found = shape.keys(
        node, report, required=REQUIRED, optional=OPTIONAL, meant=MEANT, examples=EXAMPLES, instead=_lines(node)
    )
    before = report.errors
    select, source = _select(found["sql"], report) if "sql" in found else ("", Source())
    identity = _identity(found["identity"], source, report) if "identity" in found else None
    plan = plans.read(found, EVERY, report)
    created = source.created or "sql" not in found or report.errors > before
    start = _start(found["start"], report, is_known=created or bool(source.at)) if "start" in found else None
    rows, age = _catch_up(found["catch_up"], report) if "catch_up" in found else (ROWS, None)
    return Poll(
        sql=select,
        every=plan.every,
        database=queries.database(found.get("db"), report),
        longest=_longest(found.get("longest_transaction"), report),
        digest_rows=rows,
        digest_seconds=age,
        created=source.created,
        watched=source.watched,
        changed=source.changed,
        identity=_beside_id(identity, source),
        table=source.table,
        column=source.column,
        at=source.at,
        where=str(place),
        cron=plan.cron,
        time_zone=plan.time_zone,
        start=start,
    )


def check_id(place: Place, poll: Poll, rule: IdRule, report: Report) -> None:
    """Report if the template's `id` has another form than the poll's ids."""
    if rule.kind != "integer" and not poll.at:
        message = say("a poll finds rows by whole numbers, and the template's `id` is {form}", form=_form(rule))
        fix = say("write id: integer; or select a time, such as o.created_at AS at, by which rows are found")
        report.add(place, "VALUE_INVALID", message, fix)


def check_event(place: Place, poll: Poll, event: str, report: Report) -> None:
    """Warn if the event's name promises something that the poll cannot find."""
    words = {*re.split(r"[._]", event)}
    if poll.at:
        if words & CHANGED and not poll.identity:
            message = say("this poll makes one event of a row, however many times it changes")
            fix = say("write identity: [id, at], so that each new time of a row is an event")
            report.add(place, "POLL_UNSEEN", message, fix)
    elif words & DELETED and not poll.is_watching:
        fix = say("mark deleted rows, and select o.deleted_at IS NOT NULL AS watched; or publish events")
        report.add(place, "POLL_UNSEEN", say("a poll does not see that a row is gone"), fix)
    elif words & CHANGED and not poll.is_watching:
        fix = say("select what changes, such as o.status AS watched; or publish events")
        report.add(place, "POLL_UNSEEN", say("this poll finds new rows, and does not see that a row changes"), fix)


def check_samples(place: Place, poll: Poll, samples: Sequence[Sample], report: Report) -> None:
    """Report if no sample has the `data` that the events of this poll have."""
    wanted = DATA if poll.is_watching else set()
    if not samples or any(sample.data.keys() == wanted for sample in samples):
        return
    if poll.is_watching:
        message = say("the event of a change has the data `old` and `new`, and none of the samples has these")
        report.add(place, "SAMPLE_INVALID", message, say("add a sample with data: {old: pending, new: paid}"))
    else:
        message = say("a polled event has no data, and each of the samples has some")
        report.add(place, "SAMPLE_INVALID", message, say("add a sample without `data`"))


def _select(node: Node, report: Report) -> tuple[str, Source]:
    before = report.errors
    select = queries.statement(node, sql.read_polled, report, EXAMPLES["sql"])
    return select, sql.polled_source(node.text) if isinstance(node, Scalar) and report.errors == before else Source()


def _identity(node: Node, source: Source, report: Report) -> tuple[str, ...] | None:
    """Return the columns that identify an event; None after reporting a finding."""
    words = tuple(shape.literal(item, report) or "" for item in shape.items(shape.filled(node, report), report))
    columns = {"id", *([poll_query.WATCHED] if source.watched else []), *([poll_query.AT] if source.at else [])}
    if (words in IDENTITIES and columns.issuperset(words)) or not words:
        return words or None
    forms = ", ".join(f"[{', '.join(one)}]" for one in IDENTITIES)
    message = say("`{path}` is one of {forms}, with the columns that the SELECT has", path=node.place.path, forms=forms)
    fix = say("write {code}, or remove it", code=f"identity: [{', '.join(IDENTITIES[0])}]")
    report.add(node.place, "VALUE_INVALID", message, fix)
    return None


def _beside_id(identity: tuple[str, ...] | None, source: Source) -> str:
    if identity is None:
        return EACH_CHANGE if source.watched else ""
    return "".join(identity[1:])


def _start(node: Node, report: Report, *, is_known: bool) -> float | None:
    """Return the time from which the first run posts rows, as a Unix time; None is `now`, so that it posts none.

    `is_known`: the SELECT returns the times of rows.
    """
    text = shape.literal(node, report, example=NOW)
    if text is None or text == NOW:
        return None
    moment = moments.read(text)
    if moment is None:
        message = say(
            "`{path}` takes {now}, or a time with its zone, such as {example}",
            path=node.place.path,
            now=NOW,
            example=moments.EXAMPLE,
        )
        fix = say("write {code}", code=f"start: {moments.with_zone(text) or NOW}")
        report.add(node.place, "VALUE_INVALID", message, fix)
    elif not is_known:
        message = say("`start` needs to know when rows were created, and the SELECT has no column `created`")
        report.add(node.place, "VALUE_INVALID", message, say("add it to the SELECT, as o.created_at AS created"))
    return moment.timestamp() if moment else None


def _form(rule: IdRule) -> str:
    return say("a pattern") if rule.kind == "pattern" else rule.kind


def _longest(node: Node | None, report: Report) -> float:
    return durations.read(node, LONGEST, report) if node else LONGEST.usual


def _catch_up(node: Node, report: Report) -> tuple[int | None, float | None]:
    """Return from how many rows, or after a pause of how many seconds, one summary is posted. None means never."""
    found = shape.keys(shape.filled(node, report), report, optional=CATCH_UP, instead=_catch_up_line(node))
    rows = _rows(found["rows"], report) if "rows" in found else ROWS
    return rows, durations.read(found["age"], AGE, report) if "age" in found else None


def _rows(node: Node, report: Report) -> int | None:
    text = shape.literal(node, report)
    if text is None or text == NEVER:
        return None
    rows = int(text) if re.fullmatch("[0-9]{1,4}", text) else 0
    if not 1 <= rows <= MAX_ROWS:
        message = say(
            "`{path}` takes a whole number from 1 to {most}, or {never}",
            path=node.place.path,
            most=MAX_ROWS,
            never=NEVER,
        )
        fix = say("write {code}", code=f"rows: {_meant(text)}")
        if re.fullmatch("0+", text):
            fix = say("write {code}, or {other}", code=f"rows: {_meant(text)}", other=f"rows: {NEVER}")
        report.add(node.place, "VALUE_INVALID", message, fix)
    return rows


def _lines(node: Node) -> str:
    """Suggest the lines of a poll, using what somebody wrote in place of them."""
    written = " ".join(node.text.split()) if isinstance(node, Scalar) else ""
    is_select = written.upper().startswith("SELECT ")
    every = f"every: {EXAMPLES['every'] if is_select else durations.written(EVERY.nearest(written))}"
    if crontab.is_meant(written) and not is_select:
        every = crontab.instead(written).partition(say(", or "))[0]
    select = written if is_select else EXAMPLES["sql"]
    return say("write these lines:\n{lines}", lines=f"poll:\n  {every}\n  sql: {select}")


def _catch_up_line(node: Node) -> str:
    """Suggest a `catch_up:`. A number or `never` becomes `rows`, a duration `age`."""
    text = node.text if isinstance(node, Scalar) and node.value is not None else str(ROWS)
    value = f"age: {text}" if re.fullmatch("[0-9]+[smhd]", text) else f"rows: {_meant(text)}"
    return say("write {code}", code=f"catch_up: {{{value}}}")


def _meant(text: str) -> str:
    """Return the allowed number that a text probably means."""
    digits = re.match(r"[0-9]+", unicodedata.normalize("NFKC", text).replace(",", ""))
    if digits:
        return str(min(max(int(digits[0][:5]), 1), MAX_ROWS))
    return NEVER if text.lower() in (NEVER, "no", "none", "off", "false", "null") else str(ROWS)
