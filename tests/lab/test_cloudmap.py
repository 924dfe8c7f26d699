"""The Cloud Map stand-in, as botocore's own client sees it."""

from __future__ import annotations

import json
import os
import ssl
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from lab.cloudmap import RunningCloudMap, running_cloudmap
from lab.cloudmap.clock import Clock
from lab.cloudmap.model import ApiError
from lab.cloudmap.registry import Registry
from lab.processes import wait_until
from lab.tls import Authority

SPACE, SERVICE = "shop.internal", "api"
ADDRESS = {"AWS_INSTANCE_IPV4": "10.0.0.7", "AWS_INSTANCE_PORT": "8080"}


def client_of(url: str, **options: Any) -> Any:
    config = Config(inject_host_prefix=False, proxies={}, retries={"total_max_attempts": 1}, read_timeout=20)
    return boto3.client(
        "servicediscovery",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=config.merge(options.pop("config", Config())),
        **options,
    )


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloudMap]:
    with running_cloudmap(tmp_path_factory.mktemp("cloudmap") / "log", still=True) as running:
        yield running


@pytest.fixture
def registry(process: RunningCloudMap) -> RunningCloudMap:
    process.reset()
    return process


@pytest.fixture
def client(registry: RunningCloudMap) -> Iterator[Any]:
    with closing(client_of(registry.url)) as client:
        yield client


Ask = Callable[..., Any]


@pytest.fixture
def ask(client: Any) -> Ask:
    def discover(**question: Any) -> Any:
        return client.discover_instances(NamespaceName=SPACE, ServiceName=SERVICE, **question)

    return discover


@pytest.fixture
def found(ask: Ask) -> Callable[..., list[str]]:
    """The ids of the instances that answer, sorted."""
    return lambda **question: sorted(each["InstanceId"] for each in ask(**question)["Instances"])


Found = Callable[..., list[str]]


@pytest.fixture
def namespace(client: Any) -> str:
    """The id of a namespace that was made as at AWS."""
    operation = client.create_http_namespace(Name=SPACE)["OperationId"]
    return str(client.get_operation(OperationId=operation)["Operation"]["Targets"]["NAMESPACE"])


@pytest.fixture
def service(client: Any, namespace: str) -> str:
    """The id of a service that was made as at AWS, with a custom health check."""
    made = client.create_service(Name=SERVICE, NamespaceId=namespace, HealthCheckCustomConfig={"FailureThreshold": 1})
    return str(made["Service"]["Id"])


def register(registry: RunningCloudMap, name: str, **attributes: str) -> None:
    registry.register(SPACE, SERVICE, name, {**ADDRESS, **attributes})


def test_an_instance_is_found_with_what_it_says_of_itself(ask: Ask, client: Any, service: str) -> None:
    operation = client.register_instance(ServiceId=service, InstanceId="t1", Attributes={**ADDRESS, "role": "leader"})
    state = client.get_operation(OperationId=operation["OperationId"])["Operation"]
    assert (state["Type"], state["Status"], state["Targets"]) == ("REGISTER_INSTANCE", "SUCCESS", {"INSTANCE": "t1"})
    assert ask()["Instances"] == [
        {
            "InstanceId": "t1",
            "NamespaceName": SPACE,
            "ServiceName": SERVICE,
            "HealthStatus": "HEALTHY",
            "Attributes": {**ADDRESS, "role": "leader"},
        }
    ]
    client.deregister_instance(ServiceId=service, InstanceId="t1")
    assert ask()["Instances"] == []


def test_what_is_asked_for_has_to_match_exactly_and_altogether(registry: RunningCloudMap, found: Found) -> None:
    register(registry, "t1", role="leader", zone="a")
    register(registry, "t2", role="follower", zone="a")
    register(registry, "t3", role="follower", zone="b")
    assert found(QueryParameters={"role": "follower"}) == ["t2", "t3"]
    assert found(QueryParameters={"role": "follower", "zone": "a"}) == ["t2"]
    assert found(QueryParameters={"role": "Follower"}) == []
    assert found(QueryParameters={"unheard": "of"}) == []


