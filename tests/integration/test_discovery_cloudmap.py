"""The Cloud Map client, through the real botocore, against a registry with AWS's lags, limits and failures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from handler import aws
from handler.discovery import cloudmap
from handler.discovery.uri import Uri
from handler.instances import Endpoint, ResolveError, ResolveFailure
from lab.cloudmap import RunningCloudMap, running_cloudmap

NAMESPACE, SERVICE = "shop.internal", "orders"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloudMap]:
    with running_cloudmap(tmp_path_factory.mktemp("cloudmap") / "log") as registry:
        yield registry


@pytest.fixture
def registry(running: RunningCloudMap, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningCloudMap]:
    running.clear()
    running.reset()
    credentials = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    credentials |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    for name, value in {**running.env, **credentials}.items():
        monkeypatch.setenv(name, value)
    for cached in (cloudmap._client, aws._session):
        cached.cache_clear()
    running.create(NAMESPACE, SERVICE)
    yield running
    for cached in (cloudmap._client, aws._session):
        cached.cache_clear()


def task(registry: RunningCloudMap, name: str, **attributes: str) -> None:
    number = 10 + int(name[-1])
    given = {"AWS_INSTANCE_IPV4": f"10.0.0.{number}", "AWS_INSTANCE_PORT": "8080", **attributes}
    registry.register(NAMESPACE, SERVICE, name, {key: value for key, value in given.items() if value})


def resolver(query: str = "", **options: str) -> Any:
    return cloudmap.read(Uri.parse(f"cloudmap://{NAMESPACE}/{SERVICE}{query}", options)).resolver


def ids(query: str = "", **options: str) -> list[str]:
    return sorted(one.id for one in resolver(query, **options).resolve(1.0).endpoints)


def trouble() -> ResolveFailure:
    with pytest.raises(ResolveError) as caught:
        resolver().resolve(1.0)
    assert caught.value.detail.startswith(f"{NAMESPACE}/{SERVICE}, ")
    return caught.value.failure


def test_instances_come_with_their_address_port_and_attributes(registry: RunningCloudMap) -> None:
    task(registry, "t1", AVAILABILITY_ZONE="a")
    listing = resolver().resolve(1.0)
    assert listing.endpoints == (Endpoint("t1", "10.0.0.11", 8080),)
    assert listing.endpoints[0].attributes["AVAILABILITY_ZONE"] == "a"
    assert listing.revision


def test_ipv6_and_a_port_from_the_uri_serve_where_the_instance_has_no_other(registry: RunningCloudMap) -> None:
    task(registry, "t1", AWS_INSTANCE_IPV4="", AWS_INSTANCE_IPV6="2001:db8::1", AWS_INSTANCE_PORT="")
    assert resolver(port="9000").resolve(1.0).endpoints == (Endpoint("t1", "2001:db8::1", 9000),)
    assert resolver().resolve(1.0).endpoints == ()  # registered by hand, and nobody says at which port


def test_required_attributes_all_have_to_match(registry: RunningCloudMap) -> None:
    task(registry, "t1", role="leader", zone="a")
    task(registry, "t2", role="follower", zone="a")
    task(registry, "t3", role="leader", zone="b")
    assert ids("?role=leader") == ["t1", "t3"]
    assert ids("?role=leader&zone=b") == ["t3"]
    assert ids("?role=none") == []


def test_preferred_attributes_count_where_something_matches(registry: RunningCloudMap) -> None:
    task(registry, "t1", zone="a")
    task(registry, "t2", zone="b")
    assert ids(prefer="zone=b") == ["t2"]
    assert ids(prefer="zone=c") == ["t1", "t2"]


def test_an_unhealthy_instance_is_left_out_unless_all_are(registry: RunningCloudMap) -> None:
    task(registry, "t1")
    task(registry, "t2")
    registry.health(NAMESPACE, SERVICE, "t1", "UNHEALTHY")
    registry.advance(60)
    assert ids() == ["t2"]
    assert ids(health="all") == ["t1", "t2"]
    registry.health(NAMESPACE, SERVICE, "t2", "UNHEALTHY")
    registry.advance(60)
    assert ids() == ["t1", "t2"]
    assert ids(health="healthy") == []


def test_while_a_leader_changes_the_higher_term_is_believed(registry: RunningCloudMap) -> None:
    """A changed attribute shows the old and the new match for half a minute."""
    task(registry, "t1", role="leader", term="7")
    task(registry, "t2", role="follower", term="7")
    assert ids("?role=leader") == ["t1"]
    task(registry, "t2", role="leader", term="8")
    task(registry, "t1", role="follower", term="8")
    assert ids("?role=leader") == ["t2"]
    registry.advance(60)
    assert ids("?role=leader") == ["t2"]


def test_without_a_term_both_leaders_are_answered(registry: RunningCloudMap) -> None:
    task(registry, "t1", role="leader")
    task(registry, "t2", role="leader", term="old")
    assert ids("?role=leader") == ["t1", "t2"]


def test_a_service_that_is_not_there_is_named(registry: RunningCloudMap) -> None:
    registry.reset()
    assert trouble() is ResolveFailure.NOT_FOUND


@pytest.mark.parametrize(
    ("kind", "arguments", "expected"),
    [
        ("throttle", {}, ResolveFailure.THROTTLED),
        ("denied", {}, ResolveFailure.DENIED),
        ("error", {"status": 500}, ResolveFailure.FAILED),
        ("cut", {}, ResolveFailure.FAILED),
        ("refuse", {}, ResolveFailure.FAILED),
        ("hang", {}, ResolveFailure.TIMEOUT),
    ],
)
def test_failures_are_kept_apart(
    registry: RunningCloudMap, kind: str, arguments: dict[str, Any], expected: ResolveFailure
) -> None:
    task(registry, "t1")
    registry.fault(kind, **arguments)
    assert trouble() is expected


def test_one_look_up_is_one_call(registry: RunningCloudMap) -> None:
    task(registry, "t1")
    registry.reset_calls()
    resolver().resolve(1.0)
    assert registry.calls() == {"DiscoverInstances": 1}
    registry.reset_calls()
    registry.fault("throttle")
    trouble()
    assert registry.calls() == {"DiscoverInstances": 1}  # what comes next is the cache's to say
