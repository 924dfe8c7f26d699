"""The events of Lambda's event source mapping, and the handling of the function's response.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from lab.queue.messages import Message, md5

ARN: Final = "arn:aws:sqs:us-east-1:000000000000:"


def payload(messages: Sequence[Message], queue: str) -> dict[str, Any]:
    """Return the event of an invocation."""
    return {"Records": [_record(message, queue) for message in messages]}


def failures(messages: Sequence[Message], answer: Any) -> frozenset[str]:
    """Return the ids of the messages to retry: those that the response names as failed.

    Return all ids if the response names an unknown id or is malformed; none if it is empty or has no list.
    """
    everything = frozenset(message.id for message in messages)
    found = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if answer is None or found is None:
        return frozenset()
    try:
        named = frozenset(item["itemIdentifier"] for item in found)
    except (TypeError, KeyError):
        return everything
    return named if named.issubset(everything) else everything


def _record(message: Message, queue: str) -> dict[str, Any]:
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.receives),
            "SentTimestamp": str(int(message.sent_at * 1000)),
            "SenderId": "AIDALABSENDER",
            "ApproximateFirstReceiveTimestamp": str(int(message.first_received_at * 1000)),
        },
        "messageAttributes": {
            name: {"stringValue": value, "stringListValues": [], "binaryListValues": [], "dataType": "String"}
            for name, value in message.attributes.items()
        },
        "md5OfBody": md5(message.body),
        "eventSource": "aws:sqs",
        "eventSourceARN": f"{ARN}{queue}",
        "awsRegion": "us-east-1",
    }