def test_what_is_optional_counts_only_where_something_has_it(registry: RunningCloudMap, found: Found) -> None:
    register(registry, "t1", role="follower", zone="a")
    register(registry, "t2", role="follower", zone="b")
    register(registry, "t3", role="leader", zone="c")
    query = {"role": "follower"}
    assert found(QueryParameters=query, OptionalParameters={"zone": "b"}) == ["t2"]
    assert found(QueryParameters=query, OptionalParameters={"zone": "c"}) == ["t1", "t2"]


def test_only_so_many_are_given_in_any_order(registry: RunningCloudMap, ask: Ask, found: Found) -> None:
    for number in range(110):
        register(registry, f"t{number}")
    assert len(found()) == 100
    assert len(found(MaxResults=1000)) == 110
    assert len({ask(MaxResults=1)["Instances"][0]["InstanceId"] for _ in range(50)}) > 1


@pytest.mark.parametrize(
    ("status", "ids"),
    [("HEALTHY", ["t1"]), ("UNHEALTHY", ["t2"]), ("ALL", ["t1", "t2"]), ("HEALTHY_OR_ELSE_ALL", ["t1"])],
)
def test_health_filters(registry: RunningCloudMap, found: Found, status: str, ids: list[str]) -> None:
    register(registry, "t1", AWS_INIT_HEALTH_STATUS="HEALTHY")
    register(registry, "t2", AWS_INIT_HEALTH_STATUS="UNHEALTHY")
    assert found(HealthStatus=status) == ids


def test_it_fails_open_over_the_service_or_over_what_matches(registry: RunningCloudMap, found: Found) -> None:
    register(registry, "t1", role="leader", AWS_INIT_HEALTH_STATUS="UNHEALTHY")
    query = {"HealthStatus": "HEALTHY_OR_ELSE_ALL", "QueryParameters": {"role": "leader"}}
    assert found(**query) == ["t1"]
    register(registry, "t2", role="follower")
    assert found(**query) == []
    registry.configure(fail_open="matches")
    assert found(**query) == ["t1"]


def test_a_service_without_a_health_check_gives_all(registry: RunningCloudMap, ask: Ask) -> None:
    registry.create(SPACE, SERVICE, health_check=False)
    register(registry, "t1")
    assert [each["HealthStatus"] for each in ask(HealthStatus="UNHEALTHY")["Instances"]] == ["UNKNOWN"]
    with pytest.raises(ValueError, match="CustomHealthNotFound"):
        registry.health(SPACE, SERVICE, "t1", "UNHEALTHY")


def test_reported_health_shows_after_thirty_seconds(
    registry: RunningCloudMap, client: Any, service: str, found: Found
) -> None:
    client.register_instance(ServiceId=service, InstanceId="t1", Attributes=ADDRESS)
    client.update_instance_custom_health_status(ServiceId=service, InstanceId="t1", Status="UNHEALTHY")
    registry.advance(29)
    assert found(HealthStatus="HEALTHY") == ["t1"]
    client.update_instance_custom_health_status(ServiceId=service, InstanceId="t1", Status="UNHEALTHY")
    registry.advance(1)  # to say it again has not put it off
    assert found(HealthStatus="HEALTHY") == []
    registry.health(SPACE, SERVICE, "t1", "HEALTHY")
    registry.advance(30)
    assert found(HealthStatus="HEALTHY") == ["t1"]


