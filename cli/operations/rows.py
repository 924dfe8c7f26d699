"""Reads deliveries from the state table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli.language import say
from cli.operations.aws_errors import asking
from cli.operations.stack import Stack
from handler.delivery.records import FINAL, PHASE_WORDS, DeliveryKey, DeliveryRecord, decode
from handler.state_item import DeliveryItem, Item


@dataclass(frozen=True, slots=True)
class Row:
    """A delivery in the state table. Notification and channel are empty if none was chosen yet."""

    key: DeliveryKey
    record: DeliveryRecord

    @property
    def final(self) -> bool:
        """Return whether it has ended: only a replay can change it."""
        return self.record.phase in FINAL


def of_event(stack: Stack, identity: str, now: float) -> list[Row]:
    """Return the rows of an event's deliveries. Raises UnansweredError."""
    condition = {
        "KeyConditionExpression": "pk = :event",
        "ExpressionAttributeValues": {":event": {"S": DeliveryKey(identity, "", "").partition}},
        "ConsistentRead": True,
    }
    with asking(say("read the state table"), "dynamodb:Query"):
        pages = stack.client("dynamodb").get_paginator("query").paginate(TableName=stack.table, **condition)
        return [row for page in pages for item in page["Items"] if (row := _row(item, now))]


def since(stack: Stack, moment: float, now: float, progress: Callable[[int], None]) -> Iterator[Row]:
    """Yield the rows that changed after `moment`, and all that have not ended. Raises UnansweredError.

    It reads the whole table; `progress` is called with the number of items read.
    """
    ends = [PHASE_WORDS[phase] for phase in FINAL]
    condition = {
        "FilterExpression": "begins_with(pk, :prefix) AND (#at >= :since OR NOT #phase IN (:end0, :end1, :end2))",
        "ExpressionAttributeNames": {"#at": "at", "#phase": "phase"},
        "ExpressionAttributeValues": {
            ":prefix": {"S": DeliveryItem.PARTITION},
            ":since": {"N": f"{moment:.3f}"},
            **{f":end{number}": {"S": end} for number, end in enumerate(ends)},
        },
    }
    read = 0
    with asking(say("read the state table"), "dynamodb:Scan"):
        for page in stack.client("dynamodb").get_paginator("scan").paginate(TableName=stack.table, **condition):
            read += page["ScannedCount"]
            progress(read)
            yield from (row for item in page["Items"] if (row := _row(item, now)))


def _row(attributes: Mapping[str, Mapping[str, Any]], now: float) -> Row | None:
    """Parse a DynamoDB item; None if it has expired, as DynamoDB deletes such items only days later."""
    values = {name: _value(one) for name, one in attributes.items()}
    item = Item(str(values.pop("pk")), str(values.pop("sk")), values, int(float(values.get("expires_at", 0))))
    if 0 < item.expires_at <= now:
        return None
    return Row(DeliveryKey.of(item), decode(item))


def _value(attribute: Mapping[str, Any]) -> str | float:
    """Return a string or a number. The table has no other types."""
    [(kind, value)] = attribute.items()
    return float(value) if kind == "N" else str(value)
