"""Shared by the tests of delivery under faults: the real function behind a queue in simulated time, and its parts.

The database, the API, DynamoDB and the secret store are those of the local cloud. Slack, the queues and the proxies to
them belong to the tests, because their clock is moved on by hours.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import urlsplit

from lab.cloud import LocalCloud
from lab.function import RunningFunction, running_function
from lab.processes import free_port, wait_until
from lab.queue import ACCOUNT, Api, Ended, Environment, EventSource, Limits, Message, Queue, VirtualClock, serving
from lab.shop import SCHEMA
from lab.slack import Control, running_slack
from lab.tcp_fault_proxy import TcpFaultProxy, switched
from lab.tls import Authority
from tests.delivery_parts import READER, TABLES, TEMPLATES, compiled, store_secrets

VISIBILITY_SECONDS: Final = 360.0
MAX_RECEIVES: Final = 50
HOUR: Final = 3600.0
PATIENCE_SECONDS: Final = 20.0
LEDGER: Final = "faults"
SECRETS: Final = "faults"

MODES: Final[Mapping[str, str]] = {
    "read-back": "bot;ambiguous=read-back",
    "repost": "bot;ambiguous=repost",
    "webhook": "webhook",
}


@dataclass
class Line:
    """Everything between a publisher and Slack. `settings` are those of the next execution environment.

    `start` starts an execution environment; a test may replace it.
    """

    cloud: LocalCloud
    folder: Path
    source: EventSource
    dead: Queue
    slack: Control
    to_slack: TcpFaultProxy
    to_ledger: TcpFaultProxy
    to_secrets: TcpFaultProxy
    settings: dict[str, str]
    catalog: Path
    start: Callable[[], AbstractContextManager[RunningFunction]] = field(init=False)
    ended: list[Ended] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.start = self.function
        self.source.ended = lambda _environment, ended: self.ended.append(ended)

    def store_secrets(self, token: str = READER) -> None:
        """Write the function's secrets into the secret store, under a prefix that no other line reads."""
        _, _, prefix = self.settings["NOTIFIER_SECRETS"].partition(":")
        store_secrets(self.cloud, prefix, self.to_slack.port, token=token)

    # Publishing

    def publish(
        self, event_type: str = "fault.plain", number: int = 1, *, sns: str = "", attributes: Any = None, **more: Any
    ) -> Message:
        """Put an event into the queue as SNS does; `sns` is the SNS message id, `more` are further fields."""
        body = self.body(event_type, number, sns=sns, **more)
        return self.put(body, attributes=attributes)

    def body(self, event_type: str = "fault.plain", number: int = 1, *, sns: str = "", **more: Any) -> str:
        """Return the queue message body of an event."""
        event = {"type": event_type, "id": number, **more}
        name = sns or f"sns-{os.getpid()}-{next(self._numbers)}"
        return json.dumps({"Type": "Notification", "MessageId": name, "Message": json.dumps(event)})

    def put(self, body: str, *, name: str = "", attributes: Any = None) -> Message:
        """Put a body into the queue; with the `name` of a message, as a duplicate delivery of that message."""
        return self.source.queue.send(body, self.now(), name=name, attributes=attributes)

    # Time, and scheduled actions

    def now(self) -> float:
        """Return the Unix time of all parts."""
        return self.source.clock.now()

    def later(self, seconds: float) -> None:
        """Let time pass without any other action."""
        self.source.clock.advance_to(self.now() + seconds)

    def run(self) -> None:
        """Run until the queue is empty."""
        self.source.run()

    def run_until(self, over: Callable[[], bool]) -> None:
        """Run until `over` returns true."""
        self.source.run(over)
        assert over(), "the queue is empty before that"

    def run_one(self) -> Ended:
        """Run until one more invocation has ended, and return its result."""
        already = len(self.ended)
        self.run_until(lambda: len(self.ended) > already)
        return self.ended[-1]

    def once(self, when: Callable[[Environment], bool], action: Callable[[Environment], object]) -> None:
        """Apply an action, during its invocation, to the first environment for which `when` returns true."""

        def look() -> bool:
            for environment in self.source.environments:
                if environment.interruptible and when(environment):
                    action(environment)
                    return True
            return False

        self.source.watch(look)

    def warm(self) -> None:
        """Warm both environments up, by posts to another channel."""
        for number in range(20):
            self.publish("fault.payment", event_id=f"warm-{number}")
        self.run()
        self.later(HOUR)
        self.ended.clear()

    def restart(self, **settings: str) -> None:
        """End the execution environments; the next ones start with these settings in addition."""
        self.settings.update(settings)
        for environment in self.source.environments:
            environment.kill()
            function = environment._function
            if function:
                wait_until(lambda function=function: not function.process.running, "the end", PATIENCE_SECONDS)

    @contextmanager
    def function(self) -> Iterator[RunningFunction]:
        """Start one execution environment."""
        with running_function(self.settings, log=self.folder / "log", clock=self.source.clock.file) as function:
            yield function

    # Results

    def texts(self, channel: str = "") -> list[str]:
        """Return the texts of the posts, oldest first."""
        return [message["text"] for message in self.slack.messages(channel)]

    def posts(self, text: str) -> int:
        """Return how many messages contain this text."""
        return sum(text in said for said in self.texts())

    def lines(self, message: str = "") -> list[dict[str, Any]]:
        """Return the log lines of deliveries with this message; without notices."""
        ends = {message} if message else {"delivered", "suppressed", "parked", "repeated", "retry"}
        logged = [line for ended in self.ended for line in ended.logs if line.get("message") in ends]
        return [line for line in logged if not line.get("notice")]

    def codes(self, message: str) -> list[str]:
        """Return the codes of these lines."""
        return [line.get("code", "") for line in self.lines(message)]

    def metrics(self, name: str) -> list[Any]:
        """Return the logged values of a metric."""
        return [line[name] for ended in self.ended for line in ended.logs if "_aws" in line and name in line]

    def parked(self) -> list[str]:
        """Return the error codes in the dead-letter queue, oldest first."""
        return [message.attributes.get("code", "") for message in self.dead.messages]

    def rows(self) -> list[dict[str, str]]:
        """Return the ledger's rows of deliveries."""
        found = [item for item in self._items() if item["pk"]["S"].startswith("event#")]
        return [{name: next(iter(value.values())) for name, value in item.items()} for item in found]

    def _items(self) -> list[dict[str, dict[str, str]]]:
        pages = self.cloud.aws.client("dynamodb").get_paginator("scan").paginate(TableName=LEDGER, ConsistentRead=True)
        return [item for page in pages for item in page["Items"]]

    # The parts

    def insert(self, number: int, note: str = "a note", version: int = 1) -> None:
        """Write a row on the primary."""
        replace = "REPLACE INTO shop.{} (id, note, version, extra) VALUES (%s, %s, %s, 'an extra')"
        for table in TABLES:
            self.cloud.database.primary.query(replace.format(table), number, note, version)

    def fresh(self) -> None:
        """Restore the initial state of everything, and let an hour pass."""
        for switch in (self.to_slack, self.to_ledger, self.to_secrets):
            switch.set("pass")
        self.source.begun = lambda _environment, _messages: Limits()
        self.source._watched.clear()
        self.start = self.function
        for queue in (self.source.queue, self.dead):
            queue._messages.clear()
        for environment in self.source.environments:
            if environment.batch:
                environment.kill()
        self.source.run()
        self.slack.reset()
        self.slack.configure(rate={"per_second": 0, "burst": 1})
        self.cloud.api.clear()
        for item in self._items():
            key = {name: item[name] for name in ("pk", "sk")}
            self.cloud.aws.client("dynamodb").delete_item(TableName=LEDGER, Key=key)
        self.later(HOUR)
        self.ended.clear()