def test_a_change_of_attributes_shows_old_and_new_for_thirty_seconds(
    registry: RunningCloudMap, ask: Ask, found: Found
) -> None:
    register(registry, "t1", role="leader")
    register(registry, "t2", role="follower")
    register(registry, "t1", role="follower")
    register(registry, "t2", role="leader")
    leaders = {"QueryParameters": {"role": "leader"}}
    assert found(**leaders) == ["t1", "t2"]
    assert {each["Attributes"]["role"] for each in ask(**leaders)["Instances"]} == {"leader"}
    assert found() == ["t1", "t2"]
    registry.advance(29.9)
    assert found(**leaders) == ["t1", "t2"]
    registry.advance(0.1)
    assert found(**leaders) == ["t2"]


def test_a_new_registration_shows_at_once(registry: RunningCloudMap, found: Found) -> None:
    register(registry, "t1", role="leader", AWS_INIT_HEALTH_STATUS="UNHEALTHY")
    registry.deregister(SPACE, SERVICE, "t1")
    register(registry, "t1", role="follower")
    assert found(QueryParameters={"role": "leader"}) == []
    assert found(QueryParameters={"role": "follower"}, HealthStatus="HEALTHY") == ["t1"]


def test_a_report_on_an_earlier_registration_does_not_show(registry: RunningCloudMap, found: Found) -> None:
    register(registry, "t1")
    registry.health(SPACE, SERVICE, "t1", "UNHEALTHY")
    registry.deregister(SPACE, SERVICE, "t1")
    register(registry, "t1")
    registry.advance(60)
    assert found(HealthStatus="HEALTHY") == ["t1"]


def test_a_service_has_so_many_instances_and_no_more() -> None:
    registry = Registry(Clock(still=True))
    namespace = registry.create_namespace(SPACE, "HTTP").targets["NAMESPACE"]
    service = registry.create_service(SERVICE, namespace, health_check=True, records=frozenset())
    for number in range(1_000):
        registry.register(service, f"t{number}", ADDRESS)
    registry.register(service, "t0", {**ADDRESS, "role": "leader"})
    with pytest.raises(ApiError, match="ResourceLimitExceeded"):
        registry.register(service, "one-more", ADDRESS)
    registry.deregister(service, "t0")
    registry.register(service, "one-more", ADDRESS)


def test_an_operation_takes_its_time_one_for_each_instance(
    registry: RunningCloudMap, client: Any, service: str, ask: Ask, found: Found
) -> None:
    registry.configure(operation_seconds=5)
    before = ask()["InstancesRevision"]
    given: dict[str, Any] = {"ServiceId": service, "InstanceId": "t1"}
    operation = client.register_instance(**given, Attributes=ADDRESS)["OperationId"]
    with pytest.raises(client.exceptions.DuplicateRequest) as raised:
        client.deregister_instance(**given)
    assert raised.value.response["DuplicateOperationId"] == operation
    registry.advance(4.9)
    assert client.get_operation(OperationId=operation)["Operation"]["Status"] == "PENDING"
    assert (found(), ask()["InstancesRevision"]) == ([], before)
    registry.advance(0.1)
    assert client.get_operation(OperationId=operation)["Operation"]["Status"] == "SUCCESS"
    assert (found(), ask()["InstancesRevision"]) == (["t1"], before + 1)


def test_a_revision_rises_with_all_but_health(registry: RunningCloudMap, client: Any, ask: Ask) -> None:
    steps: list[Callable[[], None]] = [
        lambda: register(registry, "t2"),
        lambda: register(registry, "t2", role="leader"),
        lambda: registry.deregister(SPACE, SERVICE, "t2"),
        lambda: registry.advance(60),
        lambda: register(registry, "t1"),  # nothing new
        lambda: registry.health(SPACE, SERVICE, "t1", "UNHEALTHY"),
        lambda: registry.advance(60),
    ]
    register(registry, "t1")
    revisions = [ask()["InstancesRevision"]]
    for step in steps:
        step()
        revisions.append(
            client.discover_instances_revision(NamespaceName=SPACE, ServiceName=SERVICE)["InstancesRevision"]
        )
        assert ask(QueryParameters={"un": "heard"})["InstancesRevision"] == revisions[-1]
    assert [revision - revisions[0] for revision in revisions] == [0, 1, 2, 3, 3, 3, 3, 3]


