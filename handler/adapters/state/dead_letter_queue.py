"""The dead-letter queue for records that cannot succeed: each is kept unchanged, with the reason as attributes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

from handler import aws
from handler.errors import ConfigError, bounded
from handler.outcome import Outcome, Parked

# SQS accepts ten attributes a message, none of them empty. Attributes and body may not contain these characters:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
MAX_ATTRIBUTE_CHARACTERS: Final = 256
_INVALID_IN_SQS: Final = r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"


def _now() -> datetime:
    return datetime.now(UTC)


class DeadLetterQueue:
    """ports.DeadLetterQueue over SQS. Thread-safe."""

    def __init__(self, url: str, clock: Callable[[], datetime] = _now) -> None:
        self._url = url
        self._clock = clock

    def park(self, outcome: Outcome) -> None:
        """Send the record unchanged, with message attributes that say what failed and why.

        Raises ConfigError (CONFIG_UNAVAILABLE). The record is then tried again, and is not lost.
        """
        try:
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=_sqs_text(outcome.record.body),
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": _sqs_text(text)[:MAX_ATTRIBUTE_CHARACTERS]}
                    for name, text in self._attributes(outcome).items()
                    if text
                },
            )
        except aws.failures() as error:
            raise ConfigError("CONFIG_UNAVAILABLE", f"the dead-letter queue: {aws.reason(error)}") from None

    def _attributes(self, outcome: Outcome) -> dict[str, str]:
        """Return what the operator reads. A replay needs the `type` too if the publisher sent it as an attribute."""
        record, event = outcome.record, outcome.event
        return {
            "code": outcome.code,
            "also": ",".join(outcome.end.also) if isinstance(outcome.end, Parked) else "",
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


def _sqs_text(text: str) -> str:
    """Replace the characters that SQS does not accept. A text from a queue never changes."""
    return re.sub(_INVALID_IN_SQS, "\N{REPLACEMENT CHARACTER}", text)
