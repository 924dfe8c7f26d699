"""The DNS client against a resolver that fails in every way a resolver can."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from handler.discovery.addresses import Addresses
from handler.discovery.cache import Ages
from handler.discovery.dns import PAYLOAD, Dns
from handler.discovery.names import CachedNames
from handler.discovery.srv import SrvRecords
from handler.errors import SourceError
from handler.instances import Endpoint, ResolveError, ResolveFailure
from lab.dns import RunningDns, running_dns

API = "api.shop.internal"
SRV = "_api._tcp.shop.internal"


@pytest.fixture(scope="module")
def resolvers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningDns, RunningDns]]:
    folder = tmp_path_factory.mktemp("dns")
    with running_dns(folder / "1.log") as first, running_dns(folder / "2.log") as second:
        yield first, second


@pytest.fixture
def server(resolvers: tuple[RunningDns, RunningDns]) -> RunningDns:
    for one in resolvers:
        one.reset()
        one.reset_queries()
    return resolvers[0]


@pytest.fixture
def dns(server: RunningDns) -> Dns:
    return Dns((server.host, server.port))


def trouble(dns: Dns, name: str = API, seconds: float = 1.0) -> ResolveFailure:
    with pytest.raises(ResolveError) as caught:
        Addresses(dns, name, 80).resolve(seconds)
    assert name in caught.value.detail
    return caught.value.failure


def test_every_address_of_a_name_is_an_instance(server: RunningDns, dns: Dns) -> None:
    server.records(f"{API}.", "A", "10.0.0.1", "10.0.0.2", ttl=7)
    found = Addresses(dns, API, 8080).resolve(1.0)
    assert set(found.endpoints) == {Endpoint(host, host, 8080) for host in ("10.0.0.1", "10.0.0.2")}
    assert found.ttl == 7
    (query,) = server.queries()
    assert (query.name, query.type, query.payload, query.count) == (f"{API}.", "A", PAYLOAD, 1)


def test_ipv6_serves_where_there_is_no_ipv4(server: RunningDns, dns: Dns) -> None:
    server.records(f"{API}.", "AAAA", "2001:db8::7")
    assert [one.host for one in Addresses(dns, API, 80).resolve(1.0).endpoints] == ["2001:db8::7"]


def test_a_chain_of_names_holds_as_long_as_its_weakest_part(server: RunningDns, dns: Dns) -> None:
    """As the name of an RDS instance, or of a load balancer."""
    server.records(f"{API}.", "CNAME", "lb.shop.internal.", ttl=60)
    server.records("lb.shop.internal.", "A", "10.0.0.9", ttl=5)
    found = Addresses(dns, API, 80).resolve(1.0)
    assert ([one.host for one in found.endpoints], found.ttl) == (["10.0.0.9"], 5)


@pytest.mark.parametrize("name", ["10.0.0.7", "::1"])
def test_an_address_stands_for_itself(server: RunningDns, dns: Dns, name: str) -> None:
    assert [one.host for one in Addresses(dns, name, 80).resolve(1.0).endpoints] == [name]
    assert server.queries() == []


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("nxdomain", ResolveFailure.NO_NAME),
        ("nodata", ResolveFailure.NO_DATA),
        ("servfail", ResolveFailure.FAILED),
        ("refused", ResolveFailure.FAILED),
        ("garbage", ResolveFailure.TIMEOUT),
        ("wrong_id", ResolveFailure.TIMEOUT),
        ("drop", ResolveFailure.TIMEOUT),
    ],
)
def test_failures_are_kept_apart(server: RunningDns, dns: Dns, kind: str, expected: ResolveFailure) -> None:
    server.records(f"{API}.", "A", "10.0.0.1")
    server.fault(kind)
    assert trouble(dns) is expected


def test_nobody_at_the_resolvers_address_is_a_failure(server: RunningDns) -> None:
    assert trouble(Dns(("127.0.0.1", 9))) in {ResolveFailure.FAILED, ResolveFailure.TIMEOUT}


def test_a_silent_resolver_is_given_no_more_than_the_deadline(server: RunningDns, dns: Dns) -> None:
    """The deadline as the client knows it: how many questions fit into it, not how long the machine took."""
    server.fault("drop")
    trouble(dns, seconds=1.0)
    assert sum(query.count for query in server.queries()) <= 3


@pytest.mark.parametrize("kind", ["servfail", "refused", "drop"])
def test_the_second_resolver_is_asked_where_the_first_fails(
    resolvers: tuple[RunningDns, RunningDns], server: RunningDns, kind: str
) -> None:
    _, second = resolvers
    server.fault(kind)
    second.records(f"{API}.", "A", "10.0.0.1")
    both = Dns((server.host, server.port), (second.host, second.port))
    assert [one.host for one in Addresses(both, API, 80).resolve(1.0).endpoints] == ["10.0.0.1"]


def test_a_name_is_absolute(server: RunningDns, dns: Dns) -> None:
    trouble(dns, "api")
    assert {query.name for query in server.queries()} == {"api."}


def test_an_empty_label_is_no_name(server: RunningDns, dns: Dns) -> None:
    assert trouble(dns, "a..b") is ResolveFailure.FAILED


def test_services_carry_their_ports_and_their_order(server: RunningDns, dns: Dns) -> None:
    server.records(f"{SRV}.", "SRV", "1 1 8080 t1.shop.internal.", "2 1 9090 t2.shop.internal.", ttl=9)
    server.records("t1.shop.internal.", "A", "10.0.0.1")
    server.records("t2.shop.internal.", "A", "10.0.0.2")
    found = SrvRecords(dns, SRV).resolve(1.0)
    assert set(found.endpoints) == {
        Endpoint("t1.shop.internal", "10.0.0.1", 8080, 1),
        Endpoint("t2.shop.internal", "10.0.0.2", 9090, 2),
    }
    assert found.ttl == 9


@pytest.mark.parametrize("fault", ["", "truncate"])
def test_many_tasks_fit_into_one_answer_or_come_over_tcp(server: RunningDns, dns: Dns, fault: str) -> None:
    """Names as Fargate's: eight records are more than the 512 bytes that a client without EDNS can take."""
    targets = [f"{number:032x}.api.shop.internal." for number in range(8)]
    server.records(f"{SRV}.", "SRV", *[f"1 1 8080 {target}" for target in targets])
    for number, target in enumerate(targets):
        server.records(target, "A", f"10.0.0.{number}")
    if fault:
        server.fault(fault, type="SRV")
    assert len(SrvRecords(dns, SRV).resolve(1.0).endpoints) == 8
    transports = {query.transport for query in server.queries() if query.type == "SRV"}
    assert transports == ({"udp", "tcp"} if fault else {"udp"})