def test_revisions_rise_over_a_reset_too(registry: RunningCloudMap, ask: Ask) -> None:
    register(registry, "t1")
    before = ask()["InstancesRevision"]
    registry.reset()
    register(registry, "t1")
    assert ask()["InstancesRevision"] > before


def test_what_is_not_there_is_named_and_what_is_there_already(client: Any, namespace: str, service: str) -> None:
    given = {"ServiceId": service, "InstanceId": "t1"}
    with pytest.raises(client.exceptions.NamespaceNotFound):
        client.discover_instances(NamespaceName="no.internal", ServiceName=SERVICE)
    with pytest.raises(client.exceptions.ServiceNotFound):
        client.discover_instances_revision(NamespaceName=SPACE, ServiceName="no")
    with pytest.raises(client.exceptions.InstanceNotFound):
        client.deregister_instance(**given)
    with pytest.raises(client.exceptions.InstanceNotFound):
        client.update_instance_custom_health_status(**given, Status="HEALTHY")
    with pytest.raises(client.exceptions.ServiceNotFound):
        client.register_instance(ServiceId="srv-no", InstanceId="t1", Attributes=ADDRESS)
    with pytest.raises(client.exceptions.OperationNotFound):
        client.get_operation(OperationId="op-no")
    with pytest.raises(client.exceptions.ServiceAlreadyExists):
        client.create_service(Name=SERVICE, NamespaceId=namespace)
    with pytest.raises(client.exceptions.NamespaceAlreadyExists):
        client.create_http_namespace(Name=SPACE)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"MaxResults": 1001}, "MaxResults"),
        ({"HealthStatus": "SICK"}, "HealthStatus"),
        ({"NamespaceName": "with blank"}, "NamespaceName"),
    ],
)
def test_an_input_that_botocore_lets_pass_is_invalid(
    client: Any, service: str, given: dict[str, Any], says: str
) -> None:
    with pytest.raises(client.exceptions.InvalidInput, match=says):
        client.discover_instances(**{"NamespaceName": SPACE, "ServiceName": SERVICE, **given})


@pytest.mark.parametrize(
    "attributes",
    [
        {"AWS_INSTANCE_IPV4": "10.0.0.256"},
        {"AWS_INSTANCE_PORT": "65536"},
        {"AWS_INIT_HEALTH_STATUS": "SICK"},
        {"AWS_OWN_IDEA": "x"},
        {f"a{number}": "x" for number in range(31)},
        {f"a{number}": "x" * 1000 for number in range(5)},
    ],
    ids=lambda attributes: next(iter(attributes)),
)
def test_attributes_that_aws_would_not_take(client: Any, service: str, attributes: dict[str, str]) -> None:
    with pytest.raises(client.exceptions.InvalidInput):
        client.register_instance(ServiceId=service, InstanceId="t1", Attributes=attributes)


@pytest.mark.parametrize(
    ("record", "missing"),
    [
        ("A", "AWS_INSTANCE_IPV4"),
        ("AAAA", "AWS_INSTANCE_IPV6"),
        ("SRV", "AWS_INSTANCE_PORT"),
        ("CNAME", "AWS_INSTANCE_CNAME"),
    ],
)
def test_a_dns_record_needs_its_attributes(client: Any, registry: RunningCloudMap, record: str, missing: str) -> None:
    operation = client.create_private_dns_namespace(Name=SPACE, Vpc="vpc-1")["OperationId"]
    namespace = client.get_operation(OperationId=operation)["Operation"]["Targets"]["NAMESPACE"]
    dns = {"DnsRecords": [{"Type": record, "TTL": 5}]}
    service = client.create_service(Name=SERVICE, NamespaceId=namespace, DnsConfig=dns)["Service"]["Id"]
    with pytest.raises(client.exceptions.InvalidInput, match=missing):
        client.register_instance(ServiceId=service, InstanceId="t1", Attributes={"role": "leader"})
    whole = {**ADDRESS, "AWS_INSTANCE_IPV6": "::1", "AWS_INSTANCE_CNAME": "task"}
    client.register_instance(ServiceId=service, InstanceId="t1", Attributes=whole)


