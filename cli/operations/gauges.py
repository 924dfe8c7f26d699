"""How much lies in the queues, and what CloudWatch counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from cli.operations.refusals import asking
from cli.operations.stack import Stack

_COUNTS: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
# That of the function's own metrics (handler/telemetry.py).
NAMESPACE: Final = "Notifier"
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
        messages = f"{self.total:,} message" if self.total == 1 else f"{self.total:,} messages"
        return f"{messages}: {self.visible:,} ready, {self.in_flight:,} in flight, {self.delayed:,} delayed"


def depth(stack: Stack, url: str) -> Depth:
    """Return what a queue holds. Raises UnansweredError."""
    with asking("count a queue's messages", "sqs:GetQueueAttributes"):
        answer = stack.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[*_COUNTS, "VisibilityTimeout"])
    found = answer["Attributes"]
    visible, in_flight, delayed = (int(found.get(name, 0)) for name in _COUNTS)
    return Depth(visible, in_flight, delayed, int(found.get("VisibilityTimeout", 0)))


def oldest_seconds(stack: Stack, url: str, now: float) -> float | None:
    """Return the age of a queue's oldest message, if CloudWatch knows it. Raises UnansweredError.

    A message that was received more than three times is not counted there.
    """
    name = url.rsplit("/", 1)[-1]
    found = _statistics(stack, "AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", name, now - 900, now, "Maximum")
    return float(found[-1]["Maximum"]) if found else None


def published(stack: Stack, since: float, now: float) -> int | None:
    """Return how many messages the topic took, if CloudWatch knows it. Raises UnansweredError."""
    name = stack.topic.rsplit(":", 1)[-1]
    found = _statistics(stack, "AWS/SNS", "NumberOfMessagesPublished", "TopicName", name, since, now, "Sum")
    return round(sum(one["Sum"] for one in found)) if found else None


def ignored(stack: Stack, since: float, now: float) -> int:
    """Return how many events the function left to others (EventTypes=known). Raises UnansweredError."""
    found = _statistics(stack, NAMESPACE, "Ignored", "service", _service(stack), since, now, "Sum")
    return int(sum(one["Sum"] for one in found))


def is_filtered(stack: Stack) -> bool:
    """Whether the subscription leaves some of the topic's events out. Raises UnansweredError."""
    sns = stack.client("sns")
    with asking("read the topic's subscriptions", "sns:ListSubscriptionsByTopic, sns:GetSubscriptionAttributes"):
        pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=stack.topic)
        for one in (one for page in pages for one in page["Subscriptions"]):
            ours = (stack.queue.rsplit("/", 1)[-1] or stack.function) == one["Endpoint"].rsplit(":", 1)[-1]
            if ours and one["SubscriptionArn"].startswith("arn:"):
                found = sns.get_subscription_attributes(SubscriptionArn=one["SubscriptionArn"])["Attributes"]
                return bool(found.get("FilterPolicy"))
    return False


def is_paused(stack: Stack) -> bool:
    """Whether somebody has stopped the function from taking events out of the queue. Raises UnansweredError."""
    if not stack.queue:
        return False
    with asking("read the event source mapping", "lambda:ListEventSourceMappings"):
        pages = stack.client("lambda").get_paginator("list_event_source_mappings").paginate(FunctionName=stack.function)
        found = [one for page in pages for one in page["EventSourceMappings"]]
    return bool(found) and not any(one.get("State", "Enabled") in ("Enabled", "Enabling", "Updating") for one in found)


def report_unbalanced(stack: Stack, value: int) -> None:
    """Put the metric Notifier/Unbalanced, with the dimension of the function's own metrics; 0: all is accounted for.

    Raises UnansweredError.
    """
    dimensions = [{"Name": "service", "Value": _service(stack)}]
    datum = {"MetricName": "Unbalanced", "Dimensions": dimensions, "Value": value, "Unit": "Count"}
    with asking("put the metric", "cloudwatch:PutMetricData"):
        stack.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=[datum])


def _service(stack: Stack) -> str:
    """What the function's own metrics have as their dimension `service`."""
    variables = stack.configuration().get("Environment", {}).get("Variables", {})
    return str(variables.get("POWERTOOLS_SERVICE_NAME") or "notifier")


def _statistics(
    stack: Stack, namespace: str, metric: str, dimension: str, name: str, since: float, now: float, statistic: str
) -> list[dict[str, Any]]:
    period = next((one for one in _PERIODS if (now - since) / one <= _MOST_SUMS), _PERIODS[-1])
    with asking(f"read the metric {metric}", "cloudwatch:GetMetricStatistics"):
        answer = stack.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": dimension, "Value": name}],
            StartTime=since,
            EndTime=now,
            Period=period,
            Statistics=[statistic],
        )
    return sorted(answer["Datapoints"], key=lambda one: one["Timestamp"])
