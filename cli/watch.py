"""What becomes of the events of a deployment to the local cloud, shown in the terminal and on the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console

from cli import waiting
from cli.operations.journal import Line
from cli.show import panel
from cli.tail import Tail
from cli.waiting import Waiting
from handler.errors import CODES
from handler.model import State
from lab.cloud import LocalCloud


class Watch:
    """Shows each post and each parked record once, and a post again when it was edited, which counts as no other one.

    What waits is shown when it begins to, and now and then after that. Parked records stay in their queue.
    """

    def __init__(self, cloud: LocalCloud, outputs: Mapping[str, str], console: Console) -> None:
        self._cloud = cloud
        self._outputs = outputs
        self._console = console
        self._tail = Tail(cloud.aws, outputs["FunctionName"])
        self._waiting = Waiting()
        self._told: set[tuple[str, str]] = set()
        self._shown: dict[tuple[str, str], str | None] = {}  # when each message had last been edited, as it was shown
        self.topic = outputs["TopicArn"]
        self.posted = 0
        self.parked: set[str] = set()

    def look(self) -> int:
        """Show what is new, and return how many events have come to an end."""
        messages = self._cloud.slack.messages()
        for message in messages:
            key, edited = (message["channel"], message["ts"]), message["edited"]
            if key not in self._shown or self._shown[key] != edited:
                self._console.print(panel(message))
            self._shown[key] = edited
        self.posted = len(messages)
        if lines := self._tail.read():
            self._tell_deliveries(lines)
            self._show_waiting(lines)
        for record in self._dead_letters():
            if record["MessageId"] not in self.parked:
                self.parked.add(record["MessageId"])
                self._show_parked(_attributes(record))
        return self.posted + len(self.parked)

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

    def _show_waiting(self, lines: Iterable[Line]) -> None:
        before = dict(self._waiting.open)
        for line in self._waiting.take(lines):
            self.say(waiting.told(line), "yellow")
        if self._waiting.open != before:
            self._cloud.slack.replace("waiting", [waiting.fact(line) for line in self._waiting.open.values()])

    def _show_parked(self, attributes: Mapping[str, str]) -> None:
        code = CODES.get(attributes.get("code", ""), CODES["INTERNAL"])
        words = [attributes.get(name, "") for name in ("type", "id", "code", "detail")]
        self.say(f"Parked: {' '.join(filter(None, words))}", "red")
        self.say(f"  fix: {code.remedy}", "dim")
        known = {name: attributes.get(name, "") for name in ("type", "id", "code")}
        meaning = attributes.get("detail") or code.meaning
        self._cloud.slack.tell({"kind": "parked", **known, "meaning": meaning, "remedy": code.remedy})

    def _dead_letters(self) -> list[dict[str, Any]]:
        answer = self._cloud.aws.client("sqs").receive_message(
            QueueUrl=self._outputs["DeadLetterQueueUrl"],
            MaxNumberOfMessages=10,
            VisibilityTimeout=0,
            MessageAttributeNames=["All"],
        )
        records: list[dict[str, Any]] = answer.get("Messages", [])
        return records


def _attributes(record: Mapping[str, Any]) -> dict[str, str]:
    return {name: one["StringValue"] for name, one in record.get("MessageAttributes", {}).items()}


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
