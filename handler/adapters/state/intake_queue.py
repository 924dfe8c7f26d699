"""The queue that delivers the records: sets when a record is delivered again, and sends new messages."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

from handler import aws
from handler.errors import ConfigError
from handler.model import Record

# A message can stay invisible for at most twelve hours after it was received; one minute is left for this invocation.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
MAX_DELAY_SECONDS: Final = 43_200 - 60
_BATCH: Final = 10

_logger: Final = logging.getLogger(__name__)


class IntakeQueue:
    """ports.IntakeQueue over SQS. An empty `url` means that there is no queue: SNS invokes the function."""

    def __init__(self, url: str) -> None:
        self._url = url

    def postpone(self, waits: Sequence[tuple[Record, float]]) -> None:
        """Deliver each record again after its seconds, rounded up, at most twelve hours.

        Without a queue it does nothing. Raises nothing: a record that could not be postponed comes again after the
        queue's own visibility timeout.
        """
        entries = [
            {"Id": str(number), "ReceiptHandle": record.receipt, "VisibilityTimeout": _timeout(seconds)}
            for number, (record, seconds) in enumerate(waits)
            if record.receipt
        ]
        if not self._url:
            return
        for start in range(0, len(entries), _BATCH):
            self._change(entries[start : start + _BATCH])

    def send(self, bodies: Sequence[str]) -> None:
        """Return once the queue has accepted all of these messages. If that fails, it may have accepted some of them.

        Raises ConfigError (CONFIG_UNAVAILABLE).
        """
        if not self._url:
            raise ConfigError("CONFIG_UNAVAILABLE", "there is no queue: deploy with Intake=queue")
        for start in range(0, len(bodies), _BATCH):
            batch = bodies[start : start + _BATCH]
            entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(batch)]
            try:
                answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
            except aws.failures() as error:
                raise ConfigError("CONFIG_UNAVAILABLE", f"the queue: {aws.reason(error)}") from None
            for failed in answer.get("Failed", ()):
                raise ConfigError("CONFIG_UNAVAILABLE", f"the queue: {failed.get('Code')}")

    def _change(self, entries: Sequence[dict[str, Any]]) -> None:
        try:
            answer = self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
        except aws.failures() as error:
            _logger.debug("%d records are not postponed: %s", len(entries), aws.reason(error))
            return
        for failed in answer.get("Failed", ()):
            _logger.debug("a record is not postponed: %s", failed.get("Code"))

    @cached_property
    def _client(self) -> Any:
        return aws.client("sqs")


def _timeout(seconds: float) -> int:
    return min(max(math.ceil(seconds), 0), MAX_DELAY_SECONDS)
