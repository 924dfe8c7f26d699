"""The option `--to` of `rewind` and `rebase`: from which rows on, and whether it fits the poll."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import click

from cli import moments
from cli.language import say
from cli.operations import polls
from cli.operations.polls import Status
from handler.delivery.records import KEPT
from handler.polling.id_cursor import IdCursor
from handler.polling.schedule import ID, ON_HOLD, TIME, Schedule
from handler.polling.time_cursor import EPOCH, NEVER, TimeCursor, moment

_MICROSECOND: Final = timedelta(microseconds=1)
_CHANGED: Final = "POLL_CURSOR_CHANGED"


@dataclass(frozen=True, slots=True)
class To:
    """Rows above an id, or from a time on: then `above` is the microsecond before it. `written` is as typed."""

    above: int
    above_kind: str
    written: str

    @property
    def rows(self) -> str:
        """Return these rows in words."""
        return polls.above(self.above) if self.above_kind == ID else polls.from_time(self.written)


class IdOrTime(click.ParamType[To]):
    """The type of an option: an id, or a time since 1970 with a zone."""

    name = "id or time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> To:
        """Parse what was typed."""
        if isinstance(value, To):
            return value
        text = str(value).strip()
        if re.fullmatch("[0-9]{1,20}", text):
            return To(int(text), ID, text)
        at = moments.read(text)
        if at is None:
            example = moments.with_zone(text) or say("a time with its zone, such as {example}", example=moments.EXAMPLE)
            self.fail(say("write an id, such as 41999, or {example}", example=example), param, ctx)
        return To((at - EPOCH) // _MICROSECOND - 1, TIME, text)


def require_kind(status: Status, to: To) -> None:
    """Raise ClickException for an id if the poll finds rows by time, and for a time if it finds them by id.

    If its state is lost, or its template has since changed between the two, only the next run can check this.
    """
    if status.state is None or status.schedule.code == _CHANGED:
        return
    timed = status.state.timed
    if timed and to.above_kind == ID:
        raise click.ClickException(
            say(
                "{poll} finds rows by the time {column}, and {written} is an id. Write a time with its zone: "
                "--to {example} is for the rows from then on.",
                poll=status.name,
                column=timed.column,
                written=to.written,
                example=moments.EXAMPLE,
            )
        )
    if not timed and to.above_kind == TIME:
        raise click.ClickException(
            say(
                "{poll} finds rows by their ids, and {written} is a time. Write the last id that is to stay as it is: "
                "--to 41999 is for the rows above it.",
                poll=status.name,
                written=to.written,
            )
        )


def concerned(status: Status, to: To) -> str:
    """Say what a rewind would find again. Raises ClickException if it would find nothing."""
    name, state = status.name, status.state
    if state is None:
        raise click.ClickException(
            say(
                "{poll} has no state that can be read, so there is nothing to rewind. See: notifier poll status {poll}",
                poll=name,
            )
        )
    require_kind(status, to)
    if state.watched:
        raise click.ClickException(
            say(
                "{poll} cannot be rewound, because it watches a column. To post the rows above an id again, as they "
                "are now: notifier poll rebase {poll} --resend --to ID",
                poll=name,
            )
        )
    said = _times(name, state.timed, to) if state.timed else _ids(name, state.cursor, to.above)
    return say(
        "{said}. What was posted or parked in the last {days} days is not posted again; what was posted earlier is. "
        "Rows that were never posted come one by one, also those that the first run took as seen, and those that a "
        "summary counted.",
        said=said,
        days=KEPT.days,
    )


def _ids(name: str, cursor: IdCursor, above: int) -> str:
    if above >= cursor.top:
        raise click.ClickException(
            say(
                "There is nothing to rewind: {poll} has read ids up to {top}, and --to is {above}.",
                poll=name,
                top=cursor.top,
                above=above,
            )
        )
    rows = len(cursor.seen.above(above))
    said = say(
        "The next run of {poll} finds {count} ids again that it has seen, from {first} to {last}",
        poll=name,
        count=rows,
        first=above + 1,
        last=cursor.top,
    )
    if above < cursor.floor:
        said += say(
            ". It does not know which of the ids up to {floor} are there, and finds these too", floor=cursor.floor
        )
    return said


def _times(name: str, cursor: TimeCursor, to: To) -> str:
    times = [*cursor.seen.values(), cursor.watermark]
    if max(times) == NEVER:
        raise click.ClickException(
            say("{poll} has not read any row yet. The rows that come are found without a rewind.", poll=name)
        )
    if to.above >= max(times):
        raise click.ClickException(
            say(
                "There is nothing to rewind: {poll} has read times up to {time}, and --to is later. "
                "The rows that come are found without a rewind.",
                poll=name,
                time=moment(max(times)),
            )
        )
    rows = sum(at > to.above for at in cursor.seen.values())
    said = say(
        "The next run of {poll} finds {count} rows again that it remembers, {rows}", poll=name, count=rows, rows=to.rows
    )
    if to.above < (earliest := min(cursor.seen.values(), default=cursor.watermark)):
        said += say(
            ". It does not know which rows have a time before {time}, and finds these too", time=moment(earliest)
        )
    return said


def rewound(status: Status, schedule: Schedule, to: To) -> Schedule:
    """Return the schedule with a rewind. Raises ClickException if it is on hold, or has another request pending."""
    name = status.name
    if schedule.code in ON_HOLD:
        raise click.ClickException(
            say(
                "{poll} is on hold: {code}. First: {remedy}",
                poll=name,
                code=schedule.code,
                remedy=polls.remedy(schedule.code),
            )
        )
    if status.state is None or schedule.starts > status.state.starts:
        raise click.ClickException(
            say(
                "An earlier start, rebase or rewind of {poll} has not run yet. Run it first: notifier poll run {poll}",
                poll=name,
            )
        )
    return schedule.rewound(to.above, to.above_kind)
