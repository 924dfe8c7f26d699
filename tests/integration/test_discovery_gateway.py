"""The API client's signatures, checked by an API Gateway that follows AWS's description of them, not botocore."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from handler import aws
from handler.adapters import tls
from handler.adapters.http.api import HttpApis
from handler.discovery.addresses import stable
from handler.discovery.dns import Dns
from handler.errors import SourceError
from handler.settings.parse import api
from lab.api import RunningApi, running_api
from lab.cloudmap import RunningCloudMap, running_cloudmap
from lab.dns import RunningDns, running_dns
from lab.gateway import Account, RunningGateway, running_gateway
from lab.gateway.signature import LATTICE, Request, Verifier
from lab.processes import free_port
from lab.tls import Authority
from tests.unit.adapters.canary import CANARY, FakeSecrets, safe

NAME = "abc123.execute-api.us-east-1.amazonaws.com"
# Another one on purpose: the name of the API says which one counts.
FUNCTION_REGION = "eu-north-1"
NAMESPACE, SERVICE = "shop.internal", "api"
ACCOUNT = Account("ASIAEXAMPLE", f"{CANARY}/of+the/role", f"{CANARY}/of+the/session==")
OTHER_KEY = f"{CANARY}/of-another"
API_KEY = f"{CANARY}-of-the-api"


class World:
    """A gateway with its registry and three tasks, and the APIs of a function that knows it by its name.

    Only the first task is registered at the start of a test.
    """

    def __init__(
        self, gateway: RunningGateway, registry: RunningCloudMap, tasks: list[RunningApi], dns: RunningDns, ca: Path
    ) -> None:
        self.gateway = gateway
        self.registry = registry
        self.tasks = tasks
        self.task = tasks[0]
        self._dns = dns
        self._ca = ca

    def apis(self, base: str = "", **options: str) -> HttpApis:
        paths = {"https": stable(Dns((self._dns.host, self._dns.port)))}
        uri = f"https://{NAME}:{self.gateway.port}{base}"
        address = api(paths, "default", uri, {"ca": str(self._ca), **options})
        return HttpApis({"default": address}, FakeSecrets({"apis/default": API_KEY}), tls.context)

    def get(self, path: str, base: str = "", **options: str) -> Any:
        apis = self.apis(base, **options)
        with apis.invocation():
            return apis.get("default", path)

    def register(self, task: RunningApi, **attributes: str) -> None:
        address = {"AWS_INSTANCE_IPV4": task.host, "AWS_INSTANCE_PORT": str(task.port)}
        self.registry.register(NAMESPACE, SERVICE, task.name, {**address, **attributes})

    def answering(self, role: str, times: int = 6) -> list[str]:
        """Which tasks answer so many lookups of a role, one after the other."""
        return [self.get("/health", f"/{role}")["task"] for _ in range(times)]

    def code(self, base: str = "") -> str:
        with pytest.raises(SourceError) as caught:
            self.get("/customers/7", base)
        safe(caught.value)
        return caught.value.code

    def status(self) -> int:
        return self.gateway.calls()[-1].status

    def denied(self) -> str:
        return self.gateway.calls()[-1].denied


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("gateway")
    authority = Authority.create(folder / "tls")
    certificate = authority.issue("gateway", NAME)
    with (
        running_dns(folder / "dns.log") as dns,
        running_cloudmap(folder / "cloudmap.log") as registry,
        running_api(folder / "t1.log", name="t1") as task,
        running_api(folder / "t2.log", name="t2") as second,
        running_api(folder / "t3.log", name="t3") as third,
        running_gateway(
            folder / "gateway.log",
            certificate,
            registry.url,
            NAMESPACE,
            SERVICE,
            role_attribute="role",
            account=ACCOUNT,
        ) as gateway,
    ):
        dns.records(f"{NAME}.", "A", "127.0.0.1")
        yield World(gateway, registry, [task, second, third], dns, authority.ca)


@pytest.fixture
def world(running: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    running.gateway.reset()
    running.task.clear()
    running.registry.reset()
    running.register(running.task)
    credentials(monkeypatch)
    yield running
    aws._session.cache_clear()


def credentials(monkeypatch: pytest.MonkeyPatch, account: Account = ACCOUNT) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", account.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", account.secret_key)
    monkeypatch.setenv("AWS_SESSION_TOKEN", account.token)
    monkeypatch.setenv("AWS_DEFAULT_REGION", FUNCTION_REGION)
    aws._session.cache_clear()


# What is signed


def test_a_document_comes_through_the_gateway(world: World) -> None:
    assert world.get("/customers/7")["id"] == 7
    assert [(call.status, call.denied) for call in world.gateway.calls()] == [(200, "")]


@pytest.mark.parametrize("base", ["/echo", "/echo/v%c3%a41"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/a%20b/%E3%81%82",
        "/%e3%81%82",
        "/a%2Fb",
        "/a%252Fb",
        "//a//b/",
        "/a;x=1,2/(b)*'!:@&$+~_.-",
        '/"<>^`{|}[]',
        "/a%zz",
    ],
)
def test_a_path_is_signed_as_it_is_sent(world: World, base: str, path: str) -> None:
    assert world.get(path, base)["path"].startswith("/echo/")


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ("a=1&b=2", "a=1&b=2"),
        ("b=2&a=1", "b=2&a=1"),
        ("a=2&a=1", "a=2&a=1"),
        ("flag", "flag="),
        ("a=b%20c", "a=b%20c"),
        ("a=b+c", "a=b%20c"),
        ("a=%2B", "a=%2B"),
        ("a=%e3%81%82", "a=%E3%81%82"),
        ("a=%FF", "a=%FF"),
        ("next=https://x.example/y?z", "next=https%3A%2F%2Fx.example%2Fy%3Fz"),
        ("ids=1,2;3&filter[name]=x", "ids=1%2C2%3B3&filter%5Bname%5D=x"),
        ("a=b=c&~-._=1", "a=b%3Dc&~-._=1"),
        ("a&&b=", "a=&b="),
        ("a=%zz%", "a=%25zz%25"),
        ("", ""),
    ],
)
def test_a_query_is_sent_in_the_form_in_which_it_is_signed(world: World, query: str, sent: str) -> None:
    assert world.get(f"/echo/a?{query}")["path"].partition("?")[2] == sent


def test_every_instance_is_asked_with_a_signature(world: World) -> None:
    found: list[Any] = world.apis().get_all("default", "/echo/%e3?a=b:c")
    assert len(found) == 1
    assert found[0]["document"]["path"] == "/echo/%E3?a=b%3Ac"


def test_a_header_with_a_secret_goes_along(world: World) -> None:
    headers = world.get("/echo/a", header="X-Api-Key")["headers"]
    assert headers["x-api-key"] == API_KEY
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 ")


# What is turned away


def test_keys_of_a_session_are_nothing_without_its_token(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials(monkeypatch, replace(ACCOUNT, token=""))
    assert (world.code(), world.denied()) == ("API_DENIED", "wrong session token")


def test_a_wrong_key_is_denied_and_not_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials(monkeypatch, replace(ACCOUNT, secret_key=OTHER_KEY))
    assert (world.code(), world.denied()) == ("API_DENIED", "wrong signature")


@pytest.mark.parametrize("seconds", [-400, 400])
def test_a_clock_that_is_wrong_by_more_than_five_minutes_is_denied(world: World, seconds: int) -> None:
    world.gateway.configure(shift_seconds=seconds)
    assert (world.code(), world.denied()) == ("API_DENIED", "too old, or too new")


@pytest.mark.parametrize("seconds", [-200, 200])
def test_a_clock_that_is_wrong_by_less_is_not(world: World, seconds: int) -> None:
    world.gateway.configure(shift_seconds=seconds)
    assert world.get("/customers/7")["id"] == 7


def test_without_credentials_nothing_is_sent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    aws._session.cache_clear()
    assert world.code() == "API_DENIED"
    assert world.gateway.calls() == []


# What the gateway says of itself, and what is behind it


def test_no_instance_behind_the_gateway_is_recognised(world: World) -> None:
    world.registry.deregister(NAMESPACE, SERVICE, "t1")
    assert (world.code(), world.status()) == ("API_NO_INSTANCE", 500)


def test_a_failure_of_the_api_is_its_own(world: World) -> None:
    world.task.fault("/customers/*", "status", code=500)
    assert (world.code(), world.status()) == ("API_UNAVAILABLE", 500)


def test_an_instance_that_is_gone_is_unavailable(world: World) -> None:
    attributes = {"AWS_INSTANCE_IPV4": "127.0.0.1", "AWS_INSTANCE_PORT": str(free_port())}
    world.registry.register(NAMESPACE, SERVICE, "t2", attributes)
    world.registry.deregister(NAMESPACE, SERVICE, "t1")
    assert (world.code(), world.status()) == ("API_UNAVAILABLE", 503)


def test_too_many_requests_are_unavailable(world: World) -> None:
    world.gateway.configure(rate=0, burst=1)
    assert world.get("/customers/7")["id"] == 7
    assert (world.code(), world.status()) == ("API_UNAVAILABLE", 429)


def test_a_route_that_is_not_there_is_not_found(world: World) -> None:
    world.gateway.configure(routes=[{"pattern": "/prod/*"}])
    assert (world.code(), world.status()) == ("API_NOT_FOUND", 404)


# Routes that select tasks by an attribute


def test_the_leader_is_asked_and_nobody_else(world: World) -> None:
    first, second, third = world.tasks
    world.register(first, role="follower")
    world.register(second, role="leader")
    world.register(third)
    assert set(world.answering("leader")) == {"t2"}
    assert set(world.answering("follower")) == {"t1"}


@pytest.mark.parametrize("role", ["leader", "follower"])
def test_a_role_that_no_task_has_is_an_api_without_an_instance(world: World, role: str) -> None:
    for task in world.tasks:
        world.register(task, role="candidate")
    assert (world.code(f"/{role}"), world.status()) == ("API_NO_INSTANCE", 500)
    assert world.get("/customers/7")["id"] == 7  # by $default any task will do


def test_followers_take_turns_even_if_others_are_asked_in_between(world: World) -> None:
    first, second, third = world.tasks
    for task in (first, second, third):
        world.register(task, role="follower")
    found = []
    for _ in range(6):
        found += world.answering("follower", times=1)
        for _ in range(2):  # with one turn for all routes, every third request would be the same follower's
            world.get("/health")
    assert sorted(found[:3]) == ["t1", "t2", "t3"]
    assert found[:3] == found[3:]


def test_an_unhealthy_task_is_left_out_of_its_role_even_if_it_is_the_only_one(world: World) -> None:
    first, second, _ = world.tasks
    world.registry.configure(health_lag_seconds=0)
    for task in (first, second):
        world.register(task, role="follower")
    world.registry.health(NAMESPACE, SERVICE, "t1", "UNHEALTHY")
    assert set(world.answering("follower")) == {"t2"}
    world.registry.health(NAMESPACE, SERVICE, "t2", "UNHEALTHY")
    assert (world.code("/follower"), world.status()) == ("API_NO_INSTANCE", 500)
    world.registry.health(NAMESPACE, SERVICE, "t1", "HEALTHY")
    assert set(world.answering("follower")) == {"t1"}


def test_a_task_that_registers_with_another_role_is_found_by_that_one_alone(world: World) -> None:
    first, second, _ = world.tasks
    world.registry.configure(attribute_lag_seconds=0)
    world.register(first, role="leader")
    world.register(second, role="follower")
    assert (world.answering("leader", 2), world.answering("follower", 2)) == (["t1"] * 2, ["t2"] * 2)
    world.register(first, role="follower")
    world.register(second, role="leader")
    assert (world.answering("leader", 2), world.answering("follower", 2)) == (["t2"] * 2, ["t1"] * 2)


def test_while_the_registry_shows_two_leaders_the_gateway_asks_either(world: World) -> None:
    """It knows no `term`: docs/discovery.md says so."""
    first, second, _ = world.tasks
    world.register(first, role="leader", term="7")
    world.register(second, role="leader", term="8")
    assert set(world.answering("leader")) == {"t1", "t2"}


def test_what_is_signed_has_the_beginning_that_the_task_does_not_see(world: World) -> None:
    world.register(world.task, role="leader")
    found = world.get("/echo/%e3%81%82?b=2&a=1", "/leader")
    assert found["path"] == "/echo/%E3%81%82?b=2&a=1"
    [call] = world.gateway.calls()
    assert (call.target, call.status) == ("/leader/echo/%E3%81%82?b=2&a=1", 200)


def test_a_beginning_behind_the_role_is_a_part_of_the_api(world: World) -> None:
    world.register(world.task, role="leader")
    assert world.get("/a", "/leader/echo/v1")["path"] == "/echo/v1/a"


# VPC Lattice


def test_a_request_for_lattice_is_signed_without_its_payload(monkeypatch: pytest.MonkeyPatch) -> None:
    """https://docs.aws.amazon.com/vpc-lattice/latest/ug/sigv4-authenticated-requests.html"""
    credentials(monkeypatch)
    host = "api-0123.7d67968.vpc-lattice-svcs.eu-north-1.on.aws"
    given = {"Accept": "application/json", "Host": host}
    signed = aws.signed(f"https://{host}/customers/7?full=1", given, LATTICE, "")
    headers = [(name.lower(), value) for name, value in signed.items()]
    assert ("x-amz-content-sha256", "UNSIGNED-PAYLOAD") in headers
    Verifier(ACCOUNT, FUNCTION_REGION, LATTICE).check(Request("GET", "/customers/7?full=1", headers), datetime.now(UTC))
