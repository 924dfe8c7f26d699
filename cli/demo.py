"""`notifier demo`: the main job on the local cloud."""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console

from cli import compiler, running
from cli.bundle import ROOT
from cli.emit import publish
from cli.show import panel
from lab.aws import Aws
from lab.cloud import LocalCloud, Step, local_cloud

WAIT_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.2


@click.command(short_help="Run everything on this machine, and watch the posts.")
@click.option(
    "--once", is_flag=True, help="Publish, print the posts, tear down, and exit: 0 only if every post arrived."
)
def demo(once: bool) -> None:
    """Run everything on this machine: AWS, a database with its replica, an API, Slack, and the notifier between them.

    Builds the application with `sam build`, deploys the unchanged template.yaml with `sam deploy`, publishes the events
    of the templates' samples (a type and an id, no more), and prints the posts that follow. Without --once it goes on
    until Ctrl-C, and `notifier emit` publishes more from another terminal.
    """
    console = Console()
    try:
        with _ended_by_sigterm(), tempfile.TemporaryDirectory(prefix="notifier-") as folder:
            complete = _run(Path(folder), console, once=once)
    except KeyboardInterrupt:
        console.print("Stopped; everything that ran is gone.")
        raise click.exceptions.Exit(130 if once else 0) from None
    if not complete:
        raise click.exceptions.Exit(1)


def _run(folder: Path, console: Console, *, once: bool) -> bool:
    step = _steps(console)
    with local_cloud(folder, step) as cloud:
        with step("Building the application with sam build"):
            template = cloud.build()
        with step("Deploying it with sam deploy"):
            outputs = cloud.deploy(template)
        with running.announced(outputs["TopicArn"], cloud.aws.env):
            complete = _publish_samples(cloud, outputs, console)
            if not once:
                _follow(cloud, outputs, console)
    return complete


def _publish_samples(cloud: LocalCloud, outputs: dict[str, str], console: Console) -> bool:
    """Publish an event for each sample, print what becomes of them, and return whether every post arrived."""
    events = sample_events(ROOT / "templates")
    for event in events:
        publish(cloud.aws.client("sns"), outputs["TopicArn"], event)
        console.print(f"Published {event['type']} {event['id']}", style="dim")
    parked = Parked(cloud.aws, outputs["DeadLetterQueueUrl"])
    shown = _Shown(console)
    _until(lambda: shown.update(cloud.slack.messages()) + parked.count() >= len(events), WAIT_SECONDS)
    delivered, given_up = shown.count, parked.count()
    for reason in parked.reasons:
        console.print(f"Parked: {reason}", style="red", highlight=False)
    lost = len(events) - delivered - given_up
    if lost:
        console.print("The function's log:", style="red")
        console.print("\n".join(cloud.aws.logs(outputs["FunctionName"])[-40:]), markup=False, highlight=False)
    in_words = f"{len(events)} published, {delivered} delivered, {lost} lost"
    console.print(in_words + (f", {given_up} parked" if given_up else ""), highlight=False)
    return delivered == len(events)


def sample_events(templates: Path) -> list[dict[str, Any]]:
    """Return the event of each sample of each template: the sample shop has a row for every one of them."""
    return [{"type": one.event, "id": one.id} for one in compiler.compile_templates(templates).samples]


def _follow(cloud: LocalCloud, outputs: dict[str, str], console: Console) -> None:
    """Print each new post until Ctrl-C."""
    console.print(
        "\nRunning until Ctrl-C. From another terminal:\n"
        "  .venv/bin/notifier emit order.created 1045\n"
        f"  aws --endpoint-url {cloud.aws.endpoint} --region us-east-1 sns publish \\\n"
        f'    --topic-arn {outputs["TopicArn"]} --message \'{{"type": "order.created", "id": 1046}}\'\n',
        highlight=False,
        soft_wrap=True,
    )
    shown = _Shown(console, skip=len(cloud.slack.messages()))
    while True:
        shown.update(cloud.slack.messages())
        time.sleep(POLL_SECONDS)


class _Shown:
    """Prints each message once."""

    def __init__(self, console: Console, skip: int = 0) -> None:
        self._console = console
        self.count = skip

    def update(self, messages: Sequence[dict[str, Any]]) -> int:
        for message in messages[self.count :]:
            self._console.print(panel(message))
        self.count = len(messages)
        return self.count


class Parked:
    """What arrives in the dead-letter queue, read and left there."""

    def __init__(self, aws: Aws, queue: str) -> None:
        self._sqs = aws.client("sqs")
        self._queue = queue
        self._found: dict[str, str] = {}

    def count(self) -> int:
        """Look once more, and return how many records have been parked so far."""
        answer = self._sqs.receive_message(
            QueueUrl=self._queue, MaxNumberOfMessages=10, VisibilityTimeout=0, MessageAttributeNames=["All"]
        )
        for message in answer.get("Messages", []):
            attributes = message.get("MessageAttributes", {})
            words = [attributes.get(name, {}).get("StringValue", "") for name in ("type", "code", "detail")]
            self._found[message["MessageId"]] = " ".join(word for word in words if word)
        return len(self._found)

    @property
    def reasons(self) -> list[str]:
        """One line for each."""
        return list(self._found.values())


def _until(check: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not check() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _steps(console: Console) -> Step:
    @contextmanager
    def step(what: str) -> Iterator[None]:
        began = time.monotonic()
        with console.status(what):
            yield
        console.print(f"[green]✓[/] {what} [dim]({time.monotonic() - began:.1f} s)[/]", highlight=False)

    return step


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM clean up as Ctrl-C does."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
