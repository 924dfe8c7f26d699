"""Runs a poll on request: makes it due, invokes the function's tick, and waits until the schedule shows the result."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

import click

from cli.language import ENGLISH, later, say, speaking
from cli.operations import polls
from cli.operations.aws_errors import UnansweredError, asking
from cli.operations.polls import Status
from cli.operations.screen import Say
from cli.operations.stack import Stack
from handler.polling.schedule import Schedule
from handler.state_item import Item

_PAUSE_SECONDS: Final = 1.0
_KILLED: Final = later(
    "The run of {poll} was killed, or ran out of time. The next tick asks for another one. The function's log says "
    "more."
)
_NO_RUN: Final = later("After {seconds:.0f} s no run has ended. ")
_OTHER_RUN: Final = later("After {seconds:.0f} s another run has been under way all the time, so none was asked for. ")
_NEEDED: Final = later(
    "A run waits behind the events in the queue, and needs a deployed template with the poll, and Polls=on. See it "
    "with: notifier poll status {poll}"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a run: the poll's status now, and its schedule before."""

    before: Schedule
    status: Status

    @property
    def failed(self) -> bool:
        """Return whether the run failed, perhaps after it has found rows."""
        return bool(self.status.schedule.code)

    @property
    def found(self) -> int:
        """Return how many rows the run has found."""
        return self.status.schedule.found - self.before.found

    @property
    def late(self) -> int:
        """Return how many of them appeared late."""
        return self.status.schedule.late - self.before.late

    @property
    def more(self) -> bool:
        """Return whether time ran out before all rows were read, so that another run follows at once."""
        return bool(self.status.schedule.more) and not self.failed

    @property
    def unsent(self) -> int:
        """Return how many rows the queue has not accepted yet."""
        return self.status.unsent

    @property
    def seen(self) -> int | None:
        """Return how many rows the run counted as seen without posting; None if it was not the first after a start.

        For a poll by time, these are the rows of its window; earlier ones are not counted.
        """
        state = self.status.state
        if self.before.state_known_at or self.failed or state is None:
            return None
        return max(0, len(state.timed.seen if state.timed else state.cursor.seen) - self.found)


@dataclass(frozen=True, slots=True)
class Asking:
    """Runs a poll, and waits at most this many seconds. `say` is called with its progress."""

    stack: Stack
    name: str
    seconds: float
    say: Say
    pause: Callable[[float], None] = time.sleep

    def run(self, every: float | None, tick: Callable[[], None]) -> Outcome:
        """Run the poll now. `every` is its interval in seconds, if it is known.

        Raises ClickException if the poll is paused or on hold, UnansweredError if no run has ended in time.
        """
        end = monotonic() + self.seconds
        asked = self._make_due(every, end)
        self.say(say("asking the function for it"))
        tick()
        self.say(say("waiting for it"))
        while True:
            item = polls.require(self.stack, self.name)
            schedule = Schedule.of(item)
            if item.revision > asked.revision:
                if not schedule.leased_until:
                    return Outcome(Schedule.of(asked), polls.read(self.stack, self.name, None))
                if not schedule.is_leased(time.time()):
                    raise UnansweredError(say(_KILLED, poll=self.name))
            self._wait(end, _NO_RUN)

    def _make_due(self, every: float | None, end: float) -> Item:
        """Wait until no other run is in progress, make the poll due, and return its schedule."""
        while True:
            before = polls.require(self.stack, self.name)
            schedule, now = Schedule.of(before), time.time()
            _refuse(self.name, schedule)
            if schedule.is_leased(now):
                self.say(say("another run is under way; this one begins after it"))
            elif due := polls.swap(self.stack, before, schedule.due(now, every)):
                return due
            self._wait(end, _OTHER_RUN)

    def _wait(self, end: float, why: str) -> None:
        if monotonic() > end:
            raise UnansweredError(say(why, seconds=self.seconds) + say(_NEEDED, poll=self.name))
        self.pause(_PAUSE_SECONDS)


def _refuse(name: str, schedule: Schedule) -> None:
    """Raise ClickException if the poll is paused or on hold."""
    if schedule.is_paused:
        raise click.ClickException(say("{poll} is paused. Let it run with: notifier poll resume {poll}", poll=name))
    if schedule.held:
        remedy = polls.remedy(schedule.code)
        raise click.ClickException(
            say("{poll} is on hold: {code}. To do: {remedy}", poll=name, code=schedule.code, remedy=remedy)
        )


def tick(stack: Stack, qualifier: str) -> None:
    """Invoke the function with a tick, as the schedule does each minute. Raises UnansweredError."""
    with asking(say("ask the function to run the poll"), "lambda:InvokeFunction"):
        answer = stack.client("lambda").invoke(
            FunctionName=stack.function, Qualifier=qualifier, Payload=json.dumps({"notifier": "tick"}).encode()
        )
        body = answer["Payload"].read()
    if answer.get("FunctionError"):
        raise UnansweredError(
            say(
                "The function fails: {message}. Ask `notifier doctor` what is wrong. The poll runs with the next tick "
                "that succeeds.",
                message=_message(body),
            )
        )


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return say("it does not say why")


def document(outcome: Outcome) -> dict[str, Any]:
    """Return a result as JSON values, in English."""
    schedule = outcome.status.schedule
    with speaking(ENGLISH):
        remedy = outcome.status.remedy
    return {
        "poll": outcome.status.name,
        "seen": outcome.seen,
        "found": outcome.found,
        "late": outcome.late,
        "unsent": outcome.unsent,
        "more": outcome.more,
        "code": schedule.code,
        "detail": schedule.detail,
        "remedy": remedy if schedule.code else "",
    }
