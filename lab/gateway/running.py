"""The API Gateway stand-in as a child process, and its control."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lab.control import Control
from lab.gateway.signature import Account
from lab.processes import Child, Prefix, as_is, child, free_port, wait_until
from lab.tls import Certificate

READY_SECONDS: Final = 30.0
REGION: Final = "us-east-1"


@dataclass(frozen=True, slots=True)
class Call:
    """A request that came: its path and query as they were sent, the status of the answer, and why it was denied."""

    target: str
    status: int
    denied: str


@dataclass(frozen=True, slots=True)
class RunningGateway:
    """A gateway at `host` and `port`. `process` can be killed or stopped.

    Everything here goes over its control socket, so it works across network namespaces. Each of these raises
    ValueError, which says what is wrong.
    """

    host: str
    port: int
    process: Child
    control: Control

    def configure(self, **settings: Any) -> None:
        """Change some of the Settings in lab/gateway/gateway.py, such as burst=1; the bucket of requests is full."""
        self.control.ask("POST", "settings", settings)

    def reset(self) -> None:
        """Be as at the start."""
        self.control.ask("POST", "reset")

    def calls(self) -> list[Call]:
        """Return the last thousand requests, oldest first."""
        return [Call(**call) for call in self.control.ask("GET", "calls")]


@contextmanager
def running_gateway(
    log: Path,
    certificate: Certificate,
    registry: str,
    namespace: str,
    service: str,
    *,
    role_attribute: str = "",
    account: Account | None = None,
    region: str = REGION,
    host: str = "127.0.0.1",
    port: int | None = None,
    prefix: Prefix = as_is,
) -> Iterator[RunningGateway]:
    """Run an API until the block ends, or this process does; its tasks are those that Cloud Map at `registry` knows.

    It serves TLS with the certificate, at `host` and `port` (None: one that is free on loopback), and lets in what the
    account (None: the lab's) has signed for the region. With a `role_attribute` there are routes to the leader and to
    the followers, as with RoleAttribute of infra/discovery/apigateway.yaml. `prefix` puts its process elsewhere, such
    as in a network namespace. Raises ChildError or TimeoutError, with the end of its log, if it does not start.
    """
    port, account = port or free_port(), account or Account()
    secret = {"ACCESS_KEY": account.access_key, "SECRET_KEY": account.secret_key, "TOKEN": account.token}
    env = {**os.environ, **{f"GATEWAY_{name}": value for name, value in secret.items()}}
    with tempfile.TemporaryDirectory(prefix="gateway-") as folder:  # a short path: a unix socket's has a limit
        control = Path(folder, "control")
        command = [sys.executable, "-m", "lab.gateway", "--host", host, "--port", str(port), "--control", str(control)]
        command += ["--cert", str(certificate.cert), "--key", str(certificate.key), "--region", region]
        command += ["--registry", registry, "--namespace", namespace, "--service", service]
        command += ["--role-attribute", role_attribute]
        with child(prefix(command), env=env, log=log, grace_seconds=1) as process:
            running = RunningGateway(host, port, process, Control(control))
            wait_until(running.control.answers, "API Gateway", READY_SECONDS, process)
            yield running
