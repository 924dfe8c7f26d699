"""Collects what is known about an event: from the log, the state table, and if needed the dead-letter queue."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cli.language import plural, say
from cli.operations import dlq, function_log, metrics, polls, rows, timeline, times
from cli.operations.aws_errors import UnansweredError
from cli.operations.dead_letters import DeadLetter
from cli.operations.function_log import Line
from cli.operations.metrics import Depth
from cli.operations.screen import Say
from cli.operations.stack import Stack
from cli.operations.timeline import Timeline

# SQS may have given up an event that is this late: longer than the longest pause between two attempts.
LATE_SECONDS: Final = 1200.0
# At most this many messages of the dead-letter queue are searched for one event.
LETTERS: Final = 1000


def of(stack: Stack, since: float, say: Say, function: Mapping[str, Any] | None = None) -> EventHistory:
    """Return an Inquiry. `function` is the function's configuration, if it was read already.

    Raises UnansweredError.
    """
    found = stack.configuration() if function is None else function
    return EventHistory(
        stack, found.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{stack.function}", since, say
    )


@dataclass(slots=True)
class EventHistory:
    """Looks into a stack, with its log `group` back to `since` (Unix seconds). `notes` say what could not be read."""

    stack: Stack
    group: str
    since: float
    say: Say
    notes: list[str] = field(default_factory=list)

    def of_name(self, name: str) -> list[Timeline]:
        """Return the timeline of an event by its identity or a message id; empty if unknown. Raises UnansweredError."""
        lines = self._lines(name)
        identity = next((line.identity or line.record for line in lines), name)
        found = self._told(identity, lines)
        return [found] if found.trails else []

    def of_type(self, event_type: str, event_id: str) -> list[Timeline]:
        """Return the timelines of all events with this type and id. Raises UnansweredError."""
        by_event: dict[str, list[Line]] = {}
        for line in function_log.of_type(self.stack, self.group, event_type, event_id, self.since, self._pages):
            by_event.setdefault(line.identity, []).append(line)
        return [self._told(identity, lines) for identity, lines in by_event.items()]

    def waiting(self) -> Depth | None:
        """Return the depth of the intake queue; None with direct intake, or if it cannot be read."""
        if not self.stack.queue:
            return None
        try:
            if metrics.is_paused(self.stack):
                self.notes.append(
                    say("The event source mapping is disabled: the function takes nothing from the queue.")
                )
            return metrics.depth(self.stack, self.stack.queue)
        except UnansweredError as error:
            self.notes.append(error.message)
            return None

    def hints(self, depth: Depth | None, event_type: str = "") -> list[str]:
        """Say why an event may be unknown, and where else to look. `event_type` is the event's type or identity.

        The identity of an event from a poll starts with its type.
        """
        back = times.span(time.time() - self.since)
        return [
            self._searched(back),
            say("An event that carries an event_id is known by that alone, not by the id of its SNS message."),
            say("Was it published to this topic? {topic}", topic=self.stack.topic),
            *self._by_a_poll(event_type.partition("/")[0]),
            *self._in_queue(depth),
        ]

    def _by_a_poll(self, event_type: str) -> Iterator[str]:
        """If the type has a poll, say that some rows never become events."""
        try:
            known = polls.read(self.stack, event_type, None).schedule.began_at if event_type else 0.0
        except UnansweredError:
            return
        if known:
            yield say(
                "{event_type} has a poll. It does not post rows that already existed at its first run, or when "
                "`notifier poll start` was used. If it finds many rows at once, it posts one summary instead. See "
                "`notifier poll status {event_type}`.",
                event_type=event_type,
            )

    @staticmethod
    def _in_queue(depth: Depth | None) -> Iterator[str]:
        """Say that the event may still be in the queue, without a log line, if the queue is not empty."""
        if depth and depth.total:
            yield say("It may be in the queue, which holds {messages}.", messages=depth.words)
        if depth and depth.in_flight:
            back = times.span(depth.visibility_seconds)
            yield say(
                "A message in flight was received and not deleted: the function is working on it, or it waits for its "
                "next attempt, or the function died while working on it and it comes back within {span}.",
                span=back,
            )

    def _told(self, identity: str, lines: list[Line]) -> Timeline:
        """Return the timeline, with its end in the dead-letter queue: SQS, SNS and Lambda put events there, too."""
        self.say(say("reading the state table"))
        now = time.time()
        found = timeline.merge(identity, lines, rows.of_event(self.stack, identity, now), now)
        if found.trails and not any(trail.due and now > trail.due + LATE_SECONDS for trail in found.trails):
            return found
        letter = self._parked(identity)
        return timeline.with_letter(found, letter) if letter else found

    def _parked(self, name: str) -> DeadLetter | None:
        """Return the dead letter with an event, if it is among the first in the queue."""
        try:
            with dlq.opened(self.stack, LETTERS, 0, self._letters) as box:
                if box.more:
                    self.notes.append(
                        say("Of the dead-letter queue, {count} messages were looked at: it has more.", count=LETTERS)
                    )
                return next((letter for letter in box.held.values() if letter.is_about(name)), None)
        except UnansweredError as error:
            self.notes.append(error.message)
            return None

    def _searched(self, back: str) -> str:
        try:
            days = function_log.kept_days(self.stack, self.group)
        except UnansweredError:
            days = 0
        if days:
            return say(
                "The log was searched for the last {span}; it is kept for {days} days. Look further back with --since.",
                span=back,
                days=days,
            )
        return say("The log was searched for the last {span}. Look further back with --since.", span=back)

    def _lines(self, name: str) -> list[Line]:
        """Return the log lines; if the log cannot be read, none, as the state table has the current state."""
        try:
            return function_log.of_event(self.stack, self.group, name, self.since, self._pages)
        except UnansweredError as error:
            self.notes.append(error.message)
            return []

    def _letters(self, count: int) -> None:
        self.say(plural("{count} message of the dead-letter queue", "{count} messages of the dead-letter queue", count))

    def _pages(self, number: int) -> None:
        self.say(say("page {number} of the log", number=number))
