"""From queue to direct: what is in the queue is posted while new events take the direct way, and nothing twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from lab import sam
from lab.cloud import LocalCloud
from lab.processes import wait_until
from tests.e2e.conftest import PATIENCE_SECONDS, Deployment

STACK: Final = "drained"
WAITING: Final = (1042, 1043, 1044)
NEW: Final = (1045, 1046)
LATER: Final = (1047,)


@pytest.fixture
def waiting(cloud: LocalCloud, built_template: Path) -> Iterator[Deployment]:
    """A stack with a queue in which events wait, since nobody takes them."""
    deployment = Deployment(cloud, cloud.deploy(built_template, STACK, Intake="queue"))
    take(deployment, enabled=False)
    for number in WAITING:
        deployment.publish_event({"type": "order.created", "id": number})
    wait_until(lambda: len(queued(deployment)) == len(WAITING), "the events to be in the queue", PATIENCE_SECONDS)
    yield deployment
    sam.delete(cloud.aws, stack=STACK)


def take(deployment: Deployment, *, enabled: bool) -> None:
    """Let the function take events from the queue, or not, as the runbook does."""
    client = deployment.cloud.aws.client("lambda")
    [mapping] = mappings(deployment)
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)


def mappings(deployment: Deployment) -> list[dict[str, Any]]:
    queue = deployment.outputs["QueueName"]
    found = deployment.cloud.aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    return [one for one in found if one["EventSourceArn"].endswith(f":{queue}")]


def queued(deployment: Deployment) -> list[int]:
    """The ids of the orders that are in the queue."""
    bodies = [json.loads(one.body) for one in deployment.cloud.aws.messages(deployment.outputs["QueueUrl"])]
    return sorted(json.loads(body["Message"])["id"] for body in bodies)


def ways(deployment: Deployment) -> list[str]:
    """How the topic's subscriptions reach the function."""
    pages = deployment.cloud.aws.client("sns").get_paginator("list_subscriptions_by_topic")
    found = pages.paginate(TopicArn=deployment.outputs["TopicArn"])
    return [one["Protocol"] for page in found for one in page["Subscriptions"]]


def posted(deployment: Deployment, count: int) -> Counter[int]:
    """How often each order was posted, once there are so many posts."""
    return Counter(number for post in deployment.posts(count) for number in orders(post))


def orders(post: dict[str, Any]) -> list[int]:
    return [number for number in (*WAITING, *NEW, *LATER) if f"T-{number:06}" in post["text"]]


def test_the_queue_is_drained_and_every_event_is_posted_once(waiting: Deployment, built_template: Path) -> None:
    cloud = waiting.cloud
    draining = Deployment(cloud, cloud.deploy(built_template, STACK, Intake="drain"))
    assert draining.outputs == waiting.outputs
    assert ways(draining) == ["lambda"]
    take(draining, enabled=False)  # whatever the deployment has made of it
    for number in NEW:
        draining.publish_event({"type": "order.created", "id": number})
    assert posted(draining, len(NEW)) == dict.fromkeys(NEW, 1)
    assert queued(draining) == list(WAITING)

    take(draining, enabled=True)
    assert posted(draining, len(WAITING + NEW)) == dict.fromkeys(WAITING + NEW, 1)
    wait_until(lambda: not queued(draining), "the queue to be empty", PATIENCE_SECONDS)

    direct = Deployment(cloud, cloud.deploy(built_template, STACK, Intake="direct"))
    assert "QueueUrl" not in direct.outputs
    assert mappings(draining) == []
    assert queued(draining) == []  # it is still there
    direct.publish_event({"type": "order.created", "id": LATER[0]})
    assert posted(direct, len(WAITING + NEW + LATER)) == dict.fromkeys(WAITING + NEW + LATER, 1)
