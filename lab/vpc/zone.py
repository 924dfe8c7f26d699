"""The DNS server of the VPC: knot in host `dns`, with a private zone that takes dynamic updates (RFC 2136).

It also serves the names outside the VPC, because the hosts of the VPC have no other server.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from lab.processes import child, wait_until
from lab.vpc.vpc import Vpc

DOMAIN: Final = "shop.internal"
# The names outside, and their hosts. For some calls, the client of the service adds the prefix `data-` to the name.
OUTSIDE: Final = {
    "slack.test": "slack",
    "servicediscovery.us-east-1.amazonaws.com": "registry",
    "data-servicediscovery.us-east-1.amazonaws.com": "registry",
    "abc123.execute-api.us-east-1.amazonaws.com": "gateway",
}
OUTSIDE_TTL_SECONDS: Final = 60
SOCKET: Final = "knot.sock"
READY_SECONDS: Final = 20.0

CONFIGURATION: Final = """
server:
  rundir: /run
  listen: [{address}@53, 127.0.0.1@53]
database:
  storage: {folder}
acl:
  - id: updates
    address: 127.0.0.1
    action: update
template:
  - id: default
    storage: {folder}
    zonefile-sync: -1
    journal-content: none
zone:
  - domain: {domain}
    acl: updates
"""
# The only name server is this one; the last number is the negative TTL.
START_OF_ZONE: Final = """
@ {negative} SOA dns.{domain}. hostmaster.{domain}. 1 3600 600 86400 {negative}
@ {negative} NS dns.{domain}.
"""


class Zone:
    """The private zone `domain`. The next query sees a change, unless the client has the old answer in its cache."""

    domain = DOMAIN

    def __init__(self, vpc: Vpc) -> None:
        self._vpc = vpc

    def set(self, name: str, kind: str, ttl_seconds: int, values: Sequence[str]) -> None:
        """Replace the records of a kind that a name of the zone has.

        Values are as in a zone file: `10.77.1.11` for A, `1 1 8080 task1.shop.internal.` for SRV. Raises VpcError.
        """
        full = self._full(name)
        added = [f"update add {full} {ttl_seconds} {kind} {value}" for value in values]
        self._update([f"update delete {full} {kind}", *added])

    def remove(self, name: str, kind: str) -> None:
        """Remove a name's records of a kind. Raises VpcError."""
        self.set(name, kind, 0, [])

    def _full(self, name: str) -> str:
        return f"{name}.{self.domain}."

    def _update(self, changes: list[str]) -> None:
        lines = ["server 127.0.0.1", f"zone {self.domain}.", *changes, "send", ""]
        programs = self._vpc.programs
        self._vpc.run("dns", [programs["knsupdate"]], stdin="\n".join(lines), env=programs.environment)


@contextmanager
def running_zone(vpc: Vpc, *, outside: Mapping[str, str] = OUTSIDE, negative_seconds: int = 1) -> Iterator[Zone]:
    """Serve the zone, with only the name `dns` in it, until the block or this process ends.

    `outside` are further names, and their hosts. `negative_seconds` is the negative TTL. Raises ChildError with the end
    of its log if it does not start.
    """
    folder = vpc.folder / "zones"
    folder.mkdir(exist_ok=True)
    start = START_OF_ZONE.format(domain=DOMAIN, negative=negative_seconds)
    _write(folder, DOMAIN, f"{start}dns {OUTSIDE_TTL_SECONDS} A {vpc.address('dns')}\n")
    for name, host in outside.items():
        _write(folder, name, f"{start}@ {OUTSIDE_TTL_SECONDS} A {vpc.address(host)}\n")
    configuration = CONFIGURATION.format(address=vpc.address("dns"), folder=folder, domain=DOMAIN)
    (folder / "knot.conf").write_text(configuration + "".join(f"  - domain: {name}\n" for name in outside))
    control = vpc.runtime / SOCKET
    control.unlink(missing_ok=True)
    command = vpc.command("dns", [vpc.programs["knotd"], "-c", folder / "knot.conf"])
    log = vpc.folder / "knot.log"
    with child(command, env=vpc.programs.environment, log=log, grace_seconds=1) as process:
        wait_until(control.exists, "the DNS server", READY_SECONDS, process)  # it is created last
        yield Zone(vpc)


def _write(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.zone").write_text(text)
