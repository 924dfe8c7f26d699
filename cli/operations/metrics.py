"""Reads queue depths, and metrics from CloudWatch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from cli.language import plural, say
from cli.operations.aws_errors import asking
from cli.operations.stack import Stack
from handler.errors import CODES

_COUNTS: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
# The function's own metrics (handler/telemetry.py).
NAMESPACE: Final = "Notifier"
RETRY_AGE: Final = "RetryAge"
_RETRIED: Final = tuple(code for code, meaning in CODES.items() if meaning.retry)
_MINUTE: Final = 60
# CloudWatch returns at most 1440 sums, and keeps those of a minute for 15 days.
_PERIODS: Final = (60, 300, 3600)
_MOST_SUMS: Final = 1440


@dataclass(frozen=True, slots=True)
class Depth:
    """How many messages a queue holds, as reported by SQS.

    `visible` ones can be received. `in_flight` ones were received and not deleted: they are being processed, or wait
    for their next attempt, or become visible after `visibility_seconds` because their receiver died. `delayed` ones
    become visible later.
    """

    visible: int = 0
    in_flight: int = 0
    delayed: int = 0
    visibility_seconds: int = 0

    @property
    def total(self) -> int:
        """Return the number of all messages."""
        return self.visible + self.in_flight + self.delayed

    @property
    def words(self) -> str:
        """Return all the numbers in words."""
        return plural(
            "{count:,} message: {visible:,} ready, {in_flight:,} in flight, {delayed:,} delayed",
            "{count:,} messages: {visible:,} ready, {in_flight:,} in flight, {delayed:,} delayed",
            self.total,
            visible=self.visible,
            in_flight=self.in_flight,
            delayed=self.delayed,
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """What CloudWatch shows about the work on the intake queue, in Unix seconds.

    `oldest_at` is when the oldest waiting message was sent, or up to a minute earlier (None: unknown). `worked_at` are
    the minutes in which the function finished a message, or left one for a retry.
    """

    oldest_at: float | None
    worked_at: Sequence[float]


class _Metric(NamedTuple):
    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str


def depth(stack: Stack, url: str) -> Depth:
    """Return how many messages a queue holds. Raises UnansweredError."""
    with asking(say("count a queue's messages"), "sqs:GetQueueAttributes"):
        answer = stack.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[*_COUNTS, "VisibilityTimeout"])
    found = answer["Attributes"]
    visible, in_flight, delayed = (int(found.get(name, 0)) for name in _COUNTS)
    return Depth(visible, in_flight, delayed, int(found.get("VisibilityTimeout", 0)))


def progress(stack: Stack, since: float, now: float) -> Progress:
    """Return what CloudWatch shows about the work on the intake queue since a time. Raises UnansweredError.

    SQS leaves a message that was received three times out of its age metric until it is processed. Such a message is in
    the function's own metric, because the function has tried it.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    """
    queue, service = {"QueueName": stack.queue.rsplit("/", 1)[-1]}, _service(stack)
    metrics = [
        _Metric("AWS/SQS", "NumberOfMessagesDeleted", queue, "Sum"),
        _Metric("AWS/SQS", "ApproximateAgeOfOldestMessage", queue, "Maximum"),
        *(_Metric(NAMESPACE, RETRY_AGE, {"code": code, "service": service}, "Maximum") for code in _RETRIED),
    ]
    deleted, waiting, *by_code = _points(stack, metrics, since, now)
    retried = [point for points in by_code for point in points]
    return Progress(
        oldest_at=min((at - age for at, age in (*waiting, *retried)), default=None),
        worked_at=[at for at, count in deleted if count] + [at for at, _ in retried],
    )


def published(stack: Stack, since: float, now: float) -> int | None:
    """Return how many messages the topic accepted; None if CloudWatch does not know. Raises UnansweredError."""
    name = stack.topic.rsplit(":", 1)[-1]
    found = _sums(stack, "AWS/SNS", "NumberOfMessagesPublished", "TopicName", name, since, now)
    return round(sum(found)) if found else None


