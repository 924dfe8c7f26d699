"""A DNS that is silent, fails, knows nothing yet or cuts its answers short, also for the name of the replica."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

import pytest

from handler.discovery.cache import AGES
from handler.errors import CODES
from lab.dns import RunningDns, running_dns
from lab.processes import child, wait_until
from lab.vpc import VpcError
from lab.vpc.cloud import API_PORT, DATABASE, NAMESPACE, PrivateCloud
from lab.vpc.expose import RELAY
from lab.vpc.zone import OUTSIDE
from tests.discovery_kit import CLOUDMAP, DNS, FRESH, MARGIN, OUTAGE, SRV, SURE_OUTAGE, Start, list_tasks

MANY = 20
BESIDE_PORT = 5353
# Who asks the VPC's resolver gets to the one beside it.
DETOUR = f"""
table ip detour {{
  chain arriving {{
    type nat hook prerouting priority dstnat
    udp dport 53 redirect to :{BESIDE_PORT}
    tcp dport 53 redirect to :{BESIDE_PORT}
  }}
}}
"""
OPEN = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])))"
API_NAME, API_SERVICES = f"api.{NAMESPACE}.", f"_api._tcp.{NAMESPACE}."
BOTH_NAMES = f"*api*.{NAMESPACE}."
# How old the address of a host may be at most (docs/discovery.md).
NAME_SECONDS = 5.0


@pytest.fixture(scope="module")
def running_resolver(private_cloud: PrivateCloud) -> Iterator[RunningDns]:
    vpc = private_cloud.vpc
    log, prefix = vpc.folder / "resolver.log", partial(vpc.command, "dns")
    with running_dns(log, host=vpc.address("dns"), port=BESIDE_PORT, prefix=prefix) as resolver:
        yield resolver


@pytest.fixture
def resolver(breakable_cloud: PrivateCloud, running_resolver: RunningDns) -> Iterator[RunningDns]:
    """The VPC's resolver in this test: one that knows the same names, with two tasks, and can be told to fail."""
    vpc, tasks = breakable_cloud.vpc, ("task1", "task2")
    running_resolver.reset()
    running_resolver.reset_queries()
    for name, host in {**OUTSIDE, DATABASE: "database", **{f"{task}.{NAMESPACE}": task for task in tasks}}.items():
        running_resolver.records(f"{name}.", "A", vpc.address(host))
    running_resolver.records(API_NAME, "A", *[vpc.address(task) for task in tasks])
    running_resolver.records(API_SERVICES, "SRV", *[f"1 1 {API_PORT} {task}.{NAMESPACE}." for task in tasks])
    nft, environment = vpc.programs["nft"], vpc.programs.environment
    vpc.run("dns", [nft, "-f", "-"], stdin=DETOUR, env=environment)
    yield running_resolver
    vpc.run("dns", [nft, "delete", "table", "ip", "detour"], env=environment)


def sessions(cloud: PrivateCloud) -> dict[int, str]:
    """The function's sessions on the replica, and the address that each comes from."""
    sql = "SELECT id, host FROM information_schema.processlist WHERE user = %s"
    return {
        number: host.partition(":")[0] for number, host in cloud.database.replica.query(sql, cloud.database.reader.user)
    }


def hang_up(cloud: PrivateCloud) -> list[int]:
    """End the function's sessions on the replica, and return their numbers."""
    ended = list(sessions(cloud))
    for number in ended:
        cloud.database.replica.query(f"KILL {number}")
    return ended


@pytest.mark.parametrize(
    ("uri", "kind", "code"),
    [
        (DNS, "servfail", "API_UNRESOLVED"),
        (SRV, "servfail", "API_UNRESOLVED"),
        (DNS, "drop", "API_UNRESOLVED"),
        (SRV, "nxdomain", "API_NO_INSTANCE"),
        (DNS, "nodata", "API_NO_INSTANCE"),
    ],
)
def test_a_dns_that_fails_from_the_start_is_named_and_asked_again(
    resolver: RunningDns, start: Start, uri: str, kind: str, code: str
) -> None:
    resolver.fault(kind, name=BOTH_NAMES)
    environment = start(uri)
    line = environment.fail()
    assert (line["code"], CODES[code].retry) == (code, True)
    assert f"({uri})" in line["detail"]
    assert environment.said == {"empty" if code == "API_NO_INSTANCE" else "refresh_failed": 1}
    resolver.clear()
    environment.later(AGES.retry_delay)
    environment.deliver()


@pytest.mark.parametrize("uri", [DNS, SRV])
def test_a_name_that_is_born_is_found(breakable_cloud: PrivateCloud, start: Start, uri: str) -> None:
    """By the zone's own server, as a service's first deployment does it."""
    environment = start(uri)
    assert environment.fail()["code"] == "API_NO_INSTANCE"
    list_tasks(breakable_cloud, "task1", "task2")
    environment.later(AGES.retry_delay)
    environment.deliver(MANY)


