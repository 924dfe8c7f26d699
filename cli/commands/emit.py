"""`notifier emit`: publish an event as an application would."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli import running
from cli.language import say
from cli.operations.aws_errors import asking
from cli.operations.stack import Account
from cli.preview import selection

if TYPE_CHECKING:
    from handler.model import IdRule

_TOPIC: Final = re.compile(r"arn:[a-z-]+:sns:(?P<region>[a-z0-9-]+):\d+:[\w.-]+")


def publish(sns: Any, topic: str, event: dict[str, Any]) -> str:
    """Publish one event, with its type also as a message attribute for filter policies. Return SNS's message id."""
    answer = sns.publish(
        TopicArn=topic,
        Message=json.dumps(event, ensure_ascii=False),
        MessageAttributes={"type": {"DataType": "String", "StringValue": event["type"]}},
    )
    return str(answer["MessageId"])


def as_event(event_type: str, event_id: str, rules: Mapping[str, Sequence[IdRule]]) -> dict[str, Any]:
    """Return the event for what somebody typed. Digits are text where a template's id is a pattern."""
    is_text = any(rule.kind == "pattern" for rule in rules.get(event_type, ()))
    return {"type": event_type, "id": event_id if is_text else as_id(event_id)}


def as_id(text: str) -> int | str:
    """Return an id as it is published: a number if it consists of digits."""
    return int(text) if text.isdecimal() else text


def warnings(event: dict[str, Any], rules: Mapping[str, Sequence[IdRule]]) -> Iterator[str]:
    """Yield reasons why no template would accept an event. `rules` maps event types to id forms of templates."""
    from cli.diagnoses import detail, suggestion
    from handler.errors import EventError
    from handler.model import Event
    from handler.stages.route import checked_id

    if event["type"] not in rules:
        close = suggestion(event["type"], rules)
        yield say("there is no template for {event_type}; {close}", event_type=event["type"], close=close)
    for rule in rules.get(event["type"], ()):
        try:
            checked_id(rule, Event(event["type"], event["id"], ""))
        except EventError as error:
            yield detail(error.code, error.detail)


@click.command(short_help="Publish an event, as an application would.")
@click.argument("event_type", metavar="TYPE")
@click.argument("event_id", metavar="ID")
@click.option("--topic", envvar="NOTIFIER_TOPIC_ARN", help="The topic's ARN. Default: that of the running demo.")
@click.option("--identity", metavar="TEXT", help="The event_id: an identity of the event's own.")
@click.option("--data", metavar="JSON", help="A JSON object: the `data` of the event.")
@selection.templates(default=None)
def emit(
    event_type: str, event_id: str, topic: str | None, identity: str | None, data: str | None, folder: Path | None
) -> None:
    """Publish an event with this TYPE and ID.

    Without --topic, the event goes to the running `notifier demo` of this checkout, unless the environment names
    another AWS (with AWS_PROFILE, for example). With --topic (or NOTIFIER_TOPIC_ARN), it goes to that topic with your
    own AWS credentials. If no template accepts the event, the command says so before it publishes, and a terminal is
    asked whether to go on:

    \b
      notifier emit order.created 1042
      notifier emit order.created 1042 --topic arn:aws:sns:eu-west-1:123456789012:notifier
    """  # noqa: D301 - \b is what keeps these lines apart
    extras = {**({"event_id": identity} if identity else {}), **({"data": _object(data)} if data else {})}
    account, topic = _place(topic)  # before what takes longer to import
    folder = folder or Path(selection.FOLDER)
    rules = id_rules(folder)
    event = as_event(event_type, event_id, rules) | extras
    _confirm([*warnings(event, rules), *_lacking(folder, event)] if rules else [])
    with asking(say("publish the event"), "sns:Publish"):
        message_id = publish(account.client("sns"), topic, event)
    named = f"{event_type} {event_id}"
    click.echo(say("Published {event} to {topic} (message {message})", event=named, topic=topic, message=message_id))


def _place(topic: str | None) -> tuple[Account, str]:
    """Where to publish: the topic with the credentials of the environment, or that of the demo. Raises UsageError."""
    if not topic:
        demo = running.chosen()
        if demo is None:
            raise click.UsageError(f"{running.absent()}\n{say('Or name a topic with --topic.')}")
        running.tell()
        return Account(demo.environment), demo.topic
    found = _TOPIC.fullmatch(topic)
    if not found:
        example = "arn:aws:sns:eu-west-1:123456789012:notifier"
        raise click.BadParameter(say("write the topic's ARN, such as {example}", example=example), param_hint="--topic")
    return Account({"AWS_REGION": found["region"]}), topic


def _confirm(doubts: Sequence[str]) -> None:
    """Say why the event will come to nothing, before it is published. A person is asked whether to go on."""
    for warning in doubts:
        click.echo(say("Warning: {warning}", warning=warning), err=True)
    if doubts and _at_a_terminal():
        click.confirm(say("Publish it all the same?"), abort=True, err=True)


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()


def id_rules(folder: Path) -> Mapping[str, Sequence[IdRule]]:
    """Return the forms of ids by event type, of the templates of a folder; empty where there is none."""
    if not folder.is_dir():
        return {}
    from cli.compiler import folder as templates

    return templates.id_rules(folder)


def _lacking(folder: Path, event: Mapping[str, Any]) -> Iterator[str]:
    """Yield which `data` a template needs that the event does not have, with the command to paste."""
    if "data" in event:
        return
    from cli.compiler.folder import of_type
    from cli.preview.event_data import UsedData
    from cli.preview.events import advice

    found = (UsedData.of(one.notification, one.samples, {}).needed for one in of_type(folder, event["type"]))
    if needed := next(filter(None, found), ""):
        yield advice(needed)


def _object(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise click.BadParameter(say("this is not JSON: {why}", why=error), param_hint="--data") from None
    if not isinstance(data, dict):
        raise click.BadParameter(
            say("write an object, such as {example}", example='{"coupon": "TEA"}'), param_hint="--data"
        )
    return data
