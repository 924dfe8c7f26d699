"""The dead-letter queue: where a record goes that cannot succeed, as it came, with what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

from handler import aws
from handler.errors import ConfigError, bounded
from handler.model import Outcome

# SQS takes ten attributes a message, none of them empty, and these characters alone in them and in the body:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
MAX_ATTRIBUTE_CHARACTERS: Final = 256
_NOT_FOR_SQS: Final = r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"


def _now() -> datetime:
    return datetime.now(UTC)


class DeadLetterQueue:
    """ports.DeadLetterQueue over SQS. For several threads."""

    def __init__(self, url: str, clock: Callable[[], datetime] = _now) -> None:
        self._url = url
        self._clock = clock

    def park(self, outcome: Outcome) -> None:
        """Send the record as it came, with message attributes that say what and why.

        Raises ConfigError (CONFIG_UNAVAILABLE), which is tried again: the record is lost in neither queue.
        """
        try:
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=_legal(outcome.record.body),
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": _legal(text)[:MAX_ATTRIBUTE_CHARACTERS]}
                    for name, text in self._attributes(outcome).items()
                    if text
                },
            )
        except aws.failures() as error:
            raise ConfigError("CONFIG_UNAVAILABLE", f"the dead-letter queue: {aws.reason(error)}") from None

    def _attributes(self, outcome: Outcome) -> dict[str, str]:
        """What the operator reads. A replay needs the `type` too, where the publisher gave it as an attribute."""
        record, event = outcome.record, outcome.event
        return {
            "code": outcome.code,
            "detail": bounded(outcome.detail, MAX_ATTRIBUTE_CHARACTERS),
            "type": event.type if event else record.attributes.get("type", ""),
            "id": str(event.id) if event else "",
            "event_id": event.identity if event else record.id,
            "notification": outcome.notification,
            "channel": outcome.channel,
            "parked_at": self._clock().isoformat(timespec="seconds"),
        }

    @cached_property
    def _client(self) -> Any:
        return aws.client("sqs")


def _legal(text: str) -> str:
    """The text as SQS takes it: what came out of a queue stays as it is."""
    return re.sub(_NOT_FOR_SQS, "\N{REPLACEMENT CHARACTER}", text)
