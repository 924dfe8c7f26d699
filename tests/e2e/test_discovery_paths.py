"""The package that ships, in its VPC: an event becomes a message in Slack, however the API is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest

from lab.aws import TOOLS
from lab.emulator import Function, emulated
from lab.gateway import RunningGateway, running_gateway
from lab.vpc.balancer import ALB_PORT, NLB_PORT
from lab.vpc.cloud import API_PORT, HTTPS, NAMESPACE, SERVICE, PrivateCloud
from lab.vpc.expose import exposed

EVENTS: Final = Path(__file__).parents[1] / "events"
EMULATOR_PORT: Final = 8080
API_GATEWAY: Final = "abc123.execute-api.us-east-1.amazonaws.com"
# Nobody of this name is in the database.
CUSTOMER: Final = {"name": "Only Known Here", "tier": "gold"}
URIS: Final = {
    "address": "http://{task1}:8080",
    "alb": f"http://alb.{NAMESPACE}:{ALB_PORT}",
    "nlb": f"http://nlb.{NAMESPACE}:{NLB_PORT}",
    "cloudmap": f"cloudmap://{NAMESPACE}/{SERVICE}",
    "dns": f"dns://api.{NAMESPACE}:{API_PORT}",
    "srv": f"srv://_api._tcp.{NAMESPACE}",
    "gateway": f"https://{API_GATEWAY};ca={{ca}}",
}
# Says which dnspython has found a name: beside it the function's own code alone can be imported.
RESOLVE: Final = """
import dns
from handler.discovery.dns import Dns
services, _ = Dns().srv("_api._tcp.shop.internal", 5.0)
print(dns.__file__, *sorted(service.target for service in services))
"""


@pytest.fixture(scope="module")
def gateway(private_cloud: PrivateCloud) -> Iterator[RunningGateway]:
    """API Gateway, which is outside: in front of the tasks that Cloud Map knows, and reached through the NAT."""
    vpc = private_cloud.vpc
    with running_gateway(
        private_cloud.folder / "gateway.log",
        private_cloud.authority.issue("gateway", API_GATEWAY),
        f"http://{vpc.address('registry')}:{HTTPS}",
        NAMESPACE,
        SERVICE,
        host=vpc.address("gateway"),
        port=HTTPS,
        prefix=partial(vpc.command, "gateway"),
    ) as running:
        yield running


@pytest.fixture(scope="module")
def reached_at(private_cloud: PrivateCloud) -> Iterator[int]:
    with exposed(private_cloud.vpc, "function", EMULATOR_PORT) as ours:
        yield ours


@pytest.fixture
def cloud(breakable_cloud: PrivateCloud) -> PrivateCloud:
    """Two tasks, known to all who may be asked for them, and a customer whom they alone know."""
    cloud, tasks = breakable_cloud, ("task1", "task2")
    for task in tasks:
        cloud.tasks[task].fault("/customers/*", "body", text=json.dumps(CUSTOMER))
        cloud.register(task)
        cloud.zone.set(task, "A", 5, [cloud.vpc.address(task)])
    cloud.balancer.set_targets(*tasks)
    cloud.zone.set("api", "A", 5, [cloud.vpc.address(task) for task in tasks])
    cloud.zone.set("_api._tcp", "SRV", 5, [f"1 1 {API_PORT} {task}.{NAMESPACE}." for task in tasks])
    for name in ("alb", "nlb"):
        cloud.zone.set(name, "A", 5, [cloud.vpc.address("balancer")])
    return cloud


@pytest.fixture(params=URIS)
def path(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def function(
    cloud: PrivateCloud, artefact: Path, reached_at: int, path: str, missing: Callable[[str], NoReturn]
) -> Iterator[Function]:
    """The artefact under AWS's emulator and runtime client in host `function`."""
    uri = URIS[path].format(task1=cloud.vpc.address("task1"), ca=cloud.authority.ca)
    try:
        with emulated(
            artefact,
            cloud.environment(artefact / "catalog.json", f"default={uri}"),
            host=cloud.vpc.address("function"),
            port=EMULATOR_PORT,
            reached_at=reached_at,
            prefix=partial(cloud.vpc.command, "function"),
        ) as function:
            yield function
    except FileNotFoundError as error:
        missing(str(error))


def records(order: int, message: str) -> Mapping[str, Any]:
    """What Lambda hands over for an event that SNS put into the queue with this message id."""
    payload = json.loads((EVENTS / "sqs-sns.json").read_text())
    (record,) = payload["Records"]
    envelope = json.loads(record["body"])
    event = json.dumps({"type": "order.payment_failed", "id": order})
    record["body"] = json.dumps({**envelope, "MessageId": message, "Message": event})
    return dict(payload)


def requests(cloud: PrivateCloud) -> int:
    """How often the tasks were asked for the customer."""
    return [request["path"] for task in cloud.tasks.values() for request in task.requests()].count("/customers/2")


def test_an_event_becomes_a_message_with_what_the_api_knows(
    cloud: PrivateCloud, gateway: RunningGateway, function: Function, path: str
) -> None:
    gateway.reset()
    asked = requests(cloud)
    answers = [function.invoke(records(1043, f"{path}-{number}")).body for number in range(2)]
    assert answers == [{"batchItemFailures": []}] * 2, function.log
    assert len(cloud.slack.messages()) == 2
    for post in cloud.slack.messages():
        assert "T-001043" in post["text"]
        assert CUSTOMER["name"] in json.dumps(post["blocks"]), function.log
    assert requests(cloud) == asked + 2
    assert [call.status for call in gateway.calls()] == ([200] * 2 if path == "gateway" else [])
    assert bool(cloud.cloudmap.calls()) == (path in {"cloudmap", "gateway"})


def test_the_package_brings_what_it_resolves_names_with(cloud: PrivateCloud, artefact: Path) -> None:
    command: list[str | Path] = [TOOLS / "runtime/bin/python", "-P", "-c", RESOLVE]
    said = cloud.vpc.run("function", command, env={"PYTHONPATH": str(artefact), "PYTHONDONTWRITEBYTECODE": "1"})
    assert said.split() == [f"{artefact}/dns/__init__.py", f"task1.{NAMESPACE}", f"task2.{NAMESPACE}"]
