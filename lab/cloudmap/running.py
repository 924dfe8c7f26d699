"""Runs the Cloud Map stand-in as a child process, and controls it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lab.control import Control
from lab.processes import Child, Prefix, as_is, child, free_port, wait_until
from lab.tls import Certificate

READY_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class RunningCloudMap:
    """A registry at `url`, which has no path. `process` can be killed or stopped.

    All methods use its control socket, so they work across network namespaces and during any fault, and do not count as
    calls or towards the rate limits. All raise ValueError with what is wrong.
    """

    url: str
    process: Child
    control: Control

    @property
    def env(self) -> Mapping[str, str]:
        """The environment for botocore: its address, and no host prefix (`data-`)."""
        return {"AWS_ENDPOINT_URL_SERVICEDISCOVERY": self.url, "AWS_DISABLE_HOST_PREFIX_INJECTION": "true"}

    def create(self, namespace: str, service: str, *, health_check: bool = True) -> None:
        """Create an HTTP namespace, unless it exists, and a service in it, with or without a custom health check."""
        wish = {"namespace": namespace, "service": service, "health_check": health_check}
        self.control.ask("POST", "services", wish)

    def register(self, namespace: str, service: str, instance_id: str, attributes: Mapping[str, str]) -> None:
        """Call RegisterInstance, with its lags; create the service first if it does not exist (`create`)."""
        wish = {"namespace": namespace, "service": service, "instance_id": instance_id, "attributes": dict(attributes)}
        self.control.ask("POST", "register", wish)

    def deregister(self, namespace: str, service: str, instance_id: str) -> None:
        """Call DeregisterInstance."""
        self.control.ask("POST", "deregister", {"namespace": namespace, "service": service, "instance_id": instance_id})

    def health(self, namespace: str, service: str, instance_id: str, status: str) -> None:
        """Call UpdateInstanceCustomHealthStatus, with its lag. `status` is HEALTHY or UNHEALTHY."""
        wish = {"namespace": namespace, "service": service, "instance_id": instance_id, "status": status}
        self.control.ask("POST", "health", wish)

    def advance(self, seconds: float) -> None:
        """Advance its clock."""
        self.control.ask("POST", "advance", {"seconds": seconds})

    def configure(self, **settings: Any) -> None:
        """Change some of the Settings in lab/cloudmap/model.py, such as attribute_lag_seconds=5."""
        self.control.ask("POST", "settings", settings)

    def fault(self, kind: str, *, operation: str = "*", times: int | None = None, **arguments: Any) -> None:
        """Inject a fault of lab/cloudmap/faults.py, from now on or for `times` calls.

        Kinds: latency (seconds), refuse, cut, hang, error (status), throttle, denied, stale (seconds). `operation` is a
        pattern such as "Discover*". A call meets the first fault that matches it. `refuse` affects every client until
        `clear`: nothing listens on the port, and open connections are cut.
        """
        self.control.ask("POST", "faults", {"operation": operation, "kind": kind, "times": times, **arguments})

    def clear(self) -> None:
        """Clear all faults."""
        self.control.ask("DELETE", "faults")

    def reset(self) -> None:
        """Reset namespaces, faults, settings and counts. Its clock and the revisions go on: revisions only rise."""
        self.control.ask("POST", "reset")

    def calls(self) -> dict[str, int]:
        """Return the number of received calls by operation (DiscoverInstances and so on), failed ones included."""
        calls: dict[str, int] = self.control.ask("GET", "calls")
        return calls

    def reset_calls(self) -> None:
        """Reset the counts of calls."""
        self.control.ask("DELETE", "calls")


@contextmanager
def running_cloudmap(
    log: Path,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    name: str | None = None,
    prefix: Prefix = as_is,
    certificate: Certificate | None = None,
    still: bool = False,
) -> Iterator[RunningCloudMap]:
    """Run a registry until the block or this process ends.

    It binds to `host` and `port` (None: a free port on loopback). Its URL contains `name` (None: the host). `prefix`
    runs its process elsewhere, such as in a network namespace. With a certificate it serves TLS. With `still` its clock
    moves only by `advance`. Raises ChildError or TimeoutError, with the end of its log, if it does not start.
    """
    port = port or free_port()
    with tempfile.TemporaryDirectory(prefix="cloudmap-") as folder:  # short: a socket's path has a maximum length
        control = Path(folder, "control")
        command = [sys.executable, "-m", "lab.cloudmap", "--host", host, "--port", str(port)]
        command += ["--control", str(control), *(["--still"] if still else [])]
        if certificate:
            command += ["--cert", str(certificate.cert), "--key", str(certificate.key)]
        with child(prefix(command), log=log, grace_seconds=1) as process:
            running = RunningCloudMap(
                f"{'https' if certificate else 'http'}://{name or host}:{port}", process, Control(control)
            )
            wait_until(running.control.answers, "Cloud Map", READY_SECONDS, process)
            yield running
