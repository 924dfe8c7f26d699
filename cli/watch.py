"""Shows the results of events on the local cloud, in the terminal and on the page."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rich.console import Console

from cli import diagnoses, waiting
from cli.demo_slack import DemoSlack
from cli.language import say
from cli.operations import dead_letters, dlq_view, log_steps
from cli.operations.function_log import Line
from cli.preview.terminal import posted
from cli.queue_events import Queued
from cli.tail import Tail
from cli.waiting import Waiting
from handler.outcome import State
from lab.aws import Message
from lab.cloud import LocalCloud

# The most parked events that are shown: more than anybody reads, and few enough to check five times a second.
MOST_PARKED: Final = 1000


class Watch:
    """Shows each post and each parked record once. An edited post is shown again, but is not counted again.

    A waiting delivery is shown when it starts to wait, and sometimes after that. Parked records stay in their queue,
    and on the page for as long as they are in it.
    """

    def __init__(self, cloud: LocalCloud, outputs: Mapping[str, str], console: Console, slack: DemoSlack) -> None:
        self._cloud = cloud
        self._outputs = outputs
        self._console = console
        self._slack = slack
        self._tail = Tail(cloud.aws, outputs["FunctionName"])
        self._waiting = Waiting()
        self._queued = Queued()
        self._waits: list[dict[str, str | int]] = []  # the waiting deliveries that the page shows
        self._told: set[tuple[str, str]] = set()
        self._shown: dict[tuple[str, str], str | None] = {}  # by channel and ts, the last edit that was shown
        self._queue = outputs.get("QueueUrl", "")
        self.topic = outputs["TopicArn"]
        self.posted = 0
        self.parked: dict[str, dict[str, Any]] = {}  # by message id: the fact on the page
        self.unread = 0  # how many more are parked, which are not read

    def look(self) -> int:
        """Show what is new. Return how many events have ended."""
        messages = self._cloud.slack.messages()
        for message in messages:
            key, edited = (message["channel"], message["ts"]), message["edited"]
            if key not in self._shown or self._shown[key] != edited:
                self._console.print(posted(message, self._slack.view))
            self._shown[key] = edited
        self.posted = len(messages)
        # Read the queue before the log: then an event that ends in between is known to have ended.
        messages_in_queue = self._messages()
        lines = self._tail.read()
        self._tell_deliveries(lines)
        self._show_waiting(lines, messages_in_queue)
        self._show_parked(self._cloud.aws.messages(self._outputs["DeadLetterQueueUrl"]))
        return self.posted + len(self.parked) + self.unread

    @property
    def queued(self) -> int:
        """Return how many messages the intake queue held at the last look: ready, in flight, or delayed."""
        return self._queued.count

    def log(self) -> list[str]:
        """Return the lines of the function's log."""
        return self._cloud.aws.logs(self._outputs["FunctionName"])

    def say(self, text: str, style: str) -> None:
        """Print a line without markup or wrapping."""
        self._console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)

    def _tell_deliveries(self, lines: Iterable[Line]) -> None:
        """Tell the page which event and template made each message, or none. A repeated event is not told again."""
        for line in lines:
            if line.ts and not (line.state is State.REPEATED and (line.posted, line.ts) in self._told):
                self._told.add((line.posted, line.ts))
                self._cloud.slack.tell(_delivery(line))
            elif line.state is State.SUPPRESSED and not line.notice:
                self._cloud.slack.tell(_silent(line))

    def _messages(self) -> list[Message]:
        """Return the messages of the intake queue; none with direct intake."""
        return self._cloud.aws.messages(self._queue) if self._queue else []

    def _show_waiting(self, lines: Iterable[Line], messages: Iterable[Message]) -> None:
        """Show retries, and events that have been in the queue for long without a log line."""
        now = time.time()
        for line in self._waiting.take(lines):
            self.say(waiting.told(line), "yellow")
        for event in self._queued.take(messages, self._waiting.identities, now):
            self.say(event.told(now), "yellow")
        if self._queue:
            self._waiting.drop_ended(self._queued.due, now)
        waits = [waiting.fact(line, self._queued.due.get(line.identity), now) for line in self._waiting.open.values()]
        waits += [event.fact() for event in self._queued.unheard]
        if waits != self._waits:
            self._cloud.slack.replace("waiting", waits)
            self._waits = waits

    def _show_parked(self, messages: Sequence[Message]) -> None:
        """Show new messages of the dead-letter queue, from any sender. Remove from the page what has left the queue."""
        held = {message.id: message for message in messages[:MOST_PARKED]}
        unread = len(messages) - len(held)
        if held.keys() == self.parked.keys() and unread == self.unread:
            return
        self.parked = {
            name: self.parked.get(name) or self._newly_parked(name, message) for name, message in held.items()
        }
        if unread > self.unread:
            words = say("{count} more, which are shown once there are fewer before them", count=unread)
            self.say(say("Parked: {words}", words=words), "red")
        self.unread = unread
        more = [{"kind": "more", "of": "parked", "count": unread}] if unread else []
        self._cloud.slack.replace("parked", list(self.parked.values()))
        self._cloud.slack.replace("more", more)

    def _newly_parked(self, name: str, message: Message) -> dict[str, Any]:
        """Show an event in the terminal, and return its fact for the page."""
        letter = dead_letters.read(
            {
                "MessageId": name,
                "Body": message.body,
                "MessageAttributes": message.attributes,
                "Attributes": message.system,
            }
        )
        meaning, remedy = dlq_view.cause(letter)
        words = [
            letter.type or letter.message_id,
            letter.id,
            letter.code,
            diagnoses.detail(letter.code, letter.detail) or meaning,
        ]
        self.say(say("Parked: {words}", words=" ".join(filter(None, words))), "red")
        self.say(f"  {say('fix: {remedy}', remedy=remedy)}", "dim")
        known = {"event": letter.event_id, "type": letter.type, "id": letter.id, "code": letter.code}
        return {
            "kind": "parked",
            "message": name,
            "records": len(letter.bodies),
            **known,
            "meaning": diagnoses.detail(letter.code, letter.detail) or meaning,
            "remedy": remedy,
        }


def _delivery(line: Line) -> dict[str, Any]:
    """Return the fact that the page shows below a message (lab.page.facts)."""
    return {
        "kind": "delivery",
        "channel": line.posted,
        "ts": line.ts,
        **_named(line),
        "template": f"{line.notification}.yaml",
        "outcome": " ".join(filter(None, [line.state.value, line.detail])),
    }


def _silent(line: Line) -> dict[str, Any]:
    """Return the fact about an event for which a template posted nothing."""
    why = {"code": line.code, "meaning": log_steps.rule(line.code), "detail": line.detail}
    return {
        "kind": "silent",
        **_named(line),
        "template": f"{line.notification}.yaml" if line.notification else "",
        **why,
    }


def _named(line: Line) -> dict[str, str]:
    return {"event": line.identity or line.record, "type": line.type, "id": line.id}
