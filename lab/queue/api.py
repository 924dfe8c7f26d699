"""The operations of the SQS API that the function and operators call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lab.queue.clock import VirtualClock
from lab.queue.messages import Message, Queue, ReceiptError, md5

Request = Mapping[str, Any]


class ApiError(Exception):
    """An error response of SQS: its code, and its code in the older query protocol, which SDKs show."""

    def __init__(self, code: str, text: str, older: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.older = older or code


@dataclass(frozen=True, slots=True)
class Api:
    """The queues of an account, by name."""

    queues: Mapping[str, Queue]
    clock: VirtualClock

    def answer(self, operation: str, wish: Request) -> dict[str, Any]:
        """Perform an operation, and return its output. Raises ApiError."""
        if operation not in OPERATIONS:
            raise ApiError("InvalidAction", f"{operation} is not served here")
        queue = self.queues.get(str(wish.get("QueueUrl", "")).rpartition("/")[2])
        if queue is None:
            missing = "The specified queue does not exist."
            raise ApiError("QueueDoesNotExist", missing, "AWS.SimpleQueueService.NonExistentQueue")
        return OPERATIONS[operation](queue, wish, self.clock.now())


def _send(queue: Queue, wish: Request, now: float) -> dict[str, Any]:
    given = wish.get("MessageAttributes", {})
    attributes = {name: one["StringValue"] for name, one in given.items() if one["DataType"].startswith("String")}
    message = queue.send(wish["MessageBody"], now, attributes=attributes, delay=wish.get("DelaySeconds", 0))
    return {"MessageId": message.id, "MD5OfMessageBody": md5(message.body)}


def _send_all(queue: Queue, wish: Request, now: float) -> dict[str, Any]:
    _require_batch(wish)
    return {"Successful": [{"Id": entry["Id"], **_send(queue, entry, now)} for entry in wish["Entries"]], "Failed": []}


def _require_batch(wish: Request) -> None:
    if not 0 < len(wish["Entries"]) <= 10:
        raise ApiError("TooManyEntriesInBatchRequest", "a batch has from 1 to 10 entries")


def _receive(queue: Queue, wish: Request, now: float) -> dict[str, Any]:
    found = queue.receive(now, wish.get("MaxNumberOfMessages", 1), wish.get("VisibilityTimeout"))
    return {"Messages": [_shown(message) for message in found]} if found else {}


def _shown(message: Message) -> dict[str, Any]:
    return {
        "MessageId": message.id,
        "ReceiptHandle": message.receipt,
        "Body": message.body,
        "MD5OfBody": md5(message.body),
        "Attributes": {
            "ApproximateReceiveCount": str(message.receives),
            "SentTimestamp": str(int(message.sent_at * 1000)),
        },
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items()
        },
    }


def _delete(queue: Queue, wish: Request, _now: float) -> dict[str, Any]:
    queue.delete(wish["ReceiptHandle"])
    return {}


def _change(queue: Queue, wish: Request, now: float) -> dict[str, Any]:
    try:
        queue.change_visibility(wish["ReceiptHandle"], wish["VisibilityTimeout"], now)
    except ReceiptError as error:
        raise ApiError("InvalidParameterValue", str(error)) from None
    return {}


def _change_all(queue: Queue, wish: Request, now: float) -> dict[str, Any]:
    answer: dict[str, list[Any]] = {"Successful": [], "Failed": []}
    _require_batch(wish)
    for entry in wish["Entries"]:
        try:
            queue.change_visibility(entry["ReceiptHandle"], entry["VisibilityTimeout"], now)
        except ReceiptError as error:
            failed = {"Id": entry["Id"], "SenderFault": True, "Code": "InvalidParameterValue", "Message": str(error)}
            answer["Failed"].append(failed)
        else:
            answer["Successful"].append({"Id": entry["Id"]})
    return answer


def _attributes(queue: Queue, _wish: Request, now: float) -> dict[str, Any]:
    messages = queue.messages
    visible = sum(message.visible_at <= now for message in messages)
    return {
        "Attributes": {
            "ApproximateNumberOfMessages": str(visible),
            "ApproximateNumberOfMessagesNotVisible": str(len(messages) - visible),
            "ApproximateNumberOfMessagesDelayed": "0",
        }
    }


OPERATIONS: Final[dict[str, Callable[[Queue, Request, float], dict[str, Any]]]] = {
    "SendMessage": _send,
    "SendMessageBatch": _send_all,
    "ReceiveMessage": _receive,
    "DeleteMessage": _delete,
    "ChangeMessageVisibility": _change,
    "ChangeMessageVisibilityBatch": _change_all,
    "GetQueueAttributes": _attributes,
}
