"""What AWS says of the queue, the function and its subscription, put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from cli.operations import metrics
from cli.operations.metrics import Progress
from cli.operations.stack import Stack
from handler import telemetry
from handler.errors import CODES

SINCE, NOW = 1_800_000_000.0, 1_800_004_320.0
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:blue-Queue-1"
QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/blue-Queue-1"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:blue"
DELETED = ("AWS/SQS", "NumberOfMessagesDeleted", "Sum", "blue-Queue-1")
OLDEST = ("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", "blue-Queue-1")
Key = tuple[str, ...]
Points = Sequence[tuple[float, float]]


def by_code(code: str) -> Key:
    return ("Notifier", "RetryAge", "Maximum", code, "blue")


class Account:
    """AWS with a queue, a function, the points of metrics, subscriptions with their filters, and event source mappings.

    `metrics` are answered in pages of one point, as a long answer of CloudWatch is.
    """

    def __init__(
        self,
        metrics: Mapping[Key, Points] | None = None,
        subscriptions: Mapping[str, str] | None = None,
        mappings: Mapping[str, str] | None = None,
    ) -> None:
        self.metrics, self.subscriptions, self.mappings = metrics or {}, subscriptions or {}, mappings or {}
        self.asked: list[Key] = []

    def client(self, _: str) -> Any:
        return self

    def get_paginator(self, operation: str) -> Any:
        self.paginate = getattr(self, f"_{operation}")
        return self

    def get_queue_attributes(self, **_: Any) -> Any:
        return {"Attributes": {"QueueArn": QUEUE}}

    def get_function_configuration(self, **_: Any) -> Any:
        return {"FunctionArn": FUNCTION, "Environment": {"Variables": {"POWERTOOLS_SERVICE_NAME": "blue"}}}

    def get_subscription_attributes(self, *, SubscriptionArn: str) -> Any:  # noqa: N803 - boto3's
        endpoint = SubscriptionArn.removeprefix("arn:")
        return {"Attributes": {"FilterPolicy": self.subscriptions[endpoint]} if self.subscriptions[endpoint] else {}}

    def _list_subscriptions_by_topic(self, **_: Any) -> Any:
        return [{"Subscriptions": [{"Endpoint": one, "SubscriptionArn": f"arn:{one}"}]} for one in self.subscriptions]

    def _list_event_source_mappings(self, *, EventSourceArn: str) -> Any:  # noqa: N803 - boto3's
        states = [state for queue, state in self.mappings.items() if queue == EventSourceArn]
        return [{"EventSourceMappings": [{"State": state}]} for state in states]

    def _get_metric_data(self, *, MetricDataQueries: Any, StartTime: float, EndTime: float) -> Any:  # noqa: N803
        assert (StartTime, EndTime) == (SINCE, NOW)
        for query in MetricDataQueries:
            stat = query["MetricStat"]
            assert stat["Period"] == 60
            metric = stat["Metric"]
            dimensions = sorted((one["Name"], one["Value"]) for one in metric["Dimensions"])
            key = (metric["Namespace"], metric["MetricName"], stat["Stat"], *(value for _, value in dimensions))
            self.asked.append(key)
            for at, value in self.metrics.get(key, ()):
                timestamps = [datetime.fromtimestamp(at, UTC)]
                yield {"MetricDataResults": [{"Id": query["Id"], "Timestamps": timestamps, "Values": [value]}]}
            yield {"MetricDataResults": [{"Id": query["Id"], "Timestamps": [], "Values": []}]}


def stack(account: Account, queue: str = QUEUE_URL) -> Stack:
    known: Any = account
    return Stack("blue", known, "arn:aws:sns:eu-west-1:123456789012:events", queue, "https://dead", "blue", "table")


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        pytest.param({}, Progress(None, []), id="CloudWatch knows nothing"),
        pytest.param({DELETED: [(SINCE + 60, 0.0), (SINCE + 120, 3.0)]}, Progress(None, [SINCE + 120]), id="it ends"),
        pytest.param({OLDEST: [(SINCE + 60, 5.0), (SINCE + 120, 2.0)]}, Progress(SINCE + 55, []), id="it waits"),
        pytest.param(
            {by_code("SLACK_UNAVAILABLE"): [(SINCE + 300, 1000.0), (SINCE + 660, 1360.0)]},
            Progress(SINCE - 700, [SINCE + 300, SINCE + 660]),
            id="it is tried again",
        ),
        pytest.param(
            {by_code("SLACK_RATE_LIMITED"): [(SINCE + 300, 400.0)], by_code("DB_BUSY"): [(SINCE + 60, 100.0)]},
            Progress(SINCE - 100, [SINCE + 300, SINCE + 60]),
            id="by two codes",
        ),
        pytest.param(
            {OLDEST: [(SINCE + 4200, 20.0)], by_code("DB_BUSY"): [(SINCE + 3900, 9000.0)], DELETED: [(SINCE, 1.0)]},
            Progress(SINCE - 5100, [SINCE, SINCE + 3900]),
            id="SQS has forgotten the older one",
        ),
    ],
)
def test_the_oldest_message_is_one_that_waits_or_one_that_was_tried(
    points: Mapping[Key, Points], expected: Progress
) -> None:
    found = metrics.progress(stack(Account(points)), SINCE, NOW)
    assert (found.oldest_at, sorted(found.worked_at)) == (expected.oldest_at, sorted(expected.worked_at))


def test_each_code_that_is_tried_again_is_asked_for_in_one_request() -> None:
    account = Account()
    metrics.progress(stack(account), SINCE, NOW)
    retried = {by_code(code) for code, meaning in CODES.items() if meaning.retry}
    assert sorted(account.asked) == sorted({DELETED, OLDEST, *retried})
    assert len(account.asked) <= 500  # CloudWatch takes no more at once


def test_the_functions_own_metrics_are_called_as_it_calls_them() -> None:
    assert (metrics.NAMESPACE, metrics.RETRY_AGE) == (telemetry.NAMESPACE, telemetry.RETRY_AGE)


OTHER_ACCOUNT = FUNCTION.replace("123456789012", "210987654321")
FILTER = '{"type": ["order.created"]}'


@pytest.mark.parametrize(
    ("queue", "subscriptions", "expected"),
    [
        (QUEUE_URL, {}, False),
        (QUEUE_URL, {QUEUE: ""}, False),
        (QUEUE_URL, {QUEUE: FILTER}, True),
        (QUEUE_URL, {f"{QUEUE}-other": FILTER, QUEUE: ""}, False),
        ("", {FUNCTION: ""}, False),
        ("", {FUNCTION: FILTER}, True),
        ("", {f"{FUNCTION}:live": FILTER}, True),
        ("", {f"{FUNCTION}-other": FILTER, FUNCTION: ""}, False),
        # A topic that several accounts share, each with a stack of the same name.
        ("", {OTHER_ACCOUNT: FILTER, FUNCTION: ""}, False),
        ("", {OTHER_ACCOUNT: "", FUNCTION: FILTER}, True),
        # The topic invokes the function, and a queue of earlier is still there.
        (QUEUE_URL, {f"{FUNCTION}:live": FILTER}, True),
    ],
)
def test_the_filter_is_that_of_the_stacks_own_subscription(
    queue: str, subscriptions: Mapping[str, str], expected: bool
) -> None:
    assert metrics.is_filtered(stack(Account(subscriptions=subscriptions), queue)) is expected


@pytest.mark.parametrize(
    ("mappings", "expected"),
    [
        ({}, False),
        ({QUEUE: "Enabled"}, False),
        ({QUEUE: "Updating"}, False),
        ({QUEUE: "Disabled"}, True),
        ({QUEUE: "Disabling"}, True),
        ({f"{QUEUE}-other": "Disabled"}, False),
    ],
)
def test_the_mapping_is_that_of_the_queue(mappings: Mapping[str, str], expected: bool) -> None:
    assert metrics.is_paused(stack(Account(mappings=mappings))) is expected


def test_direct_intake_cannot_be_paused() -> None:
    assert not metrics.is_paused(stack(Account(mappings={QUEUE: "Disabled"}), queue=""))