@pytest.mark.parametrize(
    ("names", "kind", "steps", "code"),
    [
        (BOTH_NAMES, "servfail", 10, "API_UNRESOLVED"),
        (BOTH_NAMES, "drop", 3, "API_UNRESOLVED"),
        (f"{DATABASE}.", "servfail", 10, "DB_UNAVAILABLE"),
    ],
)
def test_what_is_known_outlasts_the_dns_by_a_quarter_of_an_hour(
    resolver: RunningDns, start: Start, names: str, kind: str, steps: int, code: str
) -> None:
    """Each step is longer than a connection is kept for, so that all of them are opened anew."""
    environment = start(DNS)
    environment.deliver()
    resolver.fault(kind, name=names)
    for _ in range(steps):
        environment.later((SURE_OUTAGE - MARGIN) / steps)
        environment.deliver()
    environment.later(OUTAGE - SURE_OUTAGE + MARGIN)
    assert (environment.fail()["code"], CODES[code].retry) == (code, True)
    resolver.clear()
    environment.later(FRESH)
    environment.deliver(MANY)


def test_a_silent_dns_stops_no_event_after_the_first(breakable_cloud: PrivateCloud, start: Start) -> None:
    list_tasks(breakable_cloud, "task1", "task2")
    environment = start(DNS)
    environment.deliver(MANY)
    kept = sessions(breakable_cloud)
    breakable_cloud.vpc.cut("dns")
    environment.later(2 * NAME_SECONDS)
    environment.deliver(3)
    assert environment.said["refresh_failed"]
    assert sessions(breakable_cloud) == kept
    ended = hang_up(breakable_cloud)
    environment.deliver(3)
    assert not sessions(breakable_cloud).keys() & ended
    breakable_cloud.vpc.heal("dns")
    environment.later(FRESH)
    environment.deliver()
    assert environment.said["refresh"] == 2


def test_cloud_map_whose_name_nobody_says_is_a_registry_that_is_down(
    breakable_cloud: PrivateCloud, start: Start
) -> None:
    list_tasks(breakable_cloud, "task1", "task2")
    environment = start(CLOUDMAP)
    environment.deliver()
    breakable_cloud.vpc.cut("dns")
    breakable_cloud.cloudmap.fault("refuse")  # cuts the kept connection, so that the name is needed again
    breakable_cloud.cloudmap.clear()
    environment.later(FRESH)
    environment.deliver()
    assert environment.said["refresh_failed"] == 1
    breakable_cloud.vpc.heal("dns")
    environment.later(FRESH)
    environment.deliver()
    assert environment.said["refresh"] == 2


def test_a_name_is_asked_for_once_in_its_life(
    resolver: RunningDns, start: Start, breakable_cloud: PrivateCloud
) -> None:
    ttl = 20
    resolver.records(API_NAME, "A", breakable_cloud.vpc.address("task1"), ttl=ttl)
    environment = start(DNS)
    environment.deliver()
    resolver.reset_queries()
    for _ in range(60):
        environment.later(ttl / 4)
        environment.deliver()
    assert sum(query.count for query in resolver.queries() if query.name == API_NAME) == 15


def test_srv_records_that_are_cut_short_are_asked_for_by_tcp(resolver: RunningDns, start: Start) -> None:
    resolver.fault("truncate", type="SRV")
    environment = start(SRV)
    environment.deliver(MANY)
    assert environment.said == {"refresh": 1, "fresh": 1}
    assert {query.transport for query in resolver.queries() if query.name == API_SERVICES} == {"udp", "tcp"}


def test_a_replica_whose_name_moves_is_followed(breakable_cloud: PrivateCloud, start: Start) -> None:
    """A second address of the same server stands for the new one."""
    vpc, port = breakable_cloud.vpc, breakable_cloud.database.replica.port
    list_tasks(breakable_cloud, "task1")
    environment = start(DNS)
    environment.deliver()
    assert list(sessions(breakable_cloud).values()) == [vpc.address("function")]
    relay = [*RELAY, f"{vpc.address('task4')}:{port}", f"{vpc.address('database')}:{port}"]

    def listens() -> bool:
        with suppress(VpcError):
            vpc.run("function", [sys.executable, "-c", OPEN, vpc.address("task4"), str(port)])
            return True
        return False

    with child(vpc.command("task4", relay), log=vpc.folder / "second-address.log", grace_seconds=1) as process:
        wait_until(listens, "the second address", 20, process)
        breakable_cloud.zone.set("database", "A", 5, [vpc.address("task4")])
        environment.deliver()
        assert list(sessions(breakable_cloud).values()) == [vpc.address("function")]  # a session stays where it is
        environment.later(NAME_SECONDS)
        hang_up(breakable_cloud)
        environment.deliver()
        assert list(sessions(breakable_cloud).values()) == [vpc.address("task4")]