@contextmanager
def running_line(cloud: LocalCloud, folder: Path, mode: str) -> Iterator[Line]:
    """Start everything, for up to two execution environments, each of which starts when it is needed."""
    authority = Authority.create(folder / "tls")
    clock = VirtualClock(folder / "clock")
    dead = Queue("dead-letters")
    random = Random(1)
    queue = Queue("events", visibility=VISIBILITY_SECONDS, max_receives=MAX_RECEIVES, dead_letters=dead, random=random)
    aws = urlsplit(cloud.aws.endpoint).port
    assert aws
    with ExitStack() as parts:
        certificate = authority.issue("slack", "localhost", "127.0.0.1")
        url = parts.enter_context(running_slack(host="localhost", certificate=certificate))
        slack = parts.enter_context(closing(Control(url, authority.ca)))
        to_slack, to_ledger, to_secrets = (
            parts.enter_context(switched(free_port(), port)) for port in (urlsplit(url).port or 0, aws, aws)
        )
        made: list[Line] = []

        def start() -> AbstractContextManager[RunningFunction]:
            return made[0].start()

        source = EventSource(queue, clock, start, 2)
        parts.enter_context(closing(source))
        sqs = parts.enter_context(serving(Api({"events": queue, "dead-letters": dead}, clock)))
        catalog = compiled(folder / "templates", TEMPLATES)
        settings = {
            **cloud.aws.env,
            "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{to_ledger.port}",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": f"http://127.0.0.1:{to_secrets.port}",
            "AWS_ENDPOINT_URL_SQS": sqs,
            "NOTIFIER_STAGE": "webhooks" if mode == "webhook" else "faults",
            "NOTIFIER_QUEUE_URL": f"{sqs}/{ACCOUNT}/events",
            "NOTIFIER_DEAD_LETTER_QUEUE_URL": f"{sqs}/{ACCOUNT}/dead-letters",
            "NOTIFIER_DATABASES": f"default=mysql://localhost:{cloud.database.replica.port}/{SCHEMA};ca={cloud.database.ca}",
            "NOTIFIER_APIS": cloud.parameters["Apis"],
            "NOTIFIER_SECRETS": f"secretsmanager:{SECRETS}/{mode}",
            "NOTIFIER_SLACK": f"{MODES[mode]};api=https://localhost:{to_slack.port}/api/;ca={authority.ca}",
            "NOTIFIER_STATE_TABLE": cloud.aws.create_state_table(LEDGER),
            "NOTIFIER_MAX_RECEIVES": str(MAX_RECEIVES),
            "NOTIFIER_CATALOG": str(catalog),
            "POWERTOOLS_SERVICE_NAME": "notifier",
        }
        clock.follow(slack.advance)
        line = Line(cloud, folder, source, dead, slack, to_slack, to_ledger, to_secrets, settings, catalog)
        made.append(line)
        line.store_secrets()
        yield line