def test_calls_are_limited_by_a_bucket_that_time_fills(registry: RunningCloudMap, found: Found) -> None:
    register(registry, "t1")
    registry.configure(rate=2, burst=3)
    for _ in range(3):
        found()
    with pytest.raises(ClientError, match="RequestLimitExceeded"):
        found()
    registry.advance(0.5)
    found()
    with pytest.raises(ClientError, match="RequestLimitExceeded"):
        found()


@pytest.mark.parametrize(("kind", "code"), [("throttle", "RequestLimitExceeded"), ("denied", "AccessDeniedException")])
def test_it_can_refuse_by_name(registry: RunningCloudMap, client: Any, found: Found, kind: str, code: str) -> None:
    register(registry, "t1")
    registry.fault(kind, operation="DiscoverInstances", times=1)
    client.discover_instances_revision(NamespaceName=SPACE, ServiceName=SERVICE)
    with pytest.raises(ClientError) as raised:
        found()
    assert raised.value.response["Error"]["Code"] == code
    assert found() == ["t1"]


def test_it_can_be_broken(registry: RunningCloudMap, found: Found) -> None:
    register(registry, "t1")
    registry.fault("error", status=503)
    with pytest.raises(ClientError) as raised:
        found()
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    registry.clear()
    assert found() == ["t1"]


def test_it_can_cut_a_connection(registry: RunningCloudMap, found: Found) -> None:
    register(registry, "t1")
    registry.fault("cut")
    with pytest.raises(ConnectionClosedError):
        found()


def test_it_can_keep_silent(registry: RunningCloudMap, client: Any) -> None:
    register(registry, "t1")
    registry.fault("hang")
    with (
        closing(client_of(registry.url, config=Config(read_timeout=0.2))) as impatient,
        pytest.raises(ReadTimeoutError),
    ):
        impatient.discover_instances(NamespaceName=SPACE, ServiceName=SERVICE)


def test_it_can_be_late(registry: RunningCloudMap, found: Found) -> None:
    """The answer has been on its way while its call was counted, and was not there yet."""
    register(registry, "t1")
    registry.fault("latency", seconds=0.5, times=1)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(found)
        wait_until(lambda: registry.calls().get("DiscoverInstances"), "the call", 20)
        assert not waiting.done()
        assert waiting.result() == ["t1"]


def test_nothing_listens_until_it_is_cleared(registry: RunningCloudMap, found: Found) -> None:
    register(registry, "t1")
    assert found() == ["t1"]
    registry.fault("refuse")
    with pytest.raises((EndpointConnectionError, ConnectionClosedError)):
        found()
    with pytest.raises(EndpointConnectionError):
        found()
    registry.clear()
    assert found() == ["t1"]


def test_who_waits_is_cut_when_it_goes(registry: RunningCloudMap, found: Found) -> None:
    register(registry, "t1")
    registry.fault("hang")
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(found)
        wait_until(lambda: registry.calls().get("DiscoverInstances"), "the call", 20)
        registry.fault("refuse")
        with pytest.raises(ConnectionClosedError):
            waiting.result()


def test_it_can_answer_of_the_past(registry: RunningCloudMap, ask: Ask, found: Found) -> None:
    register(registry, "t1")
    before = ask()["InstancesRevision"]
    registry.advance(10)
    register(registry, "t2")
    registry.deregister(SPACE, SERVICE, "t1")
    registry.fault("stale", seconds=10)
    registry.advance(60)
    assert (found(), ask()["InstancesRevision"]) == (["t1"], before)
    registry.clear()
    assert (found(), ask()["InstancesRevision"]) == (["t2"], before + 2)


