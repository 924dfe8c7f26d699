"""Reads the status of a deployment's polls from the state table, and changes their schedules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import click

from cli import running
from cli.language import ENGLISH, later, say, speaking
from cli.operations import times
from cli.operations.aws_errors import UnansweredError, asking, code
from cli.operations.stack import Stack
from handler.adapters.state.table import from_attributes, to_attributes
from handler.errors import CODES, NotifierError
from handler.model import Digest, Poll
from handler.polling import state_item
from handler.polling.schedule import ID, RESEND, REWIND, Schedule
from handler.polling.state import PollState
from handler.polling.stored_names import SCHEDULE, STATE, partition
from handler.polling.time_cursor import moment
from handler.state_item import Item

# How often a change is tried again if a run has written the schedule in between.
_ATTEMPTS: Final = 5
_OTHER_VERSION: Final = later("use the version of this command that was deployed")
_REFUSED: Final = "ConditionalCheckFailedException"

Condition = Literal["new", "starting", "ok", "running", "failing", "on hold", "paused", "overdue"]


@dataclass(frozen=True, slots=True)
class Status:
    """A poll: its template (None if there is none here), its schedule, and its state.

    `state` is None before the first run, and if it is lost or cannot be read.
    """

    name: str
    poll: Poll | None
    schedule: Schedule
    state: PollState | None

    def condition(self, now: float) -> Condition:
        """Return the condition of the poll, in a word."""
        schedule = self.schedule
        if schedule.is_paused:
            return "paused"
        if schedule.is_on_hold:
            return "on hold"
        if not schedule.began_at:
            return "starting" if schedule.starts else "new"
        if schedule.code:
            return "failing"
        if self.poll and schedule.is_overdue(now, self.poll):
            return "overdue"
        return "running" if schedule.is_leased(now) else "ok"

    @property
    def meaning(self) -> str:
        """Return what the code of its last failure means; empty if only a newer function has this code."""
        return meaning(self.schedule.code)

    @property
    def remedy(self) -> str:
        """Return what to do about its last failure."""
        return remedy(self.schedule.code)

    @property
    def unsent(self) -> int:
        """Return how many rows were found that the queue has not accepted yet."""
        pending = self.state.pending if self.state else None
        if pending is None:
            return 0
        return pending.count if isinstance(pending, Digest) else len(pending.rows)

    @property
    def asked(self) -> str:
        """Return what somebody has asked the next run to do, in words; empty if nothing."""
        schedule = self.schedule
        if schedule.starts <= (self.state.starts if self.state else schedule.starts - bool(schedule.starts)):
            return ""
        rows = above(schedule.above) if schedule.above_kind == ID else from_time(moment(schedule.above + 1))
        if schedule.start_mode == REWIND:
            return say("finds the rows {rows} again", rows=rows)
        if schedule.start_mode == RESEND:
            return say("posts the rows {rows}, and takes the earlier ones as seen", rows=rows)
        return say("takes the rows that are there as seen")

    def lag(self, now: float) -> float | None:
        """Return how many seconds ago the last complete read of the table began; None if there was none."""
        return max(0.0, now - self.schedule.complete_at) if self.schedule.complete_at else None

    @property
    def gaps(self) -> int:
        """Return how many ids below the highest one are missing and still looked for."""
        if self.state is None:
            return 0
        cursor = self.state.cursor
        return cursor.top - cursor.floor - len(cursor.seen)


def above(id_: int) -> str:
    """Return "the rows above an id" in words."""
    return say("above id {id}", id=id_)


def from_time(time: str) -> str:
    """Return "the rows from a time on" in words."""
    return say("from {time} on", time=time)


def meaning(code: str) -> str:
    """Return what a code means; empty if only a newer function has it."""
    known = CODES.get(code)
    return say(known.meaning) if known else ""


def remedy(code: str) -> str:
    """Return what to do about a code."""
    known = CODES.get(code)
    return say(known.remedy if known else _OTHER_VERSION)


def read(stack: Stack, name: str, poll: Poll | None) -> Status:
    """Return the status of a poll. Raises UnansweredError."""
    condition = {
        "KeyConditionExpression": "pk = :poll",
        "ExpressionAttributeValues": {":poll": {"S": partition(name)}},
        "ConsistentRead": True,
    }
    with asking(say("read the state table"), "dynamodb:Query"):
        found = stack.client("dynamodb").query(TableName=stack.table, **condition)["Items"]
    items = {item.sort: item for item in map(from_attributes, found)}
    schedule = Schedule.of(items.get(SCHEDULE))
    return Status(name, poll and _in_zone(poll, schedule), schedule, _state(items.get(STATE)))


def _in_zone(poll: Poll, schedule: Schedule) -> Poll:
    """Return the poll with the time zone of the deployed stage. It is known only after the first run."""
    if not poll.cron or poll.time_zone:
        return poll
    cron, _, zone = schedule.plan.rpartition(" ")
    return replace(poll, time_zone=zone) if cron == poll.cron else poll


def change(stack: Stack, name: str, changed: Callable[[Schedule], Schedule]) -> Schedule:
    """Change the schedule of a poll that has run before, and return it. Retries if a run writes it meanwhile.

    Raises UnansweredError, ClickException, and what `changed` raises.
    """
    for _ in range(_ATTEMPTS):
        item = require(stack, name)
        schedule = changed(Schedule.of(item))
        if swap(stack, item, schedule):
            return schedule
    raise UnansweredError(
        say("Another run of {poll} has written its schedule {count} times. Try again.", poll=name, count=_ATTEMPTS)
    )


def require(stack: Stack, name: str) -> Item:
    """Return the schedule of a poll that has run before. Raises UnansweredError, ClickException."""
    item = _schedule(stack, name)
    if item is None:
        raise click.ClickException(_never_ran(stack, name))
    return item


def _never_ran(stack: Stack, name: str) -> str:
    """Why a poll may never have run, and what to do: the demo runs all polls by itself."""
    demo = running.chosen()
    if demo and demo.topic == stack.topic:
        return say(
            "The poll {poll} has not run in the demo yet. Its first run comes by itself within a minute after the demo "
            "has started or its template was saved without errors, and posts nothing. Wait until `notifier poll "
            "status` shows it. If it never does, check the name.",
            poll=name,
        )
    return say(
        "No poll {poll} has ever run here. `notifier poll status` shows the polls of the templates; they run "
        "in a stack that is deployed with Polls=on.",
        poll=name,
    )


def _schedule(stack: Stack, name: str) -> Item | None:
    key = {"pk": {"S": partition(name)}, "sk": {"S": SCHEDULE}}
    with asking(say("read the state table"), "dynamodb:GetItem"):
        found = stack.client("dynamodb").get_item(TableName=stack.table, Key=key, ConsistentRead=True)
    return from_attributes(found["Item"]) if found.get("Item") else None


def swap(stack: Stack, before: Item, schedule: Schedule) -> Item | None:
    """Replace a schedule, and return the new item; None if a run has written the schedule in between.

    Raises UnansweredError.
    """
    item = Item(before.partition, SCHEDULE, schedule.values(), 0).following(before)
    return item if _replaced(stack, item) else None


def _replaced(stack: Stack, item: Item) -> bool:
    from botocore.exceptions import ClientError

    condition: dict[str, Any] = {
        "ConditionExpression": "revision = :before",
        "ExpressionAttributeValues": {":before": {"N": str(item.revision - 1)}},
    }
    with asking(say("write the poll's schedule"), "dynamodb:PutItem"):
        try:
            stack.client("dynamodb").put_item(TableName=stack.table, Item=to_attributes(item), **condition)
        except ClientError as error:
            if code(error) != _REFUSED:
                raise
            return False
    return True


def _state(item: Item | None) -> PollState | None:
    try:
        return state_item.read(item) if item else None
    except NotifierError:
        return None


def document(status: Status, now: float) -> dict[str, Any]:
    """Return a status as JSON values, in English. Times are ISO 8601 in UTC; None means never."""
    with speaking(ENGLISH):
        return _document(status, now)


def _document(status: Status, now: float) -> dict[str, Any]:
    schedule, timed = status.schedule, status.state.timed if status.state else None
    cursor = status.state.cursor if status.state and not timed else None
    return {
        "poll": status.name,
        "condition": status.condition(now),
        "code": schedule.code,
        "detail": schedule.detail,
        "remedy": status.remedy if schedule.code else "",
        "failures": schedule.failures,
        "every_seconds": status.poll.every if status.poll and not status.poll.cron else None,
        "cron": (status.poll.cron or None) if status.poll else None,
        "time_zone": (status.poll.time_zone or None) if status.poll else None,
        "started": _iso(schedule.state_known_at),
        "last_read": _iso(schedule.scanned_at),
        "lag_seconds": round(lag, 1) if (lag := status.lag(now)) is not None else None,
        "next": _iso(schedule.due_at),
        "rows": {"found": schedule.found, "late": schedule.late, "given_up": schedule.given_up},
        "highest_id": cursor.top if cursor else None,
        "latest_time": (timed.latest or None) if timed else None,
        "missing_ids": status.gaps,
        "unsent": status.unsent > 0,
        "asked": status.asked,
        "full": schedule.full,
    }


def _iso(at: float) -> str | None:
    return times.iso(at) if at else None


def refuse_unknown(statuses: Sequence[Status], declared: Collection[str]) -> None:
    """Raise ClickException for a name that no template declares and the state table does not know."""
    if unknown := [one.name for one in statuses if one.poll is None and one.schedule == Schedule()]:
        known = ", ".join(sorted(declared)) or say("none")
        raise click.ClickException(
            say(
                "There is no poll {polls}. Polls of the templates here: {known}.", polls=", ".join(unknown), known=known
            )
        )