def ignored(stack: Stack, since: float, now: float) -> int:
    """Return how many events the function ignored (EventTypes=known). Raises UnansweredError."""
    return round(sum(_sums(stack, NAMESPACE, "Ignored", "service", _service(stack), since, now)))


def is_filtered(stack: Stack) -> bool:
    """Return whether the subscription filters the topic's events. Raises UnansweredError."""
    sns, queue, function = stack.client("sns"), stack.queue_arn, stack.configuration()["FunctionArn"]
    with asking(say("read the topic's subscriptions"), "sns:ListSubscriptionsByTopic, sns:GetSubscriptionAttributes"):
        pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=stack.topic)
        for one in (one for page in pages for one in page["Subscriptions"]):
            # The endpoint is the function or its alias.
            ours = one["Endpoint"] in (queue, function) or one["Endpoint"].startswith(f"{function}:")
            if ours and one["SubscriptionArn"].startswith("arn:"):
                found = sns.get_subscription_attributes(SubscriptionArn=one["SubscriptionArn"])["Attributes"]
                return bool(found.get("FilterPolicy"))
    return False


def is_paused(stack: Stack) -> bool:
    """Return whether the event source mapping is disabled. Raises UnansweredError.

    The mapping is looked up by its queue: a mapping of an alias may be missing in the function's own list.
    """
    if not stack.queue:
        return False
    with asking(say("read the event source mapping"), "lambda:ListEventSourceMappings"):
        pages = (
            stack.client("lambda").get_paginator("list_event_source_mappings").paginate(EventSourceArn=stack.queue_arn)
        )
        found = [one for page in pages for one in page["EventSourceMappings"]]
    return bool(found) and not any(one.get("State", "Enabled") in ("Enabled", "Enabling", "Updating") for one in found)


def report_unbalanced(stack: Stack, value: int) -> None:
    """Put the metric Notifier/Unbalanced, with the same dimension as the function's metrics; 0: all is accounted for.

    Raises UnansweredError.
    """
    dimensions = [{"Name": "service", "Value": _service(stack)}]
    datum = {"MetricName": "Unbalanced", "Dimensions": dimensions, "Value": value, "Unit": "Count"}
    with asking(say("put the metric"), "cloudwatch:PutMetricData"):
        stack.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=[datum])


def _service(stack: Stack) -> str:
    """Return the value of the dimension `service` in the function's own metrics."""
    variables = stack.configuration().get("Environment", {}).get("Variables", {})
    return str(variables.get("POWERTOOLS_SERVICE_NAME") or "notifier")


def _points(stack: Stack, metrics: Sequence[_Metric], since: float, now: float) -> list[list[tuple[float, float]]]:
    """Return the data points of each metric: the start of the minute, and the value."""
    queries = [
        {
            "Id": f"m{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": metric.namespace,
                    "MetricName": metric.name,
                    "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions.items()],
                },
                "Period": _MINUTE,
                "Stat": metric.statistic,
            },
        }
        for number, metric in enumerate(metrics)
    ]
    found: dict[str, list[tuple[float, float]]] = {f"m{number}": [] for number in range(len(metrics))}
    with asking(say("read the metrics of the queue and the function"), "cloudwatch:GetMetricData"):
        pages = stack.client("cloudwatch").get_paginator("get_metric_data")
        for page in pages.paginate(MetricDataQueries=queries, StartTime=since, EndTime=now):
            for one in page["MetricDataResults"]:  # the next page can have more points of the same metric
                moments = (moment.timestamp() for moment in one["Timestamps"])
                found[one["Id"]] += zip(moments, one["Values"], strict=True)
    return list(found.values())


def _sums(
    stack: Stack, namespace: str, metric: str, dimension: str, name: str, since: float, now: float
) -> list[float]:
    period = next((one for one in _PERIODS if (now - since) / one <= _MOST_SUMS), _PERIODS[-1])
    with asking(say("read the metric {metric}", metric=metric), "cloudwatch:GetMetricStatistics"):
        answer = stack.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": dimension, "Value": name}],
            StartTime=since,
            EndTime=now,
            Period=period,
            Statistics=["Sum"],
        )
    return [one["Sum"] for one in answer["Datapoints"]]