@pytest.mark.parametrize(
    ("kind", "arguments", "says"),
    [
        ("tired", {}, "latency"),
        ("latency", {}, "seconds"),
        ("cut", {"depth": 3}, "depth"),
        ("cut", {"times": 0}, "times"),
    ],
)
def test_a_fault_that_makes_no_sense(registry: RunningCloudMap, kind: str, arguments: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        registry.fault(kind, **arguments)


def test_calls_are_counted(registry: RunningCloudMap, client: Any, found: Found) -> None:
    register(registry, "t1")
    found()
    registry.fault("throttle", times=1)
    with pytest.raises(ClientError):
        found()
    client.discover_instances_revision(NamespaceName=SPACE, ServiceName=SERVICE)
    assert registry.calls() == Counter(DiscoverInstances=2, DiscoverInstancesRevision=1)
    registry.reset_calls()
    assert registry.calls() == {}


def post(url: str, target: str, body: str, **headers: str) -> str:
    """The name of the error that a request by hand comes to."""
    request = urllib.request.Request(
        url, body.encode(), {"x-amz-target": f"Route53AutoNaming_v20170314.{target}", **headers}
    )
    with pytest.raises(HTTPError) as raised:
        urllib.request.urlopen(request, timeout=20)
    with closing(raised.value) as answer:
        return str(json.load(answer)["__type"])


def test_a_request_by_hand_has_to_be_signed_for_the_service(registry: RunningCloudMap) -> None:
    signed = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"
    ours, theirs = signed.format("servicediscovery"), signed.format("s3")
    assert post(registry.url, "DiscoverInstances", "{}") == "MissingAuthenticationTokenException"
    assert post(registry.url, "DiscoverInstances", "{}", Authorization=theirs) == "InvalidSignatureException"
    assert post(registry.url, "DiscoverEverything", "{}", Authorization=ours) == "UnknownOperationException"
    assert post(registry.url, "DiscoverInstances", "{", Authorization=ours) == "SerializationException"
    assert post(registry.url, "DiscoverInstances", "{}", Authorization=ours) == "InvalidInput"
    assert post(registry.url, "DiscoverInstances", "[]", Authorization=ours) == "InvalidInput"


def test_its_environment_is_all_that_botocore_needs(registry: RunningCloudMap, monkeypatch: pytest.MonkeyPatch) -> None:
    register(registry, "t1")
    for name, value in registry.env.items():
        monkeypatch.setenv(name, value)
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    with closing(boto3.Session(region_name="us-east-1", **keys).client("servicediscovery")) as client:
        assert len(client.discover_instances(NamespaceName=SPACE, ServiceName=SERVICE)["Instances"]) == 1


def test_it_serves_tls_and_a_clock_that_goes(tmp_path: Path) -> None:
    authority = Authority.create(tmp_path)
    certificate = authority.issue("cloudmap", "localhost")
    with running_cloudmap(tmp_path / "log", name="localhost", certificate=certificate) as registry:
        registry.configure(operation_seconds=0.05)
        register(registry, "t1")
        with closing(client_of(registry.url, verify=str(authority.ca))) as client:
            ask = {"NamespaceName": SPACE, "ServiceName": SERVICE}
            wait_until(lambda: client.discover_instances(**ask)["Instances"], "the registration", 20)
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(registry.url, timeout=20, context=ssl.create_default_context())


def test_a_prefix_puts_it_elsewhere(tmp_path: Path) -> None:
    with running_cloudmap(tmp_path / "log", prefix=lambda command: ["nice", "-n", "3", *command]) as registry:
        assert os.getpriority(os.PRIO_PROCESS, registry.process.pid) == os.getpriority(os.PRIO_PROCESS, 0) + 3
