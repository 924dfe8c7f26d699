"""The results of the events of a deployment to the local cloud, shown in the terminal and on the page."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console

from cli import waiting
from cli.language import say
from cli.operations import heap, letters
from cli.operations.journal import Line
from cli.operations.letters import Letter
from cli.preview.terminal import posted
from cli.queued import Queued
from cli.tail import Tail
from cli.waiting import Waiting
from handler.outcome import State
from lab.aws import Message
from lab.cloud import LocalCloud


class Watch:
    """Shows each post and each parked record once, and a post again when it was edited, which counts as no other one.

    What waits is shown when it begins to, and now and then after that. Parked records stay in their queue, and on the
    page for as long as they are in it.
    """

    def __init__(self, cloud: LocalCloud, outputs: Mapping[str, str], console: Console) -> None:
        self._cloud = cloud
        self._outputs = outputs
        self._console = console
        self._tail = Tail(cloud.aws, outputs["FunctionName"])
        self._waiting = Waiting()
        self._queued = Queued()
        self._waits: list[dict[str, str | int]] = []  # what the page was told last of what waits
        self._told: set[tuple[str, str]] = set()
        self._shown: dict[tuple[str, str], str | None] = {}  # when each message had last been edited, as it was shown
        self._queue = outputs.get("QueueUrl", "")
        self.topic = outputs["TopicArn"]
        self.posted = 0
        self.parked: dict[str, dict[str, Any]] = {}  # by message id, what the page shows of each

    def look(self) -> int:
        """Show what is new, and return how many events have come to an end."""
        messages = self._cloud.slack.messages()
        for message in messages:
            key, edited = (message["channel"], message["ts"]), message["edited"]
            if key not in self._shown or self._shown[key] != edited:
                self._console.print(posted(message))
            self._shown[key] = edited
        self.posted = len(messages)
        # Before the log is read: what ends meanwhile is then known to have ended.
        messages_in_queue = self._messages()
        lines = self._tail.read()
        self._tell_deliveries(lines)
        self._show_waiting(lines, messages_in_queue)
        for record in self._dead_letters():
            if record["MessageId"] not in self.parked:
                self._show_parked(record["MessageId"], letters.read({"Body": "", **record}))
        if self.parked and self._queue:
            self._drop_replayed()
        return self.posted + len(self.parked)

    @property
    def queued(self) -> int:
        """How many messages the intake queue held at the last look: ready, in flight, or to come later."""
        return self._queued.count

    def log(self) -> list[str]:
        """What the function has logged."""
        return self._cloud.aws.logs(self._outputs["FunctionName"])

    def say(self, text: str, style: str) -> None:
        """Print a line as it is."""
        self._console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)

    def _tell_deliveries(self, lines: Iterable[Line]) -> None:
        """Tell the page which event and template made each message; that it was not made again is no news."""
        for line in lines:
            if line.ts and not (line.state is State.REPEATED and (line.posted, line.ts) in self._told):
                self._told.add((line.posted, line.ts))
                self._cloud.slack.tell(_delivery(line))

    def _messages(self) -> list[Message]:
        """What the intake queue holds; nothing with direct intake."""
        return self._cloud.aws.messages(self._queue) if self._queue else []

    def _show_waiting(self, lines: Iterable[Line], messages: Iterable[Message]) -> None:
        """Show what is tried again, and what lies in the queue without a word of the function about it."""
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

    def _show_parked(self, message: str, letter: Letter) -> None:
        """Show what is in the dead-letter queue, from any sender."""
        meaning, remedy = heap.cause(letter)
        words = [
            letter.type or letter.message_id,
            letter.id,
            letter.code,
            letter.detail or ("" if letter.code else meaning),
        ]
        self.say(say("Parked: {words}", words=" ".join(filter(None, words))), "red")
        self.say(f"  {say('fix: {remedy}', remedy=remedy)}", "dim")
        known = {"type": letter.type, "id": letter.id, "code": letter.code}
        self.parked[message] = {"kind": "parked", **known, "meaning": letter.detail or meaning, "remedy": remedy}
        self._cloud.slack.tell(self.parked[message])

    def _drop_replayed(self) -> None:
        """Take from the page what has left the dead-letter queue."""
        held = {message.id for message in self._cloud.aws.messages(self._outputs["DeadLetterQueueUrl"])}
        if gone := self.parked.keys() - held:
            for message in gone:
                del self.parked[message]
            self._cloud.slack.replace("parked", list(self.parked.values()))

    def _dead_letters(self) -> list[dict[str, Any]]:
        answer = self._cloud.aws.client("sqs").receive_message(
            QueueUrl=self._outputs["DeadLetterQueueUrl"],
            MaxNumberOfMessages=10,
            VisibilityTimeout=0,
            MessageAttributeNames=["All"],
            AttributeNames=["All"],
        )
        records: list[dict[str, Any]] = answer.get("Messages", [])
        return records


def _delivery(line: Line) -> dict[str, Any]:
    """What the page shows below a message (lab.page.facts)."""
    return {
        "kind": "delivery",
        "channel": line.posted,
        "ts": line.ts,
        "type": line.type,
        "id": line.id,
        "template": f"{line.notification}.yaml",
        "outcome": " ".join(filter(None, [line.state.value, line.detail])),
    }
