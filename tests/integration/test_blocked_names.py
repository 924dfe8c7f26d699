"""What happens to an event that needs a name that the VPC's resolver blocks (docs/network.md).

DNS Firewall says that there is no such name. So does the resolver of the lab's VPC, of a name in its zone that nobody
has set.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from lab import shop
from lab.function import RunningFunction
from lab.vpc.cloud import API_PORT, NAMESPACE, PrivateCloud
from tests.delivery_parts import compiled

BLOCKED: Final = f"blocked.{NAMESPACE}"
# What an invocation may take; its timeout is 60 s.
BOUND_MILLISECONDS: Final = 15_000
STAGE: Final = "channels: {orders: C0LABORDERS}\nfallback: C0LABFALLBACK\nprefix: ''\n"
TEMPLATES: Final = {
    "blocked.slack.yaml": "id: integer\nchannel: orders\ntext: hello\nsamples: {one: {id: 1}}\n",
    "blocked.row.yaml": """
        id: integer
        channel: orders
        lookups:
          row: {sql: "SELECT number FROM orders WHERE id = :id"}
        text: "{{ row.number }}"
        samples:
          one: {id: 1, lookups: {row: {number: T-1}}}
    """,
    "blocked.call.yaml": """
        id: integer
        channel: orders
        lookups:
          answer: {get: "/customers/{{ id }}"}
        text: "{{ answer.name }}"
        samples:
          one: {id: 1, lookups: {answer: {name: Ann}}}
    """,
}


@contextmanager
def function(cloud: PrivateCloud, folder: Path, api: str, changes: Mapping[str, str]) -> Iterator[RunningFunction]:
    catalog = compiled(folder, {**TEMPLATES, "_stages/demo.yaml": STAGE})
    with cloud.function(catalog, api, **changes) as running:
        yield running


def event(kind: str) -> dict[str, object]:
    body = json.dumps({"type": f"blocked.{kind}", "id": 1, "event_id": f"blocked-{kind}"})
    return {"Records": [{"messageId": "m", "eventSource": "aws:sqs", "attributes": {}, "body": body}]}


@pytest.mark.parametrize(
    ("kind", "api", "changes", "code"),
    [
        (
            "slack",
            "http://unused.shop.internal",
            {"NOTIFIER_SLACK": f"bot;api=https://{BLOCKED}/api/"},
            "SLACK_UNAVAILABLE",
        ),
        ("call", f"dns://{BLOCKED}:{API_PORT}", {}, "API_NO_INSTANCE"),
        (
            "row",
            "http://unused.shop.internal",
            {"NOTIFIER_DATABASES": f"default=mysql://{BLOCKED}/{shop.SCHEMA}"},
            "DB_UNAVAILABLE",
        ),
    ],
)
def test_an_event_that_needs_a_blocked_name_is_tried_again_with_the_code_of_what_it_asked(
    private_cloud: PrivateCloud, tmp_path: Path, kind: str, api: str, changes: dict[str, str], code: str
) -> None:
    with function(private_cloud, tmp_path, api, changes) as running:
        done = running.invoke(event(kind))
    assert done.result == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    assert done.milliseconds < BOUND_MILLISECONDS
    [line] = [line for line in done.logs if line.get("message") == "retry"]
    assert line["code"] == code


def test_a_name_that_is_allowed_later_lets_the_same_event_through(
    breakable_cloud: PrivateCloud, tmp_path: Path
) -> None:
    cloud = breakable_cloud
    with function(cloud, tmp_path, f"dns://later.{NAMESPACE}:{API_PORT}", {}) as running:
        assert running.invoke(event("call")).result == {"batchItemFailures": [{"itemIdentifier": "m"}]}
        cloud.zone.set("later", "A", 5, [cloud.vpc.address("task1")])
        running.shift(wall=400, monotonic=400)
        assert running.invoke(event("call")).result == {"batchItemFailures": []}
    assert len(cloud.slack.messages()) == 1
