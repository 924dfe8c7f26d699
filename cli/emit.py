"""`notifier emit`: publish an event as an application would."""

from __future__ import annotations

import json
import os
from typing import Any

import click

from cli import running


def publish(sns: Any, topic: str, event: dict[str, Any]) -> str:
    """Publish one event with its type as an attribute too, for filter policies, and return SNS's message id."""
    answer = sns.publish(
        TopicArn=topic,
        Message=json.dumps(event, ensure_ascii=False),
        MessageAttributes={"type": {"DataType": "String", "StringValue": event["type"]}},
    )
    return str(answer["MessageId"])


def as_event(event_type: str, event_id: str) -> dict[str, Any]:
    """Return the event for what somebody typed."""
    return {"type": event_type, "id": as_id(event_id)}


def as_id(text: str) -> int | str:
    """Return an id as it is published: one of digits is a number."""
    return int(text) if text.isdecimal() else text


@click.command(short_help="Publish an event, as an application would.")
@click.argument("event_type", metavar="TYPE")
@click.argument("event_id", metavar="ID")
@click.option("--topic", envvar="NOTIFIER_TOPIC_ARN", help="The topic's ARN. Default: that of the running demo.")
@click.option("--identity", metavar="TEXT", help="An event_id: the event's own identity.")
@click.option("--data", metavar="JSON", help="An object with extras for the template.")
def emit(event_type: str, event_id: str, topic: str | None, identity: str | None, data: str | None) -> None:
    """Publish an event: that something of TYPE happened to ID.

    It goes to the local cloud of this checkout's running `notifier demo`, unless the environment names another AWS (by
    AWS_PROFILE, for example). With --topic (or NOTIFIER_TOPIC_ARN) it goes to that topic with your own AWS credentials:

    \b
      notifier emit order.created 1042
      notifier emit order.created 1042 --topic arn:aws:sns:eu-west-1:123456789012:notifier
    """  # noqa: D301 - \b is what keeps these lines apart
    import boto3

    event = as_event(event_type, event_id)
    if identity:
        event["event_id"] = identity
    if data:
        event["data"] = _object(data)
    if not topic:
        demo = running.chosen()
        if demo is None:
            raise click.UsageError(f"{running.absent()}\nOr name a topic with --topic.")
        running.say()
        os.environ.update(demo.environment)
        topic = demo.topic
    message_id = publish(boto3.client("sns"), topic, event)
    click.echo(f"Published {event_type} {event_id} to {topic} (message {message_id})")


def _object(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise click.BadParameter(f"this is not JSON: {error}", param_hint="--data") from None
    if not isinstance(data, dict):
        raise click.BadParameter('write an object, such as {"coupon": "TEA"}', param_hint="--data")
    return data
