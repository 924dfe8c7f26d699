"""Runs a task of the sample API as a child process, and controls it."""

from __future__ import annotations

import json
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, Final

from lab.processes import Child, Prefix, as_is, child, free_port, wait_until
from lab.tls import Certificate

HOST: Final = "127.0.0.1"
READY_SECONDS: Final = 30.0
CONTROL_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class RunningApi:
    """A task that listens on `host` and `port`. `process` can be killed or stopped.

    Its control API is on the same port, or on `reached_at` of our loopback if a relay leads there.
    """

    name: str
    host: str
    port: int
    process: Child
    tls: bool
    reached_at: int

    @property
    def url(self) -> str:
        """The base URL, as http(s)://host:port."""
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"

    def fault(self, path: str, kind: str, *, times: int | None = None, **arguments: Any) -> None:
        """Inject a fault of lab/api/faults.py into requests for `path`. Raises ValueError."""
        self._control("POST", "faults", {"path": path, "kind": kind, "times": times, **arguments})

    def clear(self) -> None:
        """Clear all faults."""
        self._control("DELETE", "faults")

    def requests(self) -> list[dict[str, Any]]:
        """Return the last thousand requests, oldest first: method, path (encoded), headers, client_port."""
        requests: list[dict[str, Any]] = self._control("GET", "requests")
        return requests

    def answers(self) -> bool:
        """Return whether the task responds."""
        try:
            self.requests()
        except (OSError, HTTPException):
            return False
        return True

    def _control(self, method: str, what: str, wish: Any = None) -> Any:
        connection = self._connection()
        try:
            connection.request(method, f"/_control/{what}", json.dumps(wish))
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            raise ValueError(text.decode())
        return json.loads(text) if text else None

    def _connection(self) -> HTTPConnection:
        if not self.tls:
            return HTTPConnection(HOST, self.reached_at, timeout=CONTROL_SECONDS)
        context = ssl.create_default_context()
        context.check_hostname = False  # a test may have given it an invalid certificate on purpose
        context.verify_mode = ssl.CERT_NONE
        return HTTPSConnection(HOST, self.reached_at, timeout=CONTROL_SECONDS, context=context)


@contextmanager
def running_api(
    log: Path,
    *,
    name: str = "task-1",
    service: str = "shop",
    certificate: Certificate | None = None,
    required_header: str | None = None,
    host: str = HOST,
    port: int | None = None,
    reached_at: int | None = None,
    prefix: Prefix = as_is,
) -> Iterator[RunningApi]:
    """Run one task of a service until the block or this process ends.

    With a certificate it serves TLS; with `required_header` ("name=value") it requires that header. It binds to `host`
    and `port` (None: a free port on loopback). `prefix` runs its process elsewhere, such as in a network namespace;
    `reached_at` is then the port of our loopback from which a relay leads there. Raises ChildError, with the end of its
    log, if it does not start.
    """
    port = port or free_port()
    command = [sys.executable, "-m", "lab.api", "--host", host, "--port", str(port), "--name", name]
    command += ["--service", service]
    if certificate:
        command += ["--cert", str(certificate.cert), "--key", str(certificate.key)]
    if required_header:
        command += ["--require-header", required_header]
    with child(prefix(command), log=log, grace_seconds=1) as process:
        running = RunningApi(name, host, port, process, certificate is not None, reached_at or port)
        wait_until(running.answers, f"the sample API's {name}", READY_SECONDS, process)
        yield running
