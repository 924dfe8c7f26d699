"""The VPC's DNS server: what it knows, and how fast a change is seen."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.processes import child, wait_until
from lab.tls import Authority
from lab.vpc import Vpc, VpcError
from lab.vpc.zone import DOMAIN, OUTSIDE, Zone, running_zone

# As most programs ask: through the C library, and what is in /etc.
GETADDRINFO = """
import json, socket, sys
try:
    print(json.dumps(sorted({found[4][0] for found in socket.getaddrinfo(sys.argv[1], 80, socket.AF_INET)})))
except socket.gaierror as error:
    print(json.dumps(error.strerror))
"""
# With what the C library does not tell: kinds of records, and times to live.
RESOLVER = """
import json, sys
import dns.resolver
answer = dns.resolver.resolve(sys.argv[1], sys.argv[2], raise_on_no_answer=False).response
sections = answer.answer or answer.authority
print(json.dumps([[str(record), rrset.ttl] for rrset in sections for record in rrset]))
"""
OPEN = """
import ssl, sys, urllib.request
url, ca, patience = sys.argv[1:]
with urllib.request.urlopen(url, timeout=float(patience), context=ssl.create_default_context(cafile=ca)) as answer:
    print(answer.status)
"""


@pytest.fixture(scope="module")
def zone(vpc: Vpc) -> Iterator[Zone]:
    with running_zone(vpc, negative_seconds=2) as zone:
        yield zone


def addresses(vpc: Vpc, name: str) -> Any:
    return json.loads(vpc.run("function", [sys.executable, "-c", GETADDRINFO, name]))


def records(vpc: Vpc, name: str, kind: str) -> list[tuple[str, int]]:
    answer = json.loads(vpc.run("function", [sys.executable, "-c", RESOLVER, f"{name}.{DOMAIN}", kind]))
    return [(record, ttl) for record, ttl in answer]


def test_a_name_leads_to_its_addresses(vpc: Vpc, zone: Zone) -> None:
    tasks = [vpc.address("task1"), vpc.address("task2")]
    zone.set("api", "A", 5, tasks)
    assert addresses(vpc, f"api.{zone.domain}") == tasks
    assert sorted(records(vpc, "api", "A")) == [(task, 5) for task in tasks]


def test_a_change_is_seen_at_once(vpc: Vpc, zone: Zone) -> None:
    for task in ("task1", "task2", "task3"):
        zone.set("moving", "A", 60, [vpc.address(task)])
        assert addresses(vpc, f"moving.{DOMAIN}") == [vpc.address(task)]


def test_services_have_their_ports(vpc: Vpc, zone: Zone) -> None:
    services = [f"1 1 {port} {task}.{DOMAIN}." for port, task in ((8080, "task1"), (8081, "task2"))]
    zone.set("_api._tcp", "SRV", 7, services)
    assert sorted(records(vpc, "_api._tcp", "SRV")) == [(service, 7) for service in services]


def test_a_removed_name_is_not_there(vpc: Vpc, zone: Zone) -> None:
    zone.set("gone", "A", 5, [vpc.address("task1")])
    zone.set("gone", "TXT", 5, ['"stays"'])
    zone.remove("gone", "A")
    assert addresses(vpc, f"gone.{DOMAIN}") == "No address associated with hostname"
    assert records(vpc, "gone", "TXT") == [('"stays"', 5)]
    zone.remove("gone", "TXT")
    assert addresses(vpc, f"gone.{DOMAIN}") == "Name or service not known"


def test_how_long_an_absence_is_remembered_can_be_set(vpc: Vpc, zone: Zone) -> None:
    zone.set("half", "A", 5, [vpc.address("task1")])
    [(start, ttl)] = records(vpc, "half", "SRV")
    assert (start.split()[-1], ttl) == ("2", 2)


@pytest.mark.parametrize(("name", "host"), OUTSIDE.items())
def test_names_outside_are_known(vpc: Vpc, zone: Zone, name: str, host: str) -> None:
    assert addresses(vpc, name) == [vpc.address(host)]


def test_a_record_that_is_none_is_refused(zone: Zone) -> None:
    with pytest.raises(VpcError, match="knsupdate"):
        zone.set("api", "A", 5, ["not-an-address"])


def test_only_the_zone_itself_is_changed_and_only_from_its_own_host(vpc: Vpc, zone: Zone) -> None:
    programs = vpc.programs
    change = f"server {vpc.address('dns')}\nzone {DOMAIN}.\nupdate add evil.{DOMAIN}. 5 A 10.0.0.1\nsend\n"
    with pytest.raises(VpcError, match="NOTAUTH"):
        vpc.run("task1", [programs["knsupdate"]], stdin=change, env=programs.environment)


def test_a_silent_server_has_no_answer(breakable_vpc: Vpc, zone: Zone) -> None:
    breakable_vpc.cut("dns")
    impatient = ["env", "RES_OPTIONS=timeout:1 attempts:1", sys.executable, "-c", GETADDRINFO, f"dns.{DOMAIN}"]
    assert json.loads(breakable_vpc.run("function", impatient)) == "Temporary failure in name resolution"
    breakable_vpc.heal("dns")
    assert addresses(breakable_vpc, f"dns.{DOMAIN}") == [breakable_vpc.address("dns")]


def test_slack_is_reached_by_name_with_tls_through_the_nat(breakable_vpc: Vpc, zone: Zone, tmp_path: Path) -> None:
    vpc, authority = breakable_vpc, Authority.create(tmp_path / "tls")
    certificate = authority.issue("slack", "slack.test")
    served: list[str | Path] = [
        "--host",
        vpc.address("slack"),
        "--port",
        "443",
        "--cert",
        certificate.cert,
        "--key",
        certificate.key,
    ]
    log = tmp_path / "slack.log"
    call: list[str | Path] = [sys.executable, "-c", OPEN, "https://slack.test/_control/messages", authority.ca]
    with child(vpc.command("slack", [sys.executable, "-m", "lab.slack", *served]), log=log) as process:
        wait_until(lambda: "url" in log.read_text(), "Slack", 30, process)
        assert vpc.run("function", [*call, "20"]) == "200\n"
        vpc.cut("nat")
        with pytest.raises(VpcError, match="timed out"):
            vpc.run("function", [*call, "1"])
