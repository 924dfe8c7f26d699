"""The API Gateway stand-in, as a client that signs with botocore sees it."""

from __future__ import annotations

import json
import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from lab.api import RunningApi, running_api
from lab.cloudmap import RunningCloudMap, running_cloudmap
from lab.gateway import Account, RunningGateway, running_gateway
from lab.gateway.gateway import Gateway, Settings
from lab.gateway.routes import Route, by_role, matching
from lab.gateway.signature import LATTICE, ForbiddenError, Request, Verifier
from lab.processes import free_port
from lab.tls import Authority

NAME = "localhost"
SPACE, SERVICE = "shop.internal", "api"
ACCOUNT = Account("ASIAEXAMPLE", "secret", "token")

# From AWS's own test suite for Signature Version 4: the account, the moment, and one request.
SUITE = Verifier(Account("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), "us-east-1", "service")
SUITE_TIME = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
VANILLA = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
ORDERED = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"


@dataclass(frozen=True)
class Said:
    status: int
    headers: Mapping[str, str]
    document: Any


class World:
    """A gateway, its registry, and two tasks that are registered at its start."""

    def __init__(
        self, gateway: RunningGateway, registry: RunningCloudMap, tasks: list[RunningApi], trust: ssl.SSLContext
    ) -> None:
        self.gateway = gateway
        self.registry = registry
        self.tasks = tasks
        self._trust = trust

    def register(self, name: str, port: int) -> None:
        attributes = {"AWS_INSTANCE_IPV4": "127.0.0.1", "AWS_INSTANCE_PORT": str(port)}
        self.registry.register(SPACE, SERVICE, name, attributes)

    def ask(self, target: str = "/customers/7", **account: str) -> Said:
        return self.send(target, self.signed(target, replace(ACCOUNT, **account)))

    def signed(self, target: str, account: Account = ACCOUNT) -> dict[str, str]:
        credentials = Credentials(account.access_key, account.secret_key, account.token or None)
        request = AWSRequest("GET", f"https://{NAME}:{self.gateway.port}{target}")
        SigV4Auth(credentials, "execute-api", "us-east-1").add_auth(request)
        return dict(request.headers.items())

    def send(self, target: str, headers: Mapping[str, str]) -> Said:
        with closing(HTTPSConnection(NAME, self.gateway.port, timeout=10, context=self._trust)) as connection:
            connection.request("GET", target, headers=dict(headers))
            answer = connection.getresponse()
            return Said(answer.status, dict(answer.getheaders()), json.loads(answer.read()))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("gateway")
    authority = Authority.create(folder / "tls")
    certificate = authority.issue("gateway", NAME)
    with (
        running_cloudmap(folder / "cloudmap.log") as registry,
        running_api(folder / "1.log", name="t1") as first,
        running_api(folder / "2.log", name="t2") as second,
        running_gateway(folder / "gateway.log", certificate, registry.url, SPACE, SERVICE, account=ACCOUNT) as gateway,
    ):
        yield World(gateway, registry, [first, second], ssl.create_default_context(cafile=authority.ca))


@pytest.fixture
def world(running: World) -> World:
    running.gateway.reset()
    running.registry.reset()
    for task in running.tasks:
        task.clear()
        running.register(task.name, task.port)
    return running


def test_a_signed_request_reaches_a_task(world: World) -> None:
    said = world.ask("/echo/a%2Fb/%20?x=1")
    assert (said.status, said.document["path"]) == (200, "/echo/a%2Fb/%20?x=1")
    assert said.headers["apigw-requestid"]
    assert said.headers["x-task"] in {"t1", "t2"}


def test_the_tasks_take_turns(world: World) -> None:
    found = [world.ask().headers["x-task"] for _ in range(4)]
    assert found[0] != found[1]
    assert found[:2] == found[2:]


def test_a_tasks_own_answer_is_passed_on(world: World) -> None:
    assert world.ask("/customers/0").status == 404
    for task in world.tasks:
        task.fault("*", "status", code=500)
    said = world.ask()
    assert said.status == 500
    assert said.document != {"message": "Internal Server Error"}


def test_without_a_task_it_is_the_gateways_own_failure(world: World) -> None:
    for task in world.tasks:
        world.registry.deregister(SPACE, SERVICE, task.name)
    assert (world.ask().status, world.ask().document) == (500, {"message": "Internal Server Error"})


@pytest.mark.parametrize("kind", ["denied", "refuse"])
def test_without_a_registry_too(world: World, kind: str) -> None:
    world.registry.fault(kind)
    assert (world.ask().status, world.ask().document) == (500, {"message": "Internal Server Error"})


def test_a_task_that_is_gone_or_silent_is_unavailable(world: World) -> None:
    first, second = world.tasks
    world.registry.deregister(SPACE, SERVICE, first.name)
    second.fault("*", "delay", seconds=30, times=1)
    world.gateway.configure(timeout_seconds=0.2)
    silent = world.ask()
    world.registry.deregister(SPACE, SERVICE, second.name)
    world.register("gone", free_port())
    for said in (silent, world.ask()):
        assert (said.status, said.document) == (503, {"message": "Service Unavailable"})


def test_more_than_the_rate_is_turned_away_before_a_task_sees_it(world: World) -> None:
    world.gateway.configure(rate=0, burst=2)
    found = [world.ask() for _ in range(3)]
    assert [said.status for said in found] == [200, 200, 429]
    assert found[-1].document == {"message": "Too Many Requests"}


def test_a_path_outside_the_routes_is_not_found_for_any_caller(world: World) -> None:
    world.gateway.configure(routes=[{"pattern": "/prod/*"}])
    for said in (world.ask(), world.send("/customers/7", {})):
        assert (said.status, said.document) == (404, {"message": "Not Found"})
    world.ask("/prod/customers/7")
    assert any(request["path"] == "/prod/customers/7" for task in world.tasks for request in task.requests())


@pytest.mark.parametrize("wish", [{"speed": 1}, {"routes": [{"pattern": "*", "speed": 1}]}])
def test_a_setting_that_there_is_not_is_refused(world: World, wish: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="speed"):
        world.gateway.configure(**wish)


# Routes that select tasks


@pytest.mark.parametrize(
    ("path", "wanted", "seen"),
    [
        ("/leader/orders/1", {"duty": "leader"}, "/orders/1"),
        ("/follower/a%2Fb/", {"duty": "follower"}, "/a%2Fb/"),
        ("/leader/leader/1", {"duty": "leader"}, "/leader/1"),
        ("/leader//a", {"duty": "leader"}, "//a"),
        ("/leader/", {}, "/leader/"),
        ("/leader", {}, "/leader"),
        ("/leaders/1", {}, "/leaders/1"),
        ("/Leader/1", {}, "/Leader/1"),
        ("/v1/leader/1", {}, "/v1/leader/1"),
        ("/", {}, "/"),
    ],
)
def test_a_route_by_role_takes_what_is_below_it(path: str, wanted: dict[str, str], seen: str) -> None:
    route = matching(by_role("duty"), path)
    assert route
    assert (dict(route.attributes), route.passed_on(f"{path}?a=/leader/b")) == (wanted, f"{seen}?a=/leader/b")


def test_without_the_attribute_there_are_no_such_routes() -> None:
    assert by_role("") == (Route("*"),)


def test_a_reset_leaves_the_routes_that_it_started_with() -> None:
    start = Settings(routes=by_role("role"))
    verifier: Any = None
    targets: Any = None
    gateway = Gateway(verifier, targets, start)
    gateway.configure({"routes": [{"pattern": "/prod/*"}]})
    assert gateway._settings.routes == (Route("/prod/*"),)
    gateway.reset()
    assert gateway._settings == start


def test_only_healthy_tasks_are_asked(world: World) -> None:
    first, second = world.tasks
    world.registry.configure(health_lag_seconds=0)
    world.registry.health(SPACE, SERVICE, first.name, "UNHEALTHY")
    assert {world.ask().headers["x-task"] for _ in range(4)} == {second.name}
    world.registry.health(SPACE, SERVICE, second.name, "UNHEALTHY")
    assert (world.ask().status, world.ask().document) == (500, {"message": "Internal Server Error"})


@pytest.mark.parametrize(
    ("account", "why"),
    [
        ({"access_key": "other"}, "unknown access key"),
        ({"secret_key": "other"}, "wrong signature"),
        ({"token": "other"}, "wrong session token"),
        ({"token": ""}, "wrong session token"),
    ],
)
def test_another_account_is_forbidden(world: World, account: dict[str, str], why: str) -> None:
    said = world.ask(**account)
    assert (said.status, said.document) == (403, {"message": "Forbidden"})
    (call,) = world.gateway.calls()
    assert (call.target, call.status, call.denied) == ("/customers/7", 403, why)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer token"}])
def test_a_request_that_is_not_signed_is_forbidden(world: World, headers: dict[str, str]) -> None:
    assert world.send("/customers/7", headers).status == 403


def test_a_signature_holds_for_one_request_alone(world: World) -> None:
    headers = world.signed("/customers/7?a=1")
    assert world.send("/customers/7?a=1", headers).status == 200
    for target in ("/customers/8?a=1", "/customers/7?a=2", "/customers/7"):
        assert world.send(target, headers).status == 403
    assert world.send("/customers/7?a=1", {**headers, "X-Amz-Target": "other"}).status == 403
    assert [call.denied for call in world.gateway.calls()][-1] == "not signed: x-amz-target"


@pytest.mark.parametrize(("seconds", "status"), [(-400, 403), (-200, 200), (200, 200), (400, 403)])
def test_clocks_may_differ_by_five_minutes(world: World, seconds: int, status: int) -> None:
    world.gateway.configure(shift_seconds=seconds)
    assert world.ask().status == status


def test_a_prefix_puts_it_elsewhere(tmp_path: Path) -> None:
    certificate = Authority.create(tmp_path).issue("gateway", NAME)
    with running_gateway(
        tmp_path / "log",
        certificate,
        "http://127.0.0.1:9",
        SPACE,
        SERVICE,
        prefix=lambda line: ["nice", "-n", "3", *line],
    ) as gateway:
        assert os.getpriority(os.PRIO_PROCESS, gateway.process.pid) == os.getpriority(os.PRIO_PROCESS, 0) + 3


# The signature itself


def vanilla(target: str = "/", signature: str = VANILLA, signed: str = "host;x-amz-date", **changes: str) -> Request:
    headers = {
        "host": "example.amazonaws.com",
        "x-amz-date": "20150830T123600Z",
        "authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders={signed}, Signature={signature}",
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    return Request("GET", target, [(name, value) for name, value in headers.items() if value])


@pytest.mark.parametrize(
    ("target", "signature"),
    [
        ("/", VANILLA),
        ("/./example/..", VANILLA),
        ("//", VANILLA),
        ("/?Param2=value2&Param1=value1", ORDERED),
        ("/?Param1=%76alue1&Param2=value2", ORDERED),
    ],
)
def test_published_signatures_are_taken(target: str, signature: str) -> None:
    SUITE.check(vanilla(target, signature), SUITE_TIME)


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (vanilla(host="example.amazonaws.org"), "wrong signature"),
        (vanilla(x_amz_date="20150830T123601Z"), "wrong signature"),
        (vanilla(x_amz_date=""), "no date"),
        (vanilla(signed="x-amz-date"), "not signed: host"),
        (vanilla(x_amz_content_sha256="UNSIGNED-PAYLOAD", signed="host;x-amz-content-sha256;x-amz-date"), "wrong hash"),
        (replace(vanilla(), body=b"x"), "wrong signature"),
        (replace(vanilla(), method="POST"), "wrong signature"),
        (vanilla("/?a"), "wrong signature"),
    ],
)
def test_whatever_else_differs_is_turned_away(request_: Request, why: str) -> None:
    with pytest.raises(ForbiddenError, match=why):
        SUITE.check(request_, SUITE_TIME)


@pytest.mark.parametrize("other", [replace(SUITE, region="eu-west-1"), replace(SUITE, service="execute-api")])
def test_another_region_and_another_service_too(other: Verifier) -> None:
    with pytest.raises(ForbiddenError, match="wrong scope"):
        other.check(vanilla(), SUITE_TIME)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_so_is_what_is_too_old_or_too_new(seconds: int) -> None:
    with pytest.raises(ForbiddenError, match="too old"):
        SUITE.check(vanilla(), SUITE_TIME + timedelta(seconds=seconds))


def test_lattice_takes_no_signed_payload() -> None:
    verifier = replace(SUITE, service=LATTICE)
    credential = vanilla().header("authorization").replace("service", LATTICE)
    with pytest.raises(ForbiddenError, match="x-amz-content-sha256 is not UNSIGNED-PAYLOAD"):
        verifier.check(vanilla(authorization=credential), SUITE_TIME)
