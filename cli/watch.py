"""What becomes of the events of a deployment to the local cloud, as it happens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from cli.show import panel
from lab.cloud import LocalCloud


class Watch:
    """Shows each post and each parked record of a deployment once. Parked records stay in their queue."""

    def __init__(self, cloud: LocalCloud, outputs: Mapping[str, str], console: Console) -> None:
        self._cloud = cloud
        self._outputs = outputs
        self._console = console
        self.topic = outputs["TopicArn"]
        self.posted = 0
        self.parked: set[str] = set()

    def look(self) -> int:
        """Show what is new, and return how many events have come to an end."""
        messages = self._cloud.slack.messages()
        for message in messages[self.posted :]:
            self._console.print(panel(message))
        self.posted = len(messages)
        for record in self._dead_letters():
            if record["MessageId"] not in self.parked:
                self.parked.add(record["MessageId"])
                self._console.print(f"Parked: {_reason(record)}", style="red", highlight=False, markup=False)
        return self.posted + len(self.parked)

    def log(self) -> list[str]:
        """What the function has logged."""
        return self._cloud.aws.logs(self._outputs["FunctionName"])

    def _dead_letters(self) -> list[dict[str, Any]]:
        answer = self._cloud.aws.client("sqs").receive_message(
            QueueUrl=self._outputs["DeadLetterQueueUrl"],
            MaxNumberOfMessages=10,
            VisibilityTimeout=0,
            MessageAttributeNames=["All"],
        )
        records: list[dict[str, Any]] = answer.get("Messages", [])
        return records


def _reason(record: dict[str, Any]) -> str:
    attributes = record.get("MessageAttributes", {})
    words = [attributes.get(name, {}).get("StringValue", "") for name in ("type", "id", "code", "detail")]
    return " ".join(word for word in words if word)
