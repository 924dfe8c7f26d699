"""The resolver, as dnspython's stub sees it."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver
import pytest

from lab.dns import Queries, RunningDns, running_dns

NAME = "api.shop.internal."
SERVICE = "_api._tcp.shop.internal."
PATIENCE = 20.0
HASTY: dict[str, Callable[..., object]] = {"udp": partial(dns.query.udp, ignore_errors=True), "tcp": dns.query.tcp}


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDns]:
    with running_dns(tmp_path_factory.mktemp("dns") / "log") as running:
        yield running


@pytest.fixture
def server(process: RunningDns) -> RunningDns:
    process.reset()
    return process


@pytest.fixture
def stub(server: RunningDns) -> dns.resolver.Resolver:
    """It asks with an absolute name, once, and remembers nothing."""
    stub = dns.resolver.Resolver(configure=False)
    stub.nameservers, stub.port = [server.host], server.port
    stub.timeout = stub.lifetime = PATIENCE
    return stub


Query = Callable[[RunningDns], dns.message.Message]


def texts(answer: dns.resolver.Answer) -> list[str]:
    return sorted(record.to_text() for record in answer)


def udp(server: RunningDns, name: str = NAME, kind: str = "A", payload: int | None = None) -> dns.message.Message:
    query = dns.message.make_query(name, kind, use_edns=False if payload is None else 0, payload=payload or 0)
    return dns.query.udp(query, server.host, PATIENCE, server.port)


def tcp(server: RunningDns, name: str = NAME, kind: str = "A") -> dns.message.Message:
    return dns.query.tcp(dns.message.make_query(name, kind), server.host, PATIENCE, server.port)


def many(server: RunningDns, count: int = 8) -> None:
    """As many tasks as Cloud Map gives at once, with names as ECS gives them."""
    server.records(SERVICE, "SRV", *(f"1 1 8080 {number:032x}.api.shop.internal." for number in range(count)))


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("A", ["10.0.0.7", "10.0.0.8"]),
        ("AAAA", ["2001:db8::7"]),
        ("SRV", ["1 50 8080 task-1.shop.internal.", "2 50 8081 task-2.shop.internal."]),
    ],
)
def test_records_are_found_with_their_ttl(
    server: RunningDns, stub: dns.resolver.Resolver, kind: str, data: list[str]
) -> None:
    server.records(NAME, kind, *data, ttl=7)
    answer = stub.resolve("API.shop.Internal.", kind)
    assert texts(answer) == data
    assert answer.rrset is not None
    assert answer.rrset.ttl == 7
    assert answer.response.flags & dns.flags.RA
    assert texts(stub.resolve(NAME, kind, tcp=True)) == data


def test_records_are_replaced_and_removed(server: RunningDns, stub: dns.resolver.Resolver) -> None:
    server.records(NAME, "A", "10.0.0.7")
    server.records(NAME, "A", "10.0.0.8", ttl=60)
    assert texts(stub.resolve(NAME)) == ["10.0.0.8"]
    server.records(NAME, "A")
    with pytest.raises(dns.resolver.NXDOMAIN):
        stub.resolve(NAME)


def test_the_order_cannot_be_relied_on(server: RunningDns) -> None:
    server.records(NAME, "A", *(f"10.0.0.{number}" for number in range(8)))
    assert len({udp(server).answer[0][0].to_text() for _ in range(50)}) > 1


def test_an_alias_is_followed(server: RunningDns, stub: dns.resolver.Resolver) -> None:
    server.records("www.shop.internal", "CNAME", NAME, ttl=60)
    server.records(NAME, "A", "10.0.0.7", ttl=5)
    answer = stub.resolve("www.shop.internal.")
    assert (texts(answer), answer.canonical_name.to_text()) == (["10.0.0.7"], NAME)
    server.records(NAME, "A")
    with pytest.raises(dns.resolver.NXDOMAIN):
        stub.resolve("www.shop.internal.")
    server.records(NAME, "CNAME", "www.shop.internal.")
    assert udp(server).rcode() == dns.rcode.SERVFAIL


def test_nothing_is_told_from_no_name_and_both_may_be_remembered(
    server: RunningDns, stub: dns.resolver.Resolver
) -> None:
    server.records(NAME, "A", "10.0.0.7")
    server.negative_ttl(9)
    for name, kind in [(NAME, "AAAA"), ("shop.internal.", "A")]:
        with pytest.raises(dns.resolver.NoAnswer):
            stub.resolve(name, kind)
    with pytest.raises(dns.resolver.NXDOMAIN):
        stub.resolve("no.shop.internal.")
    (authority,) = udp(server, "no.shop.internal.").authority
    assert (authority.ttl, authority[0].minimum) == (9, 9)


def test_what_does_not_fit_is_truncated(server: RunningDns, stub: dns.resolver.Resolver) -> None:
    many(server)
    assert len(tcp(server, SERVICE, "SRV").to_wire()) > 512
    assert udp(server, SERVICE, "SRV").flags & dns.flags.TC
    assert udp(server, SERVICE, "SRV", payload=500).flags & dns.flags.TC
    assert not udp(server, SERVICE, "SRV", payload=1232).flags & dns.flags.TC
    many(server, 30)
    assert udp(server, SERVICE, "SRV", payload=1232).flags & dns.flags.TC
    server.reset_queries()
    assert len(stub.resolve(SERVICE, "SRV")) == 30
    stub.use_edns(0, 0, 4096)
    stub.resolve(SERVICE, "SRV")
    assert server.queries() == [
        Queries(SERVICE, "SRV", "udp", None, 1),
        Queries(SERVICE, "SRV", "tcp", None, 1),
        Queries(SERVICE, "SRV", "udp", 4096, 1),
    ]


@pytest.mark.parametrize("transport", [udp, tcp])
@pytest.mark.parametrize(
    ("kind", "code", "authority"), [("servfail", 2, 0), ("refused", 5, 0), ("nxdomain", 3, 1), ("nodata", 0, 1)]
)
def test_a_wrong_answer(server: RunningDns, transport: Query, kind: str, code: int, authority: int) -> None:
    server.records(NAME, "A", "10.0.0.7")
    server.fault(kind)
    answer = transport(server)
    assert (answer.rcode(), answer.answer, len(answer.authority)) == (code, [], authority)
    server.clear()
    assert len(transport(server).answer) == 1


def test_a_fault_is_for_what_it_names_and_so_often(server: RunningDns) -> None:
    server.records(NAME, "A", "10.0.0.7")
    server.records("db.shop.internal", "A", "10.0.0.8")
    server.fault("servfail", name="api.*", type="A", transport="udp", times=2)
    assert udp(server, "db.shop.internal.").rcode() == udp(server, kind="AAAA").rcode() == tcp(server).rcode() == 0
    assert [udp(server).rcode() for _ in range(3)] == [2, 2, 0]


@pytest.mark.parametrize(("kind", "says"), [("tired", "servfail"), ("slow", "seconds")])
def test_a_fault_or_a_record_that_makes_no_sense(server: RunningDns, kind: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        server.fault(kind)
    with pytest.raises(ValueError, match="NONSENSE"):
        server.records(NAME, "NONSENSE", "x")
    with pytest.raises(ValueError, match=NAME):
        server.records(NAME, "A", "10.0.0.256")


@pytest.mark.parametrize(("transport", "kind"), [("udp", "drop"), ("tcp", "drop"), ("udp", "wrong_id")])
def test_a_client_hears_nothing_that_it_can_use(server: RunningDns, transport: str, kind: str) -> None:
    server.records(NAME, "A", "10.0.0.7")
    server.fault(kind)
    query = dns.message.make_query(NAME, "A")
    with pytest.raises(dns.exception.Timeout):
        HASTY[transport](query, server.host, 0.2, server.port)
    assert [each.transport for each in server.queries()] == [transport]


def test_the_wrong_id_is_on_a_right_answer(server: RunningDns) -> None:
    server.records(NAME, "A", "10.0.0.7")
    server.fault("wrong_id")
    with pytest.raises(dns.query.BadResponse):
        tcp(server)


@pytest.mark.parametrize("transport", [udp, tcp])
def test_garbage(server: RunningDns, transport: Query) -> None:
    server.fault("garbage")
    with pytest.raises(dns.exception.DNSException):
        transport(server)


def test_a_truncated_answer_is_whole_by_tcp(server: RunningDns, stub: dns.resolver.Resolver) -> None:
    server.records(NAME, "A", "10.0.0.7")
    server.fault("truncate")
    assert udp(server).flags & dns.flags.TC
    assert udp(server).answer == []
    assert texts(stub.resolve(NAME)) == ["10.0.0.7"]


def test_a_slow_answer_holds_up_nobody(server: RunningDns) -> None:
    server.records(NAME, "A", "10.0.0.7")
    server.fault("slow", seconds=0.3, times=1)

    async def race() -> list[str]:
        done: list[str] = []

        async def ask(kind: str) -> None:
            query = dns.message.make_query(NAME, kind)
            await dns.asyncquery.udp(query, server.host, PATIENCE, server.port)
            done.append(kind)

        slow = asyncio.create_task(ask("A"))
        while not server.queries():
            await asyncio.sleep(0.01)
        await ask("AAAA")
        await slow
        return done

    assert asyncio.run(race()) == ["AAAA", "A"]


def test_what_is_no_query_is_not_answered_and_harms_nothing(server: RunningDns) -> None:
    server.records(NAME, "A", "10.0.0.7")
    with closing(socket.socket(type=socket.SOCK_DGRAM)) as noise:
        for junk in (
            b"",
            b"\x00",
            b"\xff" * 600,
            dns.message.make_response(dns.message.make_query(NAME, "A")).to_wire(),
        ):
            noise.sendto(junk, (server.host, server.port))
    assert len(udp(server).answer) == 1
    assert len(server.queries()) == 1


def test_questions_are_counted_one_by_one(server: RunningDns) -> None:
    for _ in range(3):
        udp(server, "API.Shop.internal.", payload=1232)
    tcp(server, kind="SRV")
    assert server.queries() == [Queries(NAME, "A", "udp", 1232, 3), Queries(NAME, "SRV", "tcp", None, 1)]
    server.reset_queries()
    assert server.queries() == []


def test_a_prefix_puts_it_elsewhere(tmp_path: Path) -> None:
    with running_dns(tmp_path / "log", prefix=lambda command: ["nice", "-n", "3", *command]) as server:
        assert os.getpriority(os.PRIO_PROCESS, server.process.pid) == os.getpriority(os.PRIO_PROCESS, 0) + 3
