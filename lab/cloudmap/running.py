"""The Cloud Map stand-in as a child process, and its control."""

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

    Everything here goes over its control socket, so it works across network namespaces, during any fault, and counts
    neither as a call nor towards the limits of the rate. Each of these raises ValueError, which says what is wrong.
    """

    url: str
    process: Child
    control: Control

    @property
    def env(self) -> Mapping[str, str]:
        """What botocore needs to find it: its address, and no `data-` before its name."""
        return {"AWS_ENDPOINT_URL_SERVICEDISCOVERY": self.url, "AWS_DISABLE_HOST_PREFIX_INJECTION": "true"}

    def create(self, namespace: str, service: str, *, health_check: bool = True) -> None:
        """Make an HTTP namespace, if it is not there, and a service in it, with a custom health check or with none."""
        wish = {"namespace": namespace, "service": service, "health_check": health_check}
        self.control.ask("POST", "services", wish)

    def register(self, namespace: str, service: str, instance_id: str, attributes: Mapping[str, str]) -> None:
        """Do RegisterInstance, with its lags; where there is no such service, `create` it first."""
        wish = {"namespace": namespace, "service": service, "instance_id": instance_id, "attributes": dict(attributes)}
        self.control.ask("POST", "register", wish)

    def deregister(self, namespace: str, service: str, instance_id: str) -> None:
        """Do DeregisterInstance."""
        self.control.ask("POST", "deregister", {"namespace": namespace, "service": service, "instance_id": instance_id})

    def health(self, namespace: str, service: str, instance_id: str, status: str) -> None:
        """Do UpdateInstanceCustomHealthStatus, with its lag. `status` is HEALTHY or UNHEALTHY."""
        wish = {"namespace": namespace, "service": service, "instance_id": instance_id, "status": status}
        self.control.ask("POST", "health", wish)

    def advance(self, seconds: float) -> None:
        """Move its clock on."""
        self.control.ask("POST", "advance", {"seconds": seconds})

    def configure(self, **settings: Any) -> None:
        """Change some of the Settings in lab/cloudmap/model.py, such as attribute_lag_seconds=5."""
        self.control.ask("POST", "settings", settings)

    def fault(self, kind: str, *, operation: str = "*", times: int | None = None, **arguments: Any) -> None:
        """Misbehave from now on, or for `times` calls, in one of the ways of lab/cloudmap/faults.py.

        Kinds: latency (seconds), refuse, cut, hang, error (status), throttle, denied, stale (seconds). `operation` is
        a pattern such as "Discover*". The first fault that fits is the one that a call meets. `refuse` is for
        everybody and until `clear`: nothing listens on the port, and open connections are cut.
        """
        self.control.ask("POST", "faults", {"operation": operation, "kind": kind, "times": times, **arguments})

    def clear(self) -> None:
        """End all faults."""
        self.control.ask("DELETE", "faults")

    def reset(self) -> None:
        """Forget every namespace, fault, setting and count. Its clock goes on, and so do revisions: they only rise."""
        self.control.ask("POST", "reset")

    def calls(self) -> dict[str, int]:
        """Return how many calls of each operation have arrived, whatever they met; DiscoverInstances and so on."""
        calls: dict[str, int] = self.control.ask("GET", "calls")
        return calls

    def reset_calls(self) -> None:
        """Count from nothing again."""
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
    """Run a registry until the block ends, or this process does.

    It binds to `host` and `port` (None: one that is free on loopback), and is reached by `name` (None: the host), which
    is what stands in its URL. `prefix` puts its process elsewhere, such as in a network namespace. It serves TLS where
    it is given a certificate. With `still` its clock moves only when it is told to, else with the time. Raises
    ChildError or TimeoutError, with the end of its log, if it does not start.
    """
    port = port or free_port()
    with tempfile.TemporaryDirectory(prefix="cloudmap-") as folder:  # a short path: a unix socket's has a limit
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