def test_a_task_that_has_just_gone_does_not_hide_the_others(server: RunningDns, dns: Dns) -> None:
    server.records(f"{SRV}.", "SRV", "1 1 8080 gone.shop.internal.", "1 1 8080 t2.shop.internal.")
    server.records("t2.shop.internal.", "A", "10.0.0.2")
    assert [one.host for one in SrvRecords(dns, SRV).resolve(1.0).endpoints] == ["10.0.0.2"]
    server.records("t2.shop.internal.", "A")
    with pytest.raises(ResolveError) as caught:
        SrvRecords(dns, SRV).resolve(1.0)
    assert caught.value.failure is ResolveFailure.NO_NAME


def test_no_such_service_is_said_with_a_lone_dot(server: RunningDns, dns: Dns) -> None:
    server.records(f"{SRV}.", "SRV", "0 0 0 .")
    with pytest.raises(ResolveError) as caught:
        SrvRecords(dns, SRV).resolve(1.0)
    assert caught.value.failure is ResolveFailure.EMPTY


# The names of replicas


def test_a_replica_that_moved_is_found_once_its_address_is_old(server: RunningDns, dns: Dns) -> None:
    names = CachedNames(dns, Ages(soft_ttl=0.05, min_ttl=0.05, max_ttl=0.05, hard_ttl=0.05, min_interval=0.0))
    server.records(f"{API}.", "A", "10.0.0.1", ttl=0)
    assert names.addresses(API) == ["10.0.0.1"]
    server.records(f"{API}.", "A", "10.0.0.2", ttl=0)
    deadline = time.monotonic() + 10
    while names.addresses(API) != ["10.0.0.2"]:
        assert time.monotonic() < deadline


def test_a_replica_is_still_found_while_the_dns_is_silent(server: RunningDns, dns: Dns) -> None:
    names = CachedNames(dns, Ages(soft_ttl=0.0, min_ttl=0.0, max_ttl=0.0, hard_ttl=0.0, min_interval=0.0, timeout=0.2))
    server.records(f"{API}.", "A", "10.0.0.1")
    names.addresses(API)
    server.fault("drop")
    assert names.addresses(API) == ["10.0.0.1"]


def test_a_replica_without_a_name_is_unavailable(server: RunningDns, dns: Dns) -> None:
    with pytest.raises(SourceError, match=f"{API}: there is no such name, A {API}") as caught:
        CachedNames(dns).addresses(API)
    assert caught.value.code == "DB_UNAVAILABLE"
