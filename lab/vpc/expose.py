"""Forwards a port of a host in the VPC to this machine's loopback, for the control APIs."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from lab.processes import child, free_port, listening, wait_until
from lab.vpc.vpc import Vpc

READY_SECONDS: Final = 20.0
RELAY: Final = (sys.executable, "-m", "lab.relay")


@contextmanager
def exposed(vpc: Vpc, host: str, port: int) -> Iterator[int]:
    """Yield a loopback port that leads to a port of a host, whether or not something listens there yet."""
    ours, log = free_port(), vpc.folder / f"relay-{host}-{port}.log"
    with tempfile.TemporaryDirectory(prefix="relay-") as folder:  # short: a socket's path has a maximum length
        meeting = Path(folder, "socket")
        inside = vpc.command(host, [*RELAY, meeting, f"{vpc.address(host)}:{port}"])
        with (
            child(inside, log=log, grace_seconds=1) as inner,
            child([*RELAY, f"127.0.0.1:{ours}", meeting], log=log, grace_seconds=1) as outer,
        ):
            wait_until(meeting.exists, f"the relay in {host}", READY_SECONDS, inner)
            wait_until(lambda: listening(ours), "the relay on loopback", READY_SECONDS, outer)
            yield ours
