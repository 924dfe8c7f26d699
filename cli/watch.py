"""What becomes of the events of a deployment to the local cloud, shown in the terminal and on the page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console

from cli.show import panel
from handler.errors import CODES
from lab.cloud import LocalCloud


class Watch:
    """Shows each post and each parked record once, and a post again when it was edited, which counts as no other one.

    Parked records stay in their queue.
    """

    def __init__(self, cloud: LocalCloud, outputs: Mapping[str, str], console: Console) -> None:
        self._cloud = cloud
        self._outputs = outputs
        self._console = console
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
        for record in self._dead_letters():
            if record["MessageId"] not in self.parked:
                self.parked.add(record["MessageId"])
                self._show_parked(_attributes(record))
        if {(message["channel"], message["ts"]) for message in messages} - self._told:
            self._tell_deliveries()
        return self.posted + len(self.parked)

    def log(self) -> list[str]:
        """What the function has logged."""
        return self._cloud.aws.logs(self._outputs["FunctionName"])

    def _show_parked(self, attributes: Mapping[str, str]) -> None:
        words = [attributes.get(name, "") for name in ("type", "id", "code", "detail")]
        self._console.print(f"Parked: {' '.join(filter(None, words))}", style="red", highlight=False, markup=False)
        code = CODES.get(attributes.get("code", ""), CODES["INTERNAL"])
        known = {name: attributes.get(name, "") for name in ("type", "id", "code")}
        meaning = attributes.get("detail") or code.meaning
        self._cloud.slack.tell({"kind": "parked", **known, "meaning": meaning, "remedy": code.remedy})

    def _tell_deliveries(self) -> None:
        """Tell the page what the function's log says of each message, as soon as it says so."""
        facts = [fact for fact in _deliveries(self.log()) if (fact["channel"], fact["ts"]) not in self._told]
        self._told.update((fact["channel"], fact["ts"]) for fact in facts)
        if facts:
            self._cloud.slack.tell(*facts)

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


def _deliveries(log: list[str]) -> Iterator[dict[str, Any]]:
    for line in log:
        found = json.loads(line) if line.startswith('{"level"') else {}
        if found.get("posted"):
            event = found["event"]
            yield {
                "kind": "delivery",
                "channel": found["posted"]["channel"],
                "ts": found["posted"]["ts"],
                "type": event["type"],
                "id": event["id"],
                "template": f"{found['notification']}.yaml",
                "outcome": " ".join(filter(None, [found["message"], found.get("detail")])),
            }
