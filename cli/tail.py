"""Follows the log of a function on the local cloud."""

from __future__ import annotations

import time
from functools import cached_property
from typing import Final

from cli.operations import function_log
from cli.operations.function_log import Line
from lab.aws import Aws

# Several environments log at once, so a line can arrive after one with a slightly later time.
BEHIND_MILLISECONDS: Final = 30_000
# A text that all lines about deliveries contain, and few others.
PATTERN: Final = '"correlation_id"'


class Tail:
    """Reads the function's log lines about deliveries, from now on."""

    def __init__(self, aws: Aws, function: str) -> None:
        self._aws = aws
        self._function = function
        self._since = int(time.time() * 1000)
        self._seen: set[tuple[int, str, str]] = set()

    def read(self) -> list[Line]:
        """Return the lines that are new since the last call."""
        pages = self._aws.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=self._group, startTime=self._since, filterPattern=PATTERN)
        events = [
            (event["timestamp"], event["logStreamName"], event["message"]) for page in found for event in page["events"]
        ]
        new = [event for event in events if event not in self._seen]
        self._seen = set(events)
        if events:
            self._since = max(self._since, events[-1][0] - BEHIND_MILLISECONDS)
        return [line for at, _, text in new if (line := function_log.read(text, at / 1000))]

    @cached_property
    def _group(self) -> str:
        function = self._aws.client("lambda").get_function_configuration(FunctionName=self._function)
        return str(function["LoggingConfig"]["LogGroup"])
