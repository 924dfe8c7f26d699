"""Runs the API Gateway stand-in as a child process, and controls it."""

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
    """A received request: its path and query as sent, the status of the response, and why it was denied."""

    target: str
    status: int
    denied: str


@dataclass(frozen=True, slots=True)
class RunningGateway:
    """A gateway at `host` and `port`. `process` can be killed or stopped.

    All methods use its control socket, so they work across network namespaces. All raise ValueError with what is wrong.
    """

    host: str
    port: int
    process: Child
    control: Control

    def configure(self, **settings: Any) -> None:
        """Change some of the Settings in lab/gateway/gateway.py, such as burst=1, and refill the rate limiter."""
        self.control.ask("POST", "settings", settings)

    def reset(self) -> None:
        """Restore the state at the start."""
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
    """Run an API until the block or this process ends. Its tasks are those in the Cloud Map at `registry`.

    It serves TLS with the certificate, at `host` and `port` (None: a free port on loopback), and accepts requests that
    the account (None: the lab's) has signed for the region. With a `role_attribute` there are routes to the leader and
    to the followers, as with RoleAttribute of infra/discovery/apigateway.yaml. `prefix` runs its process elsewhere,
    such as in a network namespace. Raises ChildError or TimeoutError, with the end of its log, if it does not start.
    """
    port, account = port or free_port(), account or Account()
    secret = {"ACCESS_KEY": account.access_key, "SECRET_KEY": account.secret_key, "TOKEN": account.token}
    env = {**os.environ, **{f"GATEWAY_{name}": value for name, value in secret.items()}}
    with tempfile.TemporaryDirectory(prefix="gateway-") as folder:  # short: a socket's path has a maximum length
        control = Path(folder, "control")
        command = [sys.executable, "-m", "lab.gateway", "--host", host, "--port", str(port), "--control", str(control)]
        command += ["--cert", str(certificate.cert), "--key", str(certificate.key), "--region", region]
        command += ["--registry", registry, "--namespace", namespace, "--service", service]
        command += ["--role-attribute", role_attribute]
        with child(prefix(command), env=env, log=log, grace_seconds=1) as process:
            running = RunningGateway(host, port, process, Control(control))
            wait_until(running.control.answers, "API Gateway", READY_SECONDS, process)
            yield running
