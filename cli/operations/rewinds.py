"""From which rows on a poll finds, or posts, rows again: what `--to` says, and whether that fits the poll."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import click

from cli import moments
from cli.operations.polls import Status, remedy
from handler.delivery.records import KEPT
from handler.polling.id_cursor import IdCursor
from handler.polling.schedule import ID, ON_HOLD, TIME, Schedule
from handler.polling.time_cursor import EPOCH, NEVER, TimeCursor, moment

_MICROSECOND: Final = timedelta(microseconds=1)
_CHANGED: Final = "POLL_CURSOR_CHANGED"


@dataclass(frozen=True, slots=True)
class To:
    """The rows `above` an id, or from a time on: then `above` is the microsecond before it. `written` is as typed."""

    above: int
    above_kind: str
    written: str

    @property
    def rows(self) -> str:
        """These rows, in words."""
        return f"above id {self.above}" if self.above_kind == ID else f"from {self.written} on"


class IdOrTime(click.ParamType[To]):
    """An id, or a time with its zone from 1970 on."""

    name = "id or time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> To:
        """Read what was typed."""
        if isinstance(value, To):
            return value
        text = str(value).strip()
        if re.fullmatch("[0-9]{1,20}", text):
            return To(int(text), ID, text)
        at = moments.read(text)
        if at is None:
            example = moments.with_zone(text) or f"a time with its zone, such as {moments.EXAMPLE}"
            self.fail(f"write an id, such as 41999, or {example}", param, ctx)
        return To((at - EPOCH) // _MICROSECOND - 1, TIME, text)


def require_kind(status: Status, to: To) -> None:
    """Raise ClickException for an id if the poll finds rows by a time, and for a time if it finds them by ids.

    If what it has seen is lost, or its template finds rows in another way since then, only the next run knows.
    """
    if status.state is None or status.schedule.code == _CHANGED:
        return
    timed = status.state.timed
    if timed and to.above_kind == ID:
        raise click.ClickException(
            f"{status.name} finds rows by the time {timed.column}, and {to.written} is an id. Write a time with its "
            f"zone: --to {moments.EXAMPLE} is for the rows from then on."
        )
    if not timed and to.above_kind == TIME:
        raise click.ClickException(
            f"{status.name} finds rows by their ids, and {to.written} is a time. Write the last id that is to stay as "
            "it is: --to 41999 is for the rows above it."
        )


def concerned(status: Status, to: To) -> str:
    """Return what a rewind would find again. Raises ClickException if it would find nothing."""
    name, state = status.name, status.state
    if state is None:
        raise click.ClickException(
            f"{name} has no state that can be read, so there is nothing to rewind. See: notifier poll status {name}"
        )
    require_kind(status, to)
    if state.watched:
        raise click.ClickException(
            f"{name} cannot be rewound, because it watches a column. To post the rows above an id again, as they are "
            f"now: notifier poll rebase {name} --resend --to ID"
        )
    said = _times(name, state.timed, to) if state.timed else _ids(name, state.cursor, to.above)
    return (
        f"{said}. What was posted or parked in the last {KEPT.days} days is not posted again; what was posted earlier "
        "is. Rows that were never posted come one by one, also those that the first run took as seen, and those that a "
        "summary counted."
    )


def _ids(name: str, cursor: IdCursor, above: int) -> str:
    if above >= cursor.top:
        raise click.ClickException(
            f"There is nothing to rewind: {name} has read ids up to {cursor.top}, and --to is {above}."
        )
    rows = len(cursor.seen.above(above))
    said = f"The next run of {name} finds {rows} ids again that it has seen, from {above + 1} to {cursor.top}"
    if above < cursor.floor:
        said += f". It does not know which of the ids up to {cursor.floor} are there, and finds these too"
    return said


def _times(name: str, cursor: TimeCursor, to: To) -> str:
    times = [*cursor.seen.values(), cursor.watermark]
    if max(times) == NEVER:
        raise click.ClickException(f"{name} has not read any row yet. The rows that come are found without a rewind.")
    if to.above >= max(times):
        raise click.ClickException(
            f"There is nothing to rewind: {name} has read times up to {moment(max(times))}, and --to is later. "
            "The rows that come are found without a rewind."
        )
    rows = sum(at > to.above for at in cursor.seen.values())
    said = f"The next run of {name} finds {rows} rows again that it remembers, {to.rows}"
    if to.above < (earliest := min(cursor.seen.values(), default=cursor.watermark)):
        said += f". It does not know which rows have a time before {moment(earliest)}, and finds these too"
    return said


def rewound(status: Status, schedule: Schedule, to: To) -> Schedule:
    """Return the schedule with a rewind, if it is still that of this status. Raises ClickException otherwise."""
    name = status.name
    if schedule.code in ON_HOLD:
        raise click.ClickException(f"{name} is on hold: {schedule.code}. First: {remedy(schedule.code)}")
    if status.state is None or schedule.starts > status.state.starts:
        raise click.ClickException(
            f"An earlier start, rebase or rewind of {name} has not run yet. Run it first: notifier poll run {name}"
        )
    return schedule.rewound(to.above, to.above_kind)
