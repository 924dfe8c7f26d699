"""The resolver as a child process, and its control."""

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
    """How often one question came. `name` is absolute and in lower case, with its dot at the end.

    `transport` is udp or tcp; `payload` the bytes that the client said by EDNS it takes over UDP, None without EDNS.
    """

    name: str
    type: str
    transport: str
    payload: int | None
    count: int


@dataclass(frozen=True, slots=True)
class RunningDns:
    """A resolver at `host` and `port`, UDP and TCP. `process` can be killed or stopped.

    Everything here goes over its control socket, so it works across network namespaces and during any fault. Each of
    these raises ValueError, which says what is wrong.
    """

    host: str
    port: int
    process: Child
    control: Control

    def records(self, name: str, type: str, *data: str, ttl: int = 5) -> None:  # noqa: A002
        """Set what a name has of a type, in place of what it had; without `data`, nothing.

        `data` is as in a zone file: "10.0.0.7" for A, "::1" for AAAA, "1 50 8080 task-1.shop.internal." for SRV,
        "api.shop.internal." for CNAME. A name that has nothing left is NXDOMAIN, unless others end in it.
        """
        self.control.ask("POST", "records", {"name": name, "type": type, "ttl": ttl, "data": list(data)})

    def negative_ttl(self, seconds: int) -> None:
        """Say for how long clients may remember that there is nothing: the SOA's minimum, 5 s at the start."""
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
        """Misbehave from now on, or for `times` queries, in one of the ways of lab/dns/faults.py.

        Kinds: servfail, refused, nxdomain, nodata, drop (silence), slow (seconds), truncate (UDP alone), wrong_id,
        garbage. `name` (absolute, with its dot at the end), `type` and `transport` are patterns; the first fault that
        fits is the one that a query meets.
        """
        wish = {"name": name, "type": type, "transport": transport, "kind": kind, "times": times, **arguments}
        self.control.ask("POST", "faults", wish)

    def clear(self) -> None:
        """End all faults."""
        self.control.ask("DELETE", "faults")

    def reset(self) -> None:
        """Forget every record, fault and count."""
        self.control.ask("POST", "reset")

    def queries(self) -> list[Queries]:
        """Return what has been asked, whatever it met, in the order of the first time."""
        return [Queries(**entry) for entry in self.control.ask("GET", "calls")]

    def reset_queries(self) -> None:
        """Count from nothing again."""
        self.control.ask("DELETE", "calls")


@contextmanager
def running_dns(
    log: Path, *, host: str = "127.0.0.1", port: int | None = None, prefix: Prefix = as_is
) -> Iterator[RunningDns]:
    """Run a resolver until the block ends, or this process does.

    It binds to `host` and `port` (None: one that is free on loopback). `prefix` puts its process elsewhere, such as in
    a network namespace. Raises ChildError or TimeoutError, with the end of its log, if it does not start.
    """
    port = port or _free_port()
    with tempfile.TemporaryDirectory(prefix="dns-") as folder:  # a short path: a unix socket's has a limit
        control = Path(folder, "control")
        command = [sys.executable, "-m", "lab.dns", "--host", host, "--port", str(port), "--control", str(control)]
        with child(prefix(command), log=log, grace_seconds=1) as process:
            running = RunningDns(host, port, process, Control(control))
            wait_until(running.control.answers, "the resolver", READY_SECONDS, process)
            yield running


def _free_port() -> int:
    """A port that is free for UDP as well."""
    while True:
        port = free_port()
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
