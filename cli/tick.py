"""Invokes the polls of a demo more often than once a minute."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from typing import Final

from handler.polling.stored_names import STATE, partition
from lab.cloud import LocalCloud

SECONDS: Final = 3.0


class Tick:
    """Invokes the function with the tick that its schedule sends each minute. `polls` are those of the templates."""

    def __init__(self, cloud: LocalCloud, outputs: Mapping[str, str], polls: Collection[str]) -> None:
        self.polls = polls
        self._cloud = cloud
        self._outputs = outputs
        self._last = 0.0

    def __call__(self) -> None:
        """Send a tick."""
        self._last = time.monotonic()
        if self.polls:
            payload = json.dumps({"notifier": "tick"}).encode()
            self._cloud.aws.client("lambda").invoke(FunctionName=self._outputs["FunctionName"], Payload=payload)

    def now_and_then(self) -> None:
        """Send a tick if the last one was some seconds ago."""
        if time.monotonic() - self._last > SECONDS:
            self()

    def has_run(self, poll: str) -> bool:
        """Return whether a poll has had its first run, so that it finds rows from now on."""
        key = {"pk": {"S": partition(poll)}, "sk": {"S": STATE}}
        return "Item" in self._cloud.aws.client("dynamodb").get_item(TableName=self._outputs["StateTableName"], Key=key)
