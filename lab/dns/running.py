"""Runs the resolver as a child process, and controls it."""

from __future__ import annotations

import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lab.control import Control
from lab.processes import Child, Prefix, as_is, child, free_port, wait_until

READY_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Queries:
    """How often one question was asked. `name` is absolute and in lower case, with a trailing dot.

    `transport` is udp or tcp; `payload` is the UDP size that the client announced by EDNS, in bytes, None without EDNS.
    """

    name: str
    type: str
    transport: str
    payload: int | None
    count: int


@dataclass(frozen=True, slots=True)
class RunningDns:
    """A resolver at `host` and `port`, UDP and TCP. `process` can be killed or stopped.

    All methods use its control socket, so they work across network namespaces and during any fault. All raise
    ValueError with what is wrong.
    """

    host: str
    port: int
    process: Child
    control: Control

    def records(self, name: str, type: str, *data: str, ttl: int = 5) -> None:  # noqa: A002
        """Replace a name's records of this type; without `data`, remove them.

        `data` is as in a zone file: "10.0.0.7" for A, "::1" for AAAA, "1 50 8080 task-1.shop.internal." for SRV,
        "api.shop.internal." for CNAME. A name without any records is NXDOMAIN, unless another name ends in it.
        """
        self.control.ask("POST", "records", {"name": name, "type": type, "ttl": ttl, "data": list(data)})

    def negative_ttl(self, seconds: int) -> None:
        """Set how long clients may cache negative answers: the SOA's minimum, 5 s at the start."""
        self.control.ask("POST", "negative-ttl", {"seconds": seconds})

    def fault(
        self,
        kind: str,
        *,
        name: str = "*",
        type: str = "*",  # noqa: A002
        transport: str = "*",
        times: int | None = None,
        **arguments: Any,
    ) -> None:
        """Inject a fault of lab/dns/faults.py, from now on or for `times` queries.

        Kinds: servfail, refused, nxdomain, nodata, drop (no answer), slow (seconds), truncate (UDP only), wrong_id,
        garbage. `name` (absolute, with a trailing dot), `type` and `transport` are patterns; a query meets the first
        fault that matches it.
        """
        wish = {"name": name, "type": type, "transport": transport, "kind": kind, "times": times, **arguments}
        self.control.ask("POST", "faults", wish)

    def clear(self) -> None:
        """Clear all faults."""
        self.control.ask("DELETE", "faults")

    def reset(self) -> None:
        """Remove all records, faults and counts."""
        self.control.ask("POST", "reset")

    def queries(self) -> list[Queries]:
        """Return the received queries, whatever was answered, ordered by first arrival."""
        return [Queries(**entry) for entry in self.control.ask("GET", "calls")]

    def reset_queries(self) -> None:
        """Reset the counts of queries."""
        self.control.ask("DELETE", "calls")


@contextmanager
def running_dns(
    log: Path, *, host: str = "127.0.0.1", port: int | None = None, prefix: Prefix = as_is
) -> Iterator[RunningDns]:
    """Run a resolver until the block or this process ends.

    It binds to `host` and `port` (None: a free port on loopback). `prefix` runs its process elsewhere, such as in a
    network namespace. Raises ChildError or TimeoutError, with the end of its log, if it does not start.
    """
    port = port or _free_port()
    with tempfile.TemporaryDirectory(prefix="dns-") as folder:  # short: a socket's path has a maximum length
        control = Path(folder, "control")
        command = [sys.executable, "-m", "lab.dns", "--host", host, "--port", str(port), "--control", str(control)]
        with child(prefix(command), log=log, grace_seconds=1) as process:
            running = RunningDns(host, port, process, Control(control))
            wait_until(running.control.answers, "the resolver", READY_SECONDS, process)
            yield running


def _free_port() -> int:
    """Return a port that is free for both TCP and UDP."""
    while True:
        port = free_port()
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
