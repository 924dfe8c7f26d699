"""How much lies in the queues, and what CloudWatch counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from cli.language import plural, say
from cli.operations.refusals import asking
from cli.operations.stack import Stack
from handler.errors import CODES

_COUNTS: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
# Of the function's own metrics (handler/telemetry.py).
NAMESPACE: Final = "Notifier"
RETRY_AGE: Final = "RetryAge"
_RETRIED: Final = tuple(code for code, meaning in CODES.items() if meaning.retry)
_MINUTE: Final = 60
# CloudWatch answers with at most 1440 sums, and keeps those of a minute for 15 days.
_PERIODS: Final = (60, 300, 3600)
_MOST_SUMS: Final = 1440


@dataclass(frozen=True, slots=True)
class Depth:
    """A queue's messages, as far as SQS knows.

    `visible` ones can be received. Those `in_flight` were received and not deleted: they are being worked on, or wait
    for their next attempt, or come back after `visibility_seconds` because their receiver died. `delayed` ones come
    later.
    """

    visible: int = 0
    in_flight: int = 0
    delayed: int = 0
    visibility_seconds: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.visible + self.in_flight + self.delayed

    @property
    def words(self) -> str:
        """All of them, for people."""
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
    """What CloudWatch shows of the work on the intake queue, in Unix seconds.

    `oldest_at` is when the oldest message was sent that waited in this time, or up to a minute earlier (None: not
    known). `worked_at` are the minutes in which the function finished a message, or left one to be tried again.
    """

    oldest_at: float | None
    worked_at: Sequence[float]


class _Metric(NamedTuple):
    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str


def depth(stack: Stack, url: str) -> Depth:
    """Return what a queue holds. Raises UnansweredError."""
    with asking(say("count a queue's messages"), "sqs:GetQueueAttributes"):
        answer = stack.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[*_COUNTS, "VisibilityTimeout"])
    found = answer["Attributes"]
    visible, in_flight, delayed = (int(found.get(name, 0)) for name in _COUNTS)
    return Depth(visible, in_flight, delayed, int(found.get("VisibilityTimeout", 0)))


def progress(stack: Stack, since: float, now: float) -> Progress:
    """Return what CloudWatch shows of the work on the intake queue since then. Raises UnansweredError.

    SQS takes a message that was received three times out of its metric, until it is processed. Such a message is in the
    function's own metric, because the function has tried it.
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
    """Return how many messages the topic took, if CloudWatch knows it. Raises UnansweredError."""
    name = stack.topic.rsplit(":", 1)[-1]
    found = _sums(stack, "AWS/SNS", "NumberOfMessagesPublished", "TopicName", name, since, now)
    return round(sum(found)) if found else None


def ignored(stack: Stack, since: float, now: float) -> int:
    """Return how many events the function left to others (EventTypes=known). Raises UnansweredError."""
    return round(sum(_sums(stack, NAMESPACE, "Ignored", "service", _service(stack), since, now)))


def is_filtered(stack: Stack) -> bool:
    """Whether the subscription leaves some of the topic's events out. Raises UnansweredError."""
    sns, queue, function = stack.client("sns"), stack.queue_arn, stack.configuration()["FunctionArn"]
    with asking(say("read the topic's subscriptions"), "sns:ListSubscriptionsByTopic, sns:GetSubscriptionAttributes"):
        pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=stack.topic)
        for one in (one for page in pages for one in page["Subscriptions"]):
            # A function is subscribed by itself, or by its alias.
            ours = one["Endpoint"] in (queue, function) or one["Endpoint"].startswith(f"{function}:")
            if ours and one["SubscriptionArn"].startswith("arn:"):
                found = sns.get_subscription_attributes(SubscriptionArn=one["SubscriptionArn"])["Attributes"]
                return bool(found.get("FilterPolicy"))
    return False


def is_paused(stack: Stack) -> bool:
    """Whether somebody has stopped the function from taking events out of the queue. Raises UnansweredError.

    It looks the mapping up by its queue: if the mapping is that of an alias, the function's own list may not have it.
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
    """Put the metric Notifier/Unbalanced, with the dimension of the function's own metrics; 0: all is accounted for.

    Raises UnansweredError.
    """
    dimensions = [{"Name": "service", "Value": _service(stack)}]
    datum = {"MetricName": "Unbalanced", "Dimensions": dimensions, "Value": value, "Unit": "Count"}
    with asking(say("put the metric"), "cloudwatch:PutMetricData"):
        stack.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=[datum])


def _service(stack: Stack) -> str:
    """What the function's own metrics have as their dimension `service`."""
    variables = stack.configuration().get("Environment", {}).get("Variables", {})
    return str(variables.get("POWERTOOLS_SERVICE_NAME") or "notifier")


def _points(stack: Stack, metrics: Sequence[_Metric], since: float, now: float) -> list[list[tuple[float, float]]]:
    """The points of each metric: when its minute began, and the value."""
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
            for one in page["MetricDataResults"]:  # a metric can be continued on the next page
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
