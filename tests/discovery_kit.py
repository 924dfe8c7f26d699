"""Shared by the tests of discovery in the VPC: registering tasks, sending events, and counting packets on the wire."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from cli import compiler
from lab.function import Invocation, RunningFunction
from lab.vpc import Vpc
from lab.vpc.cloud import API_PORT, NAMESPACE, SERVICE, PrivateCloud

TASKS: Final = ("task1", "task2", "task3", "task4")
# The discovery methods that find the tasks' own addresses.
CLOUDMAP: Final = f"cloudmap://{NAMESPACE}/{SERVICE}"
DNS: Final = f"dns://api.{NAMESPACE}:{API_PORT}"
SRV: Final = f"srv://_api._tcp.{NAMESPACE}"
PATHS: Final = (CLOUDMAP, DNS, SRV)
LOOK_UP: Final = "DiscoverInstances"
TTL_SECONDS: Final = 5
# From docs/discovery.md, in seconds: the age at which a list is renewed, how long the last list is used while nobody
# answers, and how long while the answer is empty.
FRESH: Final = 15.0
OUTAGE: Final = 15 * 60.0
GAP: Final = 30.0
# The outage is shortened randomly by up to a tenth, so that environments do not all look up again at once.
SURE_OUTAGE: Final = 0.9 * OUTAGE
# More than the duration of a test itself, which passes too.
MARGIN: Final = 30.0

EVENT: Final = "order.seen"
FIRST_ORDER: Final = 1001
TEMPLATES: Final = {
    f"{EVENT}.yaml": """
        description: Somebody looked at an order.
        id: integer
        channel: orders
        lookups:
          order:
            sql: SELECT number, customer_id FROM orders WHERE id = :id
          customer:
            get: /customers/{{ order.customer_id }}
        text: "{{ order.number }}: {{ customer.name }}"
        samples:
          one: {id: 1, lookups: {order: {number: T-1, customer_id: 7}, customer: {name: Ada}}}
    """,
    "_stages/demo.yaml": """
        description: The channels of the Slack stand-in.
        channels:
          orders: C0LABORDERS
        fallback: C0LABFALLBACK
    """,
}
# The words that the function logs about discovery (handler/discovery/endpoints.py).
WORDS: Final = frozenset(
    {"fresh", "stale", "last_known_good", "refresh", "refresh_failed", "empty", "ejection", "panic"}
)
COUNTED: Final = """
table inet wire
delete table inet wire
table inet wire {{
  {counters}
  chain leaving {{
    type filter hook output priority filter
    {rules}
  }}
}}
"""


def catalog(folder: Path) -> Path:
    """Compile a template that reads a row and then asks the API."""
    (folder / "_stages").mkdir(parents=True)
    for name, text in TEMPLATES.items():
        (folder / name).write_text(text)
    path = folder / "catalog.json"
    compiled = compiler.compile_templates(folder)
    assert not compiled.findings
    compiler.write(compiled, path)
    return path


def list_tasks(cloud: PrivateCloud, *tasks: str) -> None:
    """Register exactly these tasks, for every discovery method."""
    cloud.zone.set("api", "A", TTL_SECONDS, [cloud.vpc.address(task) for task in tasks])
    cloud.zone.set("_api._tcp", "SRV", TTL_SECONDS, [f"1 1 {API_PORT} {task}.{NAMESPACE}." for task in tasks])
    for task in TASKS:
        if task in tasks:
            cloud.register(task)
        else:
            with suppress(ValueError):  # it is not registered
                cloud.cloudmap.deregister(NAMESPACE, SERVICE, task)


def look_ups(cloud: PrivateCloud) -> int:
    """Return how often Cloud Map was asked for instances since its `reset_calls`."""
    return cloud.cloudmap.calls().get(LOOK_UP, 0)


@dataclass
class Environment:
    """An execution environment that gets events. `said` collects its log lines about discovery."""

    cloud: PrivateCloud
    function: RunningFunction
    said: Counter[str] = field(default_factory=Counter)
    _sent: int = 0

    def deliver(self, events: int = 1) -> None:
        """Send events, one per invocation, and check that each reaches Slack."""
        before = len(self.cloud.slack.messages())
        for _ in range(events):
            invocation = self._invoke()
            assert invocation.result == {"batchItemFailures": []}, invocation.logs
        assert len(self.cloud.slack.messages()) == before + events

    def fail(self) -> dict[str, Any]:
        """Send an event that must stay in the queue, and return the log line with its `code` and `detail`."""
        invocation = self._invoke()
        [line] = [line for line in invocation.logs if line.get("message") == "retry"]
        assert invocation.result == {"batchItemFailures": [{"itemIdentifier": line["record"]}]}
        return line

    def later(self, seconds: float) -> None:
        """Advance the clocks of the function and the registry."""
        self.function.shift(wall=seconds, monotonic=seconds)
        self.cloud.cloudmap.advance(seconds)

    def _invoke(self) -> Invocation:
        self._sent += 1
        event = {"type": EVENT, "id": FIRST_ORDER + self._sent}
        record = {"messageId": str(uuid4()), "eventSource": "aws:sqs", "attributes": {}, "body": json.dumps(event)}
        invocation = self.function.invoke({"Records": [record]})
        assert invocation.threads == 1, "a thread is left"
        self._hear([line for line in invocation.logs if line.get("message") == "discovery"])
        return invocation

    def _hear(self, lines: list[dict[str, Any]]) -> None:
        for line in lines:
            words = {word: number for word, number in line.items() if isinstance(number, int)}
            assert words.keys() <= WORDS
            assert line["api"] == "default"
            self.said.update(words)


Start = Callable[[str], Environment]


class Wire:
    """Counts what the function sends to each task from now on: connections and requests.

    TCP repeats a SYN after a second without an answer, so attempts shorter than that count once.
    """

    def __init__(self, vpc: Vpc) -> None:
        self._vpc = vpc
        kinds = {"connections": "tcp flags & (syn | ack) == syn", "requests": "tcp flags & psh == psh"}
        counters = [f"counter {task}-{kind} {{}}" for task in TASKS for kind in kinds]
        rules = [
            f"ip daddr {vpc.address(task)} tcp dport {API_PORT} {rule} counter name {task}-{kind}"
            for task in TASKS
            for kind, rule in kinds.items()
        ]
        self._nft("-f", "-", stdin=COUNTED.format(counters="\n".join(counters), rules="\n".join(rules)))

    def connections(self, task: str) -> int:
        """Return the number of attempted connections."""
        return self._count(f"{task}-connections")

    def requests(self, task: str) -> int:
        """Return the number of requests sent; one without an acknowledgement counts several times."""
        return self._count(f"{task}-requests")

    def _count(self, counter: str) -> int:
        found = re.search(r"packets (\d+)", self._nft("list", "counter", "inet", "wire", counter))
        assert found
        return int(found[1])

    def _nft(self, *arguments: str, stdin: str = "") -> str:
        programs = self._vpc.programs
        return self._vpc.run("function", [programs["nft"], *arguments], stdin=stdin, env=programs.environment)
